"""An evaluation as a page of its own: one HTML file without scripts, light or dark, to be printed.

Speaks the language that `i18n.tr` speaks. What the models said stands in it as text, never as HTML.
"""

import time
from pathlib import Path
from typing import Any

from finetune_studio import __version__, paths
from finetune_studio.evaluation import metrics, summary
from finetune_studio.evaluation.result import Classes, Evaluation, Guesses
from finetune_studio.i18n import tr

CARDS = 3
FIRST = {
    "chat": ("loss", "chrf", "rouge_l"),
    "text": ("loss", "token_accuracy", "perplexity"),
    "classify": ("accuracy", "macro_f1", "loss"),
}
"""The most telling metrics of each task."""
WIDE, HIGH = 180, 100  # of the drawing of the confidence
Part = dict[str, Any]


def html(found: Evaluation, language: str) -> str:
    """The page's text."""
    import jinja2

    file = paths.resources() / "report" / "evaluation.html.jinja"
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(file.read_text(encoding="utf-8"))
    parts = [_figures(found), _classes(found), _forgetting(found), _answers(found)]
    parts += [_contamination(found), _harness(found), _method(found)]
    return template.render(
        language=language,
        title=f"{found.run or found.model}: {tr('evaluation')}",
        headline=summary.headline(found),
        sentence=summary.measured_on(found),
        about=_about(found),
        cards=[_card(found, name) for name in FIRST[found.task] if name in found.base][:CARDS],
        parts=[{"texts": [], "table": None, "grids": [], "answers": []} | e for e in parts if e],
        foot=tr("Made by Finetune Studio {version} on this machine.").format(version=__version__),
    )


def _about(found: Evaluation) -> str:
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(found.made))
    seconds = tr("{seconds:,.0f} s on {device}").format(seconds=found.seconds, device=found.device)
    known = [found.run, Path(found.model).name, found.method, found.task, made, seconds]
    return " · ".join(each for each in known if each)


def _card(found: Evaluation, name: str) -> Part:
    base, tuned, change, between = summary.figures(found, name)
    moved = found.changes[name]
    good = metrics.better(name, moved.value)
    tone, sign = ("ok", "✓") if good else ("bad", "✕")
    if not moved.sure:
        tone, sign = "warn", "≈"
    told = (
        tr("95 % of the time between {between}") if moved.sure else tr("may be chance: {between}")
    )
    return {
        "name": metrics.name_of(name),
        "base": base,
        "tuned": tuned,
        "change": change,
        "tone": tone,
        "mark": sign,
        "range": told.format(between=between),
    }


def _figures(found: Evaluation) -> Part:
    head = [tr("metric"), tr("base"), tr("tuned"), tr("change"), tr("95 % interval")]
    rows = [[metrics.name_of(name), *summary.figures(found, name)] for name in found.base]
    texts = [f"{metrics.name_of(n)}: {tr(metrics.EXPLAINED[n])}" for n in found.base]
    return {"title": tr("Figures"), "table": {"head": head, "rows": rows}, "texts": texts}


def _classes(found: Evaluation) -> Part | None:
    kept = found.classes
    if kept is None:
        return None
    note = tr(
        "Rows are what is true, columns what was guessed. The base model has no head for these"
        " labels, so its guesses are chance; always saying the most frequent one would be right in"
        " {share:.0%}."
    )
    return {
        "title": tr("Guesses"),
        "texts": [note.format(share=kept.majority)],
        "grids": [_grid(kept, kept.base, False), _grid(kept, kept.tuned, True)],
    }


def _grid(kept: Classes, guesses: Guesses, tuned: bool) -> Part:
    rows = [
        [{"rows": n, "share": round(100 * n / max(1, sum(row)) * 0.7)} for n in row]
        for row in guesses.confusion
    ]
    error = tr("Confidence and accuracy differ by {error:.1%} on average.")
    return {
        "name": tr("Tuned model") if tuned else tr("Base model"),
        "tuned": tuned,
        "labels": kept.labels,
        "rows": rows,
        "note": error.format(error=guesses.calibration_error),
        "chart": tr("Accuracy (upwards, %) of guesses by their confidence (to the right, %)"),
        "bars": [_bar(n, each) for n, each in enumerate(guesses.bins) if each.rows],
    }


