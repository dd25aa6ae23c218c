"""Marks core text for translation without knowing Qt.

The window installs a translator; without one, text stays English. Text is marked where it stands:
`tr("The file is empty.")`, and values are filled in afterwards: `tr("{n} rows").format(n=3)`.
The first start speaks too, where Python's own library is all there is.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import override
else:

    def override(method: Any) -> Any:
        """What typing has from Python 3.12 on."""
        return method


CONTEXT = "core"

_translate: Callable[[str], str] | None = None
_sources_kept = False


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
    said = text if _translate is None else _translate(text)
    return Told.of(said, text, {}) if _sources_kept else said


def told(text: str) -> Told:
    """A marked text in the language in use that knows its English."""
    return Told.of(str(tr(text)), text, {})


def keep_sources() -> None:
    """Let `tr` give texts that know their English from now on: a trainer, whose errors are kept."""
    global _sources_kept
    _sources_kept = True


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
