"""Writes the Modelfile beside a GGUF file, with a template that is proven, or says why not."""

from pathlib import Path
from typing import Any

from finetune_studio.catalog.local import context_length
from finetune_studio.catalog.refusals import read_config
from finetune_studio.engine.tuned import Tuned
from finetune_studio.export.gguf_header import begins_texts, read_header
from finetune_studio.export.ollama import (
    NOTES,
    Messages,
    NoTemplateError,
    derive,
    modelfile,
)
from finetune_studio.i18n import tr
from finetune_studio.tokens.templates import render

NAME = "Modelfile"
DATED = "strftime_now"  # what a template that writes today's date calls


def write_modelfile(tuned: Tuned, file: Path, adapter: str = "") -> dict[str, Any]:
    """Write `Modelfile` for a GGUF file into its folder.

    Args:
        tuned: The finished run.
        file: The GGUF file of a whole model.
        adapter: The name of the GGUF adapter beside it that is put on it; empty for none.

    Returns:
        `written`, and `notes`: where it differs, or why there is none.
    """
    try:
        template, notes = _template(tuned, file)
        text = modelfile(
            file.name,
            template,
            stops=_stops(tuned),
            context=context_length(read_config(tuned.source)),
            system=getattr(tuned.recipe.task, "system", ""),
            adapter=adapter,
        )
    except NoTemplateError as error:
        return {"written": False, "notes": [str(error)]}
    (file.parent / NAME).write_text(text, encoding="utf-8")
    return {"written": True, "notes": notes}


def _stops(tuned: Tuned) -> list[str]:
    """The texts at which an answer ends."""
    named = (tuned.tokenizer.token(each) for each in sorted(tuned.tokenizer.eos_ids))
    return [each for each in named if each]


def _template(tuned: Tuned, file: Path) -> tuple[str, list[str]]:
    """The Go template, empty where the model goes on with a text, and what is to be known of it."""
    template = tuned.template
    if template is None:
        return "", []

    def as_trained(messages: Messages, begins: bool) -> str:
        return render(template, messages, tokenizer=tuned.tokenizer, add_generation_prompt=begins)

    start = tuned.tokenizer.named.get("bos_token", "")
    found = derive(as_trained, start if begins_texts(read_header(file)) else "")
    notes = [tr(NOTES[each]) for each in found.notes]
    if DATED in template:
        notes.append(tr("The model's template writes today's date; here it stays as it was."))
    return found.template, notes
