"""The language of what is said without a window, by commands and by the engine. Knows no Qt.

`FINETUNE_STUDIO_LANGUAGE` names it, `ko` or `en`; the window sets it for its children. Without it
the system's language counts, and English where that is neither.
"""

import functools
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from finetune_studio import i18n, korean, paths
from finetune_studio.i18n import override

VARIABLE = "FINETUNE_STUDIO_LANGUAGE"
CODES = ("ko", "en")
LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
"""POSIX: the first that is set decides."""


def language(environment: Mapping[str, str] = os.environ) -> str:
    """The code of the language to speak."""
    chosen = environment.get(VARIABLE, "")
    system = next((environment[name] for name in LOCALE if environment.get(name)), "")
    for name in (chosen, system):
        if name[:2].lower() in CODES:
            return name[:2].lower()
    return "en"


def speak(code: str) -> None:
    """Let `i18n.tr` answer in a language, whose texts are read once one is asked for.

    Args:
        code: `ko` or `en`.
    """
    i18n.install(None if code == "en" else _translator(code))


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Meanwhile, here and in no other thread, speak another language: that of a document."""
    with i18n.translated(str if code == "en" else _translator(code)):
        yield


class Spoken(str):
    """A Korean text whose particles are chosen once it is known what they follow."""

    __slots__ = ()

    @override
    def format(self, *args: object, **values: object) -> str:
        """Fill in values, and leave one of two particles behind each."""
        return korean.joined(str.format(self, *args, **values))

    @override
    def __mod__(self, values: object) -> str:
        """The same by the signs that argparse uses."""
        return korean.joined(str.__mod__(self, values))


def _translator(code: str) -> Callable[[str], str]:
    said = Spoken if code == "ko" else str
    return lambda text: said(_words(code).get(text, text))


@functools.cache
def _words(code: str) -> dict[str, str]:
    """The core's texts in a language, by their English."""
    from finetune_studio import qm

    texts = qm.read(paths.resources() / "i18n" / f"studio_{code}.ts")
    return {
        each.source: each.forms[0]
        for each in texts
        if each.context == i18n.CONTEXT and each.forms[0]
    }
