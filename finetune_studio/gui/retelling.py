"""Says again, in the language in use, what was told in another: errors, and how far work is.

A text knows its English where it came from the engine's processes, or was made within
`i18n.sources_kept`. Knows no widget.
"""

from collections.abc import Mapping
from typing import Any

from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.gui.language import Words
from finetune_studio.i18n import Told, revived, told_again


def again(text: str) -> str:
    """A text in the language in use; as it is where its English is not known."""
    return told_again(text, text.source()) if isinstance(text, Told) else text


def words_of(error: StudioError) -> tuple[Words, Words]:
    """What happened, and why with what to do about it, each in the language of whoever asks."""
    rest = [part for part in (error.detail, error.hint) if part]
    return lambda: again(error.title), (lambda: " ".join(map(again, rest))) if rest else ""


def as_error(told: Mapping[str, Any]) -> StudioError:
    """The error that an engine's process told in JSON; it knows its English."""
    sources = told.get("sources")
    known = sources if isinstance(sources, Mapping) else {}
    names = ("title", "detail", "hint")
    return RefusedError(*(revived(str(told.get(name, "")), known.get(name)) for name in names))
