"""What is known of a model, point by point, and what of it is small print. Knows no widget."""

from collections.abc import Iterator
from dataclasses import dataclass

from finetune_studio.catalog.entries import Entry
from finetune_studio.catalog.resolve import DEMO
from finetune_studio.gui import amounts
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.pages import model_words as words
from finetune_studio.gui.pages.model_rows import Row


@dataclass(frozen=True)
class Fact:
    """One point.

    Attributes:
        glyph: The icon before it.
        words: What is so.
        tone: The icon's colour.
        fine: Whether it is small print, shown on demand.
    """

    glyph: str
    words: Words
    tone: str = "text2"
    fine: bool = False


def facts(shown: Row) -> list[Fact]:
    """What is known of a model, the most telling first."""
    return [*_size(shown), *_words(shown.entry, shown.korean), *_gate(shown), *_limits(shown)]


def _size(shown: Row) -> Iterator[Fact]:
    if shown.parameters:
        count = amounts.parameters(shown.parameters)
        vision = shown.entry.vision_parameters if shown.entry else 0
        yield Fact("layers", lambda: _parameters(count, vision))
    if shown.context:
        tokens = amounts.whole(shown.context)
        yield Fact("file-text", lambda: tr("Reads {n} tokens").format(n=tokens))


def _parameters(count: str, vision: int) -> str:
    text = tr("{count} parameters").format(count=count)
    if vision:
        more = amounts.parameters(vision)
        text += tr(", and {more} for images").format(more=more)
    return text


def _words(entry: Entry | None, level: str) -> Iterator[Fact]:
    if entry is None:
        return
    adapted, name = bool(entry.korean.adapted), entry.tokenizer
    yield Fact("globe", lambda: words.korean_long(level, adapted=adapted))
    yield Fact("terminal", lambda: tr("Tokenizer: {name}").format(name=name), fine=True)


def _gate(shown: Row) -> Iterator[Fact]:
    if shown.source == DEMO:
        return  # it is in the program
    if shown.gated == "yes":
        yield Fact("lock", lambda: tr("Its maker lets people in one by one"), "warn")
    elif shown.gated == "no":
        yield Fact("check", lambda: tr("Can be downloaded without signing in"), fine=True)
    elif shown.entry:
        yield Fact("lock", lambda: tr("Whether it asks for permission is not known"), fine=True)


def _limits(shown: Row) -> Iterator[Fact]:
    if shown.limits:
        yield Fact("triangle-alert", lambda: " ".join(shown.limits), "warn", fine=True)