def _bar(number: int, each: Any) -> Part:
    title = tr("{rows:,} guesses: confidence {confidence:.0%}, right {accuracy:.0%}")
    return {
        "x": 31.5 + number * WIDE / 10,
        "y": 110 - each.accuracy * HIGH,
        "height": each.accuracy * HIGH,
        "title": title.format(rows=each.rows, confidence=each.confidence, accuracy=each.accuracy),
    }


def _forgetting(found: Evaluation) -> Part:
    kept = found.forgetting
    part: Part = {"title": tr("What it knew before"), "texts": [summary.forgotten(kept)]}
    if kept.verdict is None:
        return part
    texts = tr(
        "The base model and the tuned one finish the same general sentences and read the same short"
        " texts, in Korean and in English, as plain text. The right end of a sentence competes"
        " with three wrong ones."
    )
    head = [tr("probe"), tr("base"), tr("tuned"), tr("change"), tr("95 % interval")]
    rows = []
    for name, words in summary.PROBE.items():
        like = "accuracy" if name.startswith("accuracy") else "perplexity"
        change = kept.changes[name]
        told = [metrics.change_of(like, each) for each in (change.value, change.low, change.high)]
        values = [metrics.value_of(like, each[name]) for each in (kept.base, kept.tuned)]
        rows.append([tr(words), *values, told[0], f"{told[1]} … {told[2]}"])
    return part | {"texts": [*part["texts"], texts], "table": {"head": head, "rows": rows}}


def _answers(found: Evaluation) -> Part | None:
    if not found.answers:
        return None
    labels = {
        "reference_label": tr("Reference"),
        "base_label": tr("Base model"),
        "tuned_label": tr("Tuned model"),
    }
    nothing = tr("(it said nothing)")
    return {
        "title": tr("Answers side by side"),
        "answers": [
            labels
            | {
                "prompt": each.prompt,
                "reference": each.reference,
                "base": each.base or nothing,
                "tuned": each.tuned or nothing,
            }
            for each in found.answers
        ],
    }


def _contamination(found: Evaluation) -> Part:
    kept = found.contamination
    part: Part = {"title": tr("Were they really unseen?"), "texts": [summary.leaked(kept)]}
    if kept.base:
        head = [tr("without those rows"), tr("base"), tr("tuned")]
        rows = [
            [
                metrics.name_of(name),
                metrics.value_of(name, kept.base[name]),
                metrics.value_of(name, kept.tuned[name]),
            ]
            for name in kept.base
        ]
        part["table"] = {"head": head, "rows": rows}
    return part


def _harness(found: Evaluation) -> Part | None:
    if not found.harness:
        return None
    tuned = found.harness.get("tuned", {})
    rows = [
        [f"{task} · {name}", f"{found.harness['base'].get(task, {}).get(name, 0):.4g}", f"{v:.4g}"]
        for task, figures in tuned.items()
        for name, v in figures.items()
    ]
    head = [tr("task"), tr("base"), tr("tuned")]
    return {"title": "lm-evaluation-harness", "table": {"head": head, "rows": rows}}


def _method(found: Evaluation) -> Part:
    return {
        "title": tr("How it was measured"),
        "texts": [
            tr(
                "Both models got the same rows, prepared as in training. Intervals are paired"
                " bootstraps over rows, 1,000 draws with the seed {seed}: had other rows of this"
                " kind been kept aside, 95 of 100 changes would lie within."
            ).format(seed=found.seed),
            tr(
                "Answers are greedy. They are compared in Unicode normal form C; for ROUGE-L each"
                " Hangul syllable is a word, because particles stick to nouns and the usual"
                " splitter drops Hangul altogether."
            ),
        ],
    }
