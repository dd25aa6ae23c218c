"""The model card: everything a reader must know of a published model, in Korean or English.

The texts stand in resources/cards; the YAML header is made by the Hub's own library. llama.cpp
reads the header when it converts, so a card is written before.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from finetune_studio import paths, speech
from finetune_studio.export.facts import Facts, gather, read_json
from finetune_studio.export.loading import python_code, quantised_of
from finetune_studio.export.verdict import kept
from finetune_studio.recipe.methods import Full, Qlora
from finetune_studio.runs.folder import RunFolder

CARD = "README.md"
ON_THE_HUB = {
    *("apache-2.0", "mit", "llama3", "llama3.1", "llama3.2", "llama3.3", "gemma", "cc0-1.0"),
    *("cc-by-3.0", "cc-by-sa-3.0", "cc-by-nc-3.0", "cc-by-nc-sa-3.0", "cc-by-nc-nd-3.0"),
    *("cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0"),
    *("cc-by-nc-nd-4.0", "unknown"),
}
"""Licences that the Hub knows by our keys. Source: its documentation, Licenses."""
CALLED_THERE = {"odbl-1.0": "odbl", "odc-by-1.0": "odc-by"}
LIBRARIES = {"adapter": "peft", "merged": "transformers", "gguf": "gguf", "gguf-adapter": "gguf"}
METRICS = {
    "accuracy": "accuracy",
    "macro_f1": "f1",
    "perplexity": "perplexity",
    "chrf": "chrf",
    "rouge_l": "rouge",
    "exact_match": "exact_match",
}
"""Our metrics by the names that the Hub has for them."""
IN_USE = (
    *("device", "processes", "precision", "optimizer", "rows", "validation_rows"),
    *("parameters", "trainable_parameters"),
)
PARITY = ("verdict", "token_ids_equal", "greedy_match", "mean_kl", "reasons")
SHOWN = ("loss", "perplexity", "token_accuracy", *METRICS)


@dataclass(frozen=True)
class Export:
    """What the card is about.

    Attributes:
        form: `adapter`, `merged`, `gguf` or `gguf-adapter`.
        files: The names of the GGUF files; empty for the other formats.
        about: What `studio.json` says.
        parity: What `verify` found; empty where it was not run.
        repo: Where it goes on the Hub; empty while that is open.
    """

    form: str
    files: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)
    parity: Mapping[str, Any] = field(default_factory=dict)
    repo: str = ""

    @property
    def is_adapter(self) -> bool:
        """Whether a base model is needed beside it."""
        return self.form.endswith("adapter")


def write_card(
    folder: Path,
    run: RunFolder,
    form: str,
    files: Sequence[str] = (),
) -> None:
    """Write README.md in the language spoken into the folder of an export, before it becomes GGUF.

    Args:
        folder: The export, or what is to be converted; its `studio.json` and verdict are read where
            there are.
        run: The run it came from.
        form: `adapter`, `merged`, `gguf` or `gguf-adapter`.
        files: The names that the GGUF files will have.

    Raises:
        RefusedError: The run's recipe cannot be read.
        OSError: It cannot be written.
    """
    language = speech.language()
    about, parity = read_json(folder / "studio.json"), kept(folder, language)
    text = card(gather(run), Export(form, tuple(files), about, parity), language)
    (folder / CARD).write_text(text, encoding="utf-8")


def card(facts: Facts, export: Export, language: str = "en") -> str:
    """The whole card: YAML header and text."""
    import jinja2

    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(paths.resources() / "cards"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )
    templates.filters.update(cell=_cell, figure=_figure, quoted=_quoted)
    text = templates.get_template(f"{language}.md.jinja").render(**_words(facts, export, language))
    return f"---\n{header(facts, export).to_yaml()}\n---\n\n{text.strip()}\n"


def header(facts: Facts, export: Export) -> Any:
    """The card's metadata, as the Hub's library checks it."""
    from huggingface_hub import ModelCardData

    classifies = facts.recipe.task.kind == "classify"
    relation = "adapter" if export.is_adapter else "finetune"
    base = {"base_model": facts.base.name, "base_model_relation": relation}
    return ModelCardData(
        language=list(facts.languages) or None,
        library_name=LIBRARIES[export.form],
        pipeline_tag="text-classification" if classifies else "text-generation",
        tags=_tags(facts, export),
        datasets=list(facts.datasets) or None,
        metrics=[METRICS[name] for name in facts.after if name in METRICS] or None,
        model_name=facts.name,
        eval_results=_results(facts, "text-classification" if classifies else "text-generation"),
        **(base if facts.base.hub else {}),
        **_licence(facts),
    )


def _licence(facts: Facts) -> dict[str, str]:
    key = facts.licences.result
    found = facts.licences.data if key == facts.licences.data.key else facts.licences.model
    if key in ON_THE_HUB or key in CALLED_THERE:
        return {"license": CALLED_THERE.get(key, key)}
    about = {"license": "other", "license_name": re.sub(r"[^a-z0-9.-]+", "-", key.casefold())}
    return about | ({"license_link": found.link} if found.link else {})


def _tags(facts: Facts, export: Export) -> list[str]:
    found = ["finetune-studio", facts.recipe.method.kind]
    if facts.recipe.task.kind == "chat":
        found.append("conversational")
    return [*found, *(["gguf"] if "gguf" in export.form else [])]


def _results(facts: Facts, task: str) -> Any:
    from huggingface_hub import EvalResult

    named = ", ".join(facts.data) or "held-out rows"
    found = [
        EvalResult(
            task_type=task,
            dataset_type=facts.datasets[0] if facts.datasets else "private",
            dataset_name=named,
            metric_type=METRICS.get(name, name),
            metric_name=name,
            metric_value=round(value, 6),
        )
        for name, value in facts.after.items()
        if name in SHOWN
    ]
    return found or None


def _words(facts: Facts, export: Export, language: str) -> dict[str, Any]:
    """What the templates are filled with."""
    names = [name for name in SHOWN if name in facts.after]
    return {
        "facts": facts,
        "export": export,
        "recipe": facts.recipe,
        "full": isinstance(facts.recipe.method, Full),
        "quantised": isinstance(facts.recipe.method, Qlora),
        "labels": tuple(export.about.get("labels") or ()),
        "way": export.about.get("way", ""),
        "results": [(name, facts.before.get(name), facts.after[name]) for name in names],
        "forgetting": _forgotten(facts.evaluation.get("forgetting")),
        "in_use": {name: facts.in_use.get(name) for name in IN_USE},
        "parity": {name: export.parity.get(name) for name in PARITY},
        "licences": [
            (facts.licences.model, facts.licences.model.said(language)),
            (facts.licences.data, facts.licences.data.said(language)),
        ],
        "hours": facts.seconds / 3600,
        "device": str(facts.in_use.get("device") or ""),
        "code": _code(facts, export),
    }


def _code(facts: Facts, export: Export) -> str:
    place = export.repo or "path/to/this/folder"
    if "gguf" in export.form:
        place = export.files[0] if export.files else "model.gguf"
    return python_code(
        export.form,
        facts.recipe.task.kind,
        place,
        base="" if facts.base.hub or not export.is_adapter else f"path/to/{facts.base.name}",
        labels=tuple(export.about.get("labels") or ()),
        quantised=quantised_of(facts.recipe.method) if export.is_adapter else None,
        system=getattr(facts.recipe.task, "system", ""),
    )


def _forgotten(found: object) -> list[tuple[str, Any, Any]]:
    """Each figure of the forgetting probe, before and after; empty where it was not measured."""
    if not isinstance(found, Mapping):
        return []
    before, after = found.get("base"), found.get("tuned")
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return []
    return [(str(name), before.get(name), value) for name, value in after.items()]


def _cell(text: object) -> str:
    """Text in one cell of a table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def _quoted(text: str) -> str:
    """Text of a model or a person as a quotation, which can be no other Markdown."""
    lines = text.strip()[:500].splitlines() or ["…"]
    return "\n".join(f">     {line}" for line in lines)


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
