"""The language of the window, switched while it runs. Knows which text is in which language.

Two contexts: `gui` is asked through `tr` here, `core` through finetune_studio/i18n.py. Text is said
by functions where it must follow a switch: `Text(lambda: tr("Loss"))`.
"""

import os
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from finetune_studio import i18n, korean, paths, qm
from finetune_studio.errors import StudioError
from finetune_studio.gui import qt_words
from finetune_studio.speech import VARIABLE

Code = Literal["ko", "en"]
Words = str | Callable[[], str]
CONTEXT = "gui"
NAMES: dict[Code, str] = {"ko": "한국어", "en": "English"}

_installed: list[QTranslator] = []
_made: dict[Code, bytes] = {}  # kept: Qt reads them where they lie
_more: dict[Code, bytes] = {}


def tr(text: str, count: int = -1) -> str:
    """The window's text in the language in use; `%n` is replaced by `count`, plural and all."""
    return QCoreApplication.translate(CONTEXT, text, None, count)


def say(words: Words) -> str:
    """The words as they are now."""
    return words() if callable(words) else words


def shaped(text: str) -> str:
    """A text that is whole now, with the particles that its words ask for."""
    return korean.joined(text) if current() == "ko" else text


def system_language() -> Code:
    """The first of the person's languages that there is; English where there is none."""
    for name in QLocale.system().uiLanguages():
        for code in NAMES:
            if name.split("-")[0].split("_")[0] == code:
                return code
    return "en"


def current() -> Code:
    """The language in use."""
    return "ko" if QLocale().language() == QLocale.Language.Korean else "en"


def use(choice: Literal["system", "ko", "en"]) -> None:
    """Switch the whole window; every widget gets a LanguageChange.

    Raises:
        StudioError: There are no translations; the language stays as it was.
    """
    code = system_language() if choice == "system" else choice
    words = _words(code)
    for old in _installed:
        QCoreApplication.removeTranslator(old)
    _installed.clear()
    QLocale.setDefault(QLocale(code))
    i18n.install(_core)
    os.environ[VARIABLE] = code  # what the engine's processes say is shown here
    qt = QTranslator()
    if qt.load(f"qtbase_{code}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        _install(qt)
    more = QTranslator()
    if more.load(_lacking(code)):
        _install(more)
    _install(words)


def _lacking(code: Code) -> bytes:
    """What Qt's own translations lack, as Qt reads it; kept, for Qt reads it where it lies."""
    if code not in _more:
        _more[code] = qm.compiled(code, qt_words.messages(code))
    return _more[code]


def folder() -> Path:
    """The folder of the translations: .ts files, and the .qm files that the build makes of them."""
    return paths.resources() / "i18n"


def _words(code: Code) -> QTranslator:
    """The window's texts in a language: as they were built, else made from their source."""
    words, source = QTranslator(), folder() / f"studio_{code}.ts"
    built = source.with_suffix(".qm")
    if _is_new(built, source) and words.load(str(built)):
        return words
    try:
        if code not in _made:
            _made[code] = qm.compiled(code, qm.read(source))
            _keep(_made[code], built)
    except (OSError, ET.ParseError) as error:
        raise StudioError(
            tr("The translations are missing."), str(error), tr("Install the program again.")
        ) from error
    words.load(_made[code])
    return words


def _keep(made: bytes, path: Path) -> None:
    """Keep what was made for the next start, where the folder can be written to."""
    with suppress(OSError), NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(made)
        file.close()
        Path(file.name).chmod(0o644)
        Path(file.name).replace(path)


def _is_new(built: Path, source: Path) -> bool:
    """Whether what was built is there, and newer than its source, which changes in a checkout."""
    if paths.in_checkout() and built.is_file() and source.is_file():
        return built.stat().st_mtime >= source.stat().st_mtime
    return built.is_file()


def _core(text: str) -> str:
    return QCoreApplication.translate(i18n.CONTEXT, text)


def _install(translator: QTranslator) -> None:
    QCoreApplication.installTranslator(translator)
    _installed.append(translator)  # Qt keeps no reference of its own
