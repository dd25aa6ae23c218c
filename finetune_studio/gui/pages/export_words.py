"""What the formats of an export are called and for, and what a verdict means. Knows no widget."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from finetune_studio.export.formats import BASE_FILE, USUAL_QUANT
from finetune_studio.export.verdict import reasons_of
from finetune_studio.gui.language import Words, tr

FORMS = {"adapter": ("adapter",), "merged": ("merged",), "gguf": ("gguf", "gguf-adapter")}
"""The engine's formats that each line writes."""
OFFERED = ("f16", "q8_0", "q6_k", "q5_k_m", "q4_k_m", "q4_0", "q3_k_m", "q2_k")
ALONE, BOTH = "adapter", "adapter-and-base"
"""Of GGUF: the adapter alone, for a base model that is there as GGUF already, or with it."""


def format_name(name: str) -> str:
    """What a format is called."""
    return {"adapter": tr("Adapter"), "merged": tr("Merged, 16-bit"), "gguf": "GGUF"}[name]


def format_detail(name: str) -> str:
    """What a format is for."""
    return {
        "adapter": tr("only what was learned, a few MB; used with the base model"),
        "merged": tr(
            "the base model with what was learned worked into it: one whole model, 16 bits for "
            "each weight, that loads anywhere"
        ),
        "gguf": tr("one smaller file for Ollama, LM Studio and llama.cpp"),
    }[name]


def apart_detail(quant: str) -> str:
    """What a GGUF adapter is for."""
    if quant == BOTH:
        return tr("what was learned as GGUF, and the base model as GGUF beside it")
    return tr("what was learned alone, as GGUF: for a base model that is there as GGUF already")


VERDICTS: dict[str, tuple[Words, str]] = {
    "green": (lambda: tr("says the same"), "ok"),
    "amber": (lambda: tr("nearly the same"), "warn"),
    "red": (lambda: tr("says something else"), "bad"),
}


def reason(verdict: dict[str, Any], place: int) -> str:
    """One reason of a verdict, in the language in use."""
    return reasons_of(verdict)[place]


def choice(export: Path, about: dict[str, Any]) -> str:
    """What an export of GGUF was asked for as, in the list of quantisations."""
    if about.get("format") == "gguf-adapter":
        return BOTH if (export / BASE_FILE).is_file() else ALONE
    return about["quant"] if about.get("quant") in OFFERED else USUAL_QUANT


def quants() -> Sequence[tuple[object, Words]]:
    """What the GGUF line offers, by its name in the engine."""
    named = [(name, name.upper()) for name in OFFERED]
    alone: tuple[object, Words] = (ALONE, lambda: tr("adapter alone"))
    both: tuple[object, Words] = (BOTH, lambda: tr("adapter and base"))
    return [*named, alone, both]
