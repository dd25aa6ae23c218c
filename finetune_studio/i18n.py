"""Marks core text for translation without knowing Qt.

The window installs a translator; without one, text stays English. Text is marked where it stands:
`tr("The file is empty.")`, and values are filled in afterwards: `tr("{n} rows").format(n=3)`.
The first start speaks too, where Python's own library is all there is.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import override as override
else:

    def override(method: Any) -> Any:
        """What typing has from Python 3.12 on."""
        return method


CONTEXT = "core"

_translate: Callable[[str], str] | None = None
_here: ContextVar[Callable[[str], str] | None] = ContextVar("_here", default=None)
_sources_kept = False
_kept_here: ContextVar[bool] = ContextVar("kept_here", default=False)


class Told(str):
    """A text in the language in use that still knows its English and what was filled in.

    What is stored of it can so be told again in another language.
    """

    __slots__ = ("english", "values")

    english: str
    values: dict[str, object]

    @classmethod
    def of(cls, text: str, english: str, values: dict[str, object]) -> "Told":
        """The text `text`, which is `english` with `values` filled in."""
        made = cls(text)
        made.english, made.values = english, values
        return made

    @override
    def format(self, *args: object, **values: object) -> str:
        """Fill in values, which are remembered."""
        text = str.format(self, *args, **values)
        return text if args else Told.of(text, self.english, values)

    def source(self) -> dict[str, Any]:
        """`{"text", "values"}` in JSON's types; a value that was told, too, is such a pair."""
        return {"text": self.english, "values": {k: _plain(v) for k, v in self.values.items()}}


def tr(text: str) -> str:
    """Return the text in the language in use; English where no translator is installed."""
    translate = _here.get() or _translate
    said = text if translate is None else translate(text)
    return Told.of(said, text, {}) if _sources_kept or _kept_here.get() else said


@contextmanager
def translated(translate: Callable[[str], str]) -> Iterator[None]:
    """Meanwhile, here and in no other thread, `tr` answers by this."""
    token = _here.set(translate)
    try:
        yield
    finally:
        _here.reset(token)


def told(text: str) -> Told:
    """A marked text in the language in use that knows its English."""
    return Told.of(str(tr(text)), text, {})


def keep_sources() -> None:
    """Let `tr` give texts that know their English from now on: a trainer, whose errors are kept."""
    global _sources_kept
    _sources_kept = True


@contextmanager
def sources_kept() -> Iterator[None]:
    """While it is entered, `tr` gives texts that know their English, in this thread alone."""
    before = _kept_here.set(True)
    try:
        yield
    finally:
        _kept_here.reset(before)


def sources_of(parts: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The English of those texts that know theirs, by the same names, to be kept beside them."""
    return {name: part.source() for name, part in parts.items() if isinstance(part, Told)}


def told_again(text: str, source: object) -> str:
    """A stored text in the language in use.

    Args:
        text: As it was told then.
        source: What `Told.source` gave; where it is anything else, the text stays as it is.
    """
    if not isinstance(source, Mapping) or not isinstance(source.get("text"), str):
        return text
    values = source.get("values")
    filled = {
        str(name): told_again(str(value.get("text")), value) if _is_source(value) else value
        for name, value in (values.items() if isinstance(values, Mapping) else ())
    }
    try:
        return tr(source["text"]).format(**filled)
    except (AttributeError, KeyError, IndexError, ValueError, TypeError):
        return text


def revived(text: str, source: object) -> str:
    """A text that came from another process with its `source`: it knows its English again.

    Args:
        text: As it was told there.
        source: What `Told.source` gave; where it is anything else, the text stays as it is.
    """
    if not _is_source(source) or not isinstance(source, Mapping):
        return text
    values = source.get("values")
    filled = {
        str(name): revived(value["text"], value) if _is_source(value) else value
        for name, value in (values.items() if isinstance(values, Mapping) else ())
    }
    return Told.of(text, source["text"], filled)


def _is_source(value: object) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("text"), str)


def _plain(value: object) -> object:
    if isinstance(value, Told):
        return value.source()
    return value if value is None or isinstance(value, int | float) else str(value)


def mark(text: str) -> str:
    """Mark text that is stored now and translated when it is shown."""
    return text


def install(translate: Callable[[str], str] | None) -> None:
    """Install the translator that `tr` asks (None: English)."""
    global _translate
    _translate = translate
