"""The language of the window, switched while it runs. Knows which text is in which language.

Two contexts: `gui` is asked through `tr` here, `core` through finetune_studio/i18n.py. Text is said
by functions where it must follow a switch: `Text(lambda: tr("Loss"))`.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from finetune_studio import i18n, paths
from finetune_studio.errors import StudioError
from finetune_studio.speech import VARIABLE

Code = Literal["ko", "en"]
Words = str | Callable[[], str]
CONTEXT = "gui"
NAMES: dict[Code, str] = {"ko": "한국어", "en": "English"}

_installed: list[QTranslator] = []


def tr(text: str, count: int = -1) -> str:
    """The window's text in the language in use; `%n` is replaced by `count`, plural and all."""
    return QCoreApplication.translate(CONTEXT, text, None, count)


def say(words: Words) -> str:
    """The words as they are now."""
    return words() if callable(words) else words


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
        StudioError: The translations were not built.
    """
    code = system_language() if choice == "system" else choice
    for old in _installed:
        QCoreApplication.removeTranslator(old)
    _installed.clear()
    QLocale.setDefault(QLocale(code))
    i18n.install(_core)
    os.environ[VARIABLE] = code  # what the engine's processes say is shown here
    _install("qtbase", code, Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)))
    if not _install("studio", code, compiled()):
        raise StudioError(
            "The translations are missing.",
            f"There is no studio_{code}.qm in {compiled()}.",
            "Install the program again; in a checkout, run `python packaging/translations.py`.",
        )


def compiled() -> Path:
    """The folder of the .qm files, which the build makes from the .ts files."""
    return paths.resources() / "i18n"


def _core(text: str) -> str:
    return QCoreApplication.translate(i18n.CONTEXT, text)


def _install(name: str, code: Code, folder: Path) -> bool:
    translator = QTranslator()
    if not translator.load(f"{name}_{code}", str(folder)):
        return False
    QCoreApplication.installTranslator(translator)
    _installed.append(translator)  # Qt keeps no reference of its own
    return True
