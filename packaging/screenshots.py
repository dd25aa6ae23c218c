"""Makes the pictures of the window: every page, both languages, light and dark.

python packaging/screenshots.py OUT [--page KEY …] [--language ko en] [--theme light dark]
    [--size 1360x860] [--scale 1.5] [--model FOLDER] [--home HOME]

What is shown is real: the demo is trained first, unless HOME holds a trained one already. Without a
screen Qt's `offscreen` platform paints; under Xvfb (`xvfb-run`, QT_QPA_PLATFORM=xcb) X does.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "packaging")]

if TYPE_CHECKING:
    from finetune_studio.gui.main_window import MainWindow

SETTLES = 1.2  # seconds in which what is read and reckoned for a page arrives
TRAINS = 600  # seconds that the demo may take


def main() -> None:
    """Train what is to be shown, then show it."""
    asked = _parser().parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ["QT_SCALE_FACTOR"] = str(asked.scale)
    with tempfile.TemporaryDirectory(prefix="studio-shots-") as place:
        os.environ["FINETUNE_STUDIO_HOME"] = str(asked.home or place)
        asked.out.mkdir(parents=True, exist_ok=True)
        for path in shoot(asked):
            print(path)


def shoot(asked: argparse.Namespace) -> list[Path]:
    """Every picture that was asked for."""
    import translations
    from PySide6.QtWidgets import QApplication

    from finetune_studio.gui import language
    from finetune_studio.gui.main_window import MainWindow
    from finetune_studio.gui.preferred import Preferred
    from finetune_studio.gui.theme import theme
    from finetune_studio.preferences import load

    translations.release()
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    theme.start(app, "light")
    language.use("en")
    window = MainWindow(Preferred(load().preferences))
    window.resize(*(int(part) for part in asked.size.split("x")))
    window.show()
    _ready(window, asked.model)
    made = [
        picture
        for code in asked.language
        for mode in asked.theme
        for picture in _pages(window, asked, code, mode)
    ]
    window.close()
    return made


def _ready(window: "MainWindow", model: str) -> None:
    """Open the demo, trained."""
    if window.preferred.value.recent:
        window.open_path(window.preferred.value.recent[0])
    else:
        window.try_demo(model)
    _wait(lambda: window.project is not None and window.project.watch.run is not None)
    _wait(lambda: window.project is not None and not window.project.watch.alive)


def _pages(window: "MainWindow", asked: argparse.Namespace, code: str, mode: str) -> list[Path]:
    from finetune_studio.gui.steps import STEPS
    from finetune_studio.gui.turns import turns_of

    window.appearance.use_language(code)
    window.appearance.use_theme(mode)
    made = []
    steps = [each.key for each in STEPS]
    for key in asked.page or [*steps, *window.places, "start"]:
        if key in steps:
            if window.wizard is None:
                window.open_path(window.preferred.value.recent[0])
            window.wizard.go(key)
        elif key == "start":
            window.show_start()
        else:
            window.show_place(key)
        _pause(SETTLES)
        _wait(lambda: not (window.jobs.busy or turns_of(window).busy))
        _pause(0.3)
        path = asked.out / f"{key}-{mode}-{code}.png"
        window.grab().save(str(path))
        if key not in steps and key != "start":
            window.leave_place()
        made.append(path)
    return made


def _wait(done: Callable[[], bool]) -> None:
    until = time.monotonic() + TRAINS
    while not done():
        if time.monotonic() > until:
            raise SystemExit("The demo did not end in time.")
        _pause(0.1)


def _pause(seconds: float) -> None:
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--page", nargs="+", default=[])
    parser.add_argument("--language", nargs="+", default=["ko", "en"], choices=["ko", "en"])
    parser.add_argument("--theme", nargs="+", default=["light", "dark"], choices=["light", "dark"])
    parser.add_argument("--size", default="1360x860")
    parser.add_argument("--scale", default="1")
    parser.add_argument("--model", default="", help="instead of the embedded model: a folder")
    parser.add_argument("--home", type=Path, help="where the trained demo is kept")
    return parser


if __name__ == "__main__":
    main()
