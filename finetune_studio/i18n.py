"""Marks core text for translation without knowing Qt.

The window installs a translator; without one, text stays English. Text is marked where it stands:
`tr("The file is empty.")`, and values are filled in afterwards: `tr("{n} rows").format(n=3)`.
"""

from collections.abc import Callable

CONTEXT = "core"

_translate: Callable[[str], str] | None = None


def tr(text: str) -> str:
    """Return the text in the language in use; English where no translator is installed."""
    return text if _translate is None else _translate(text)


def mark(text: str) -> str:
    """Mark text that is stored now and translated when it is shown."""
    return text


def install(translate: Callable[[str], str] | None) -> None:
    """Install the translator that `tr` asks (None: English)."""
    global _translate
    _translate = translate
