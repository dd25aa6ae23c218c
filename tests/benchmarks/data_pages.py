"""The pages of data and tokens on many rows: the longest stalls of the window while they work.

python -m tests.benchmarks.data_pages [--data FILE] [--task classify] [--model FOLDER]

The rows are read, looked at one by one, mended, taken back, tokenised and counted, while a timer of
5 ms tells how late it comes. An idle window stands beside it. The cache begins empty.
"""

import argparse
import os
import tempfile
import time
from typing import TYPE_CHECKING

from tests.benchmarks.window import beats, memory, told

if TYPE_CHECKING:
    from finetune_studio.gui.main_window import MainWindow

ROWS = 678_134
FAULTS = (
    " <br/>",
    " 문의는 someone@example.com",
    " 보이지\u200b않는",
    " it was the best film of the year",
)


def main() -> None:
    """Print the stalls of every stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="")
    parser.add_argument("--task", default="classify", choices=("chat", "text", "classify"))
    parser.add_argument("--model", default="demo")
    asked = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ["FINETUNE_STUDIO_HOME"] = home
        data = asked.data or write_reviews(home, ROWS)
        watched(data, asked.task, asked.model)


def watched(data: str, task: str, model: str) -> None:
    """One window, from the choice of the file to the last figure of the tokens."""
    from PySide6.QtWidgets import QApplication

    from finetune_studio.gui import language
    from finetune_studio.gui.main_window import MainWindow
    from finetune_studio.gui.preferred import Preferred
    from finetune_studio.gui.theme import theme
    from finetune_studio.preferences import Preferences

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.start(app, "light")
    language.use("en")
    window = MainWindow(Preferred(Preferences()))
    window.show()
    window.new_project()
    assert window.project is not None
    assert window.wizard is not None
    window.wizard.go("dataset")
    page = window.wizard.page("dataset")
    _stage(window, "idle", lambda: None)
    session = window.project.session
    session.change({"model.source": model, "task.kind": task})
    _stage(window, "opened, counted and looked at", lambda: page.use([data]))
    facts = window.project.facts
    assert facts.data is not None
    print(f"  {facts.data.rows:,} rows; {[(e.code, e.count) for e in facts.quality.findings()]}")
    found = facts.quality.findings()
    if found:
        _stage(window, f"mended: {found[0].code}", lambda: page.quality._mend(found[0]))
        _stage(window, "taken back", lambda: page.quality._take_back(found[0].code))
    _stage(window, "tokens, lengths, comparison", lambda: window.wizard.go("tokenizer"))
    _stage(window, "a hundred rows, one after another", lambda: _leaf(window))
    _stage(window, "Korean and back", lambda: [language.use(code) for code in ("ko", "en")])
    print(f"memory: {memory():.0f} MB")
    window.jobs.close()


def _leaf(window: "MainWindow") -> None:
    assert window.wizard is not None
    page = window.wizard.page("tokenizer")
    for _ in range(100):
        page.card.go(1)
        beats(0.02)


def _stage(window: "MainWindow", name: str, act: object) -> None:
    """Do something, and wait until no job is left and none is about to begin."""
    from finetune_studio.gui.turns import turns_of

    begun, quiet = time.perf_counter(), [time.perf_counter()]
    assert callable(act)

    def goes_on() -> bool:
        if window.jobs.busy or turns_of(window).busy:
            quiet[0] = time.perf_counter()
        return time.perf_counter() - quiet[0] < 1.0

    late = beats(0.05, first=act)
    late.take(beats(1.0, goes_on))
    print(f"{name}: {told(late)}; {quiet[0] - begun:.1f} s", flush=True)


def write_reviews(home: str, rows: int) -> str:
    """Film reviews of our own making, where the real ones are not at hand; the path of the file.

    Most of them are much like others, which is the hardest to look at; a few have a fault.
    """
    path = f"{home}/reviews.csv"
    with open(path, "w", encoding="utf-8") as out:
        out.write("text,label,stars\n")
        for n in range(rows):
            words = " ".join(
                f"{(n * 31 + place * place) % 9973}번째 장면이" for place in range(n % 9)
            )
            fault = FAULTS[n // 1000 % len(FAULTS)] if n % 1000 == 0 else ""
            said = f"{words} 인상 깊은 영화 {n} 편{fault}" if n % 997 else "다시 보고 싶은 영화"
            out.write(f"{said},{'좋음' if n % 2 else '나쁨'},{n % 5 + 1}\n")
    return path


if __name__ == "__main__":
    main()
