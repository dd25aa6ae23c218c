"""The window's figures: first window, stalls of its event loop, memory, switch of language.

python -m tests.benchmarks.window [--seconds 30] [--points 100000] [--rate 200] [--long]

The stalls are those of a timer of 5 ms: how much later than that it comes, while a trainer emits
events into a run that already holds the points. Beside them stands the longest turn by the clock of
the window's own thread, which tells the same of a machine where other programs are busy. `--long`
adds 5,000 redraws of the curves and 1,000 changes of page. Every figure stands beside the same one
of a bare Qt program or an idle window.
"""

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs import process
from finetune_studio.runs.folder import RunFolder
from tests.conftest import ROOT

STARTS = 5
BEAT = 5  # milliseconds between two beats
MB = 1_000_000
BARE = """
import time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget
app = QApplication([])
widget = QWidget(); widget.show()
QTimer.singleShot(0, lambda: (print(time.time()), app.quit()))
app.exec()
"""
OURS = """
import sys, time
from PySide6.QtCore import QTimer
import finetune_studio.gui.app as started
from PySide6.QtWidgets import QApplication
shown = QApplication.exec
def first():
    app = QApplication.instance()
    def told():
        print(time.time(), "torch" in sys.modules, flush=True)
        app.closeAllWindows()
    QTimer.singleShot(0, told)
    return shown()
QApplication.exec = staticmethod(first)
started.start("")
"""
TRAINER = """
import sys, time
from pathlib import Path
from finetune_studio.runs import events
from finetune_studio.runs.folder import RunFolder
run = RunFolder(Path(sys.argv[1])); n = int(sys.argv[2]); rate = float(sys.argv[3])
until = time.monotonic() + float(sys.argv[4])
writer = events.EventWriter(run.events)
writer.append(events.Phase(name="training"))
begun, sent = time.monotonic(), 0
while time.monotonic() < until:
    while sent < (time.monotonic() - begun) * rate:
        n += 1; sent += 1
        writer.append(events.Metrics(step=n, loss=2.0 + (n * 7919 % 97) / 300, learning_rate=1e-4,
            grad_norm=1.0, tokens_per_second=900.0, token_accuracy=0.5))
        if sent % 50 == 0:
            writer.append(events.Evaluated(step=n, metrics={"loss": 2.1}))
    time.sleep(0.005)
writer.append(events.Finished(step=n, reason=""))
"""


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--long", action="store_true")
    asked = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ["FINETUNE_STUDIO_HOME"] = home
        first_window()
        watched(Path(home), asked)


def first_window() -> None:
    """From the start of the program to the first turn of its event loop with the window shown."""
    bare, ours = [], []
    for _ in range(STARTS):
        bare.append(_started(BARE)[0])
        seconds, torch = _started(OURS)
        ours.append(seconds)
        assert torch == "False", "the window imports torch"
    usual, mean = statistics.median(bare), statistics.median(ours)
    print(f"first window: {mean:.2f} s (best {min(ours):.2f}); a bare Qt window: {usual:.2f} s")


def _started(code: str) -> tuple[float, str]:
    begun = time.time()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    told = done.stdout.split()
    return float(told[0]) - begun, told[1] if len(told) > 1 else ""


def watched(home: Path, asked: argparse.Namespace) -> None:
    """A window that watches a long run which goes on."""
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
    idle = beats(3.0)
    print(f"idle: {told(idle)}")
    run = _long_run(home, asked.points)
    script = home / "trainer.py"
    script.write_text(TRAINER)
    arguments = [str(run.path), str(asked.points), str(asked.rate), str(asked.seconds + 30)]
    process.start(run, command=[sys.executable, str(script), *arguments])
    before = memory()
    gc.freeze()  # as the program does once it stands
    window.new_project()
    assert window.project is not None
    assert window.wizard is not None
    window.wizard.go("training")
    beats(1.0)
    watch = window.project.watch
    watch.follow(run)
    loading = beats(0.0, lambda: len(watch.series) < asked.points)
    print(f"while {asked.points:,} points arrive: {told(loading)}")
    print(f"at {asked.rate:.0f} events/s: {told(beats(asked.seconds))}")
    print(f"memory: {memory():.0f} MB; before the run was opened {before:.0f} MB")
    _switches()
    if asked.long:
        _long(window)
    process.stop(run, "cancel", deadlines=process.Deadlines(order=0.0, saving=0.0))
    window.project.watch.leave()
    window.jobs.close()


def _long_run(home: Path, points: int) -> RunFolder:
    """A run that holds so many steps."""
    run = RunFolder.create(home / "long", "long")
    store.save(Recipe(), run.recipe)
    with run.events.open("w", encoding="utf-8") as file:
        for n in range(1, points + 1):
            document = {"kind": "metrics", "time": 1.7e9 + n, "step": n, "loss": 2 + 9 / (n + 9)}
            document |= {"learning_rate": 1e-4, "grad_norm": 1.0 + (n % 13) / 20}
            document |= {"tokens_per_second": 900.0 + n % 50, "token_accuracy": 0.4 + n / 4e5}
            file.write(json.dumps(document) + "\n")
            if n % 500 == 0:
                held = {"kind": "evaluated", "time": 1.7e9 + n, "step": n}
                file.write(json.dumps(held | {"metrics": {"loss": 2 + 10 / (n + 9)}}) + "\n")
    return run


class Late(list[float]):
    """How late the beats came, and how long each turn of the window's thread worked, in ms."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: list[float] = []

    def take(self, more: "Late") -> None:
        """What was seen after this, too."""
        self.extend(more)
        self.turns.extend(more.turns)

    def parted(self, at: int) -> tuple["Late", "Late"]:
        """The first so many beats, and the others."""
        parts = Late(), Late()
        for part, where in zip(parts, (slice(at), slice(at, None)), strict=True):
            part.extend(self[where])
            part.turns.extend(self.turns[where])
        return parts


def beats(seconds: float, more: object = None, first: object = None) -> Late:
    """How late each beat of a timer came, in milliseconds, while the event loop runs.

    Args:
        seconds: How long at least.
        more: As long as it gives true, it goes on.
        first: Is done at once, within the loop.
    """
    from PySide6.QtCore import QEventLoop, Qt, QTimer

    loop, late, before = QEventLoop(), Late(), time.perf_counter()
    until, worked = before + seconds, time.thread_time()

    def beat() -> None:
        nonlocal before, worked
        now, work = time.perf_counter(), time.thread_time()
        late.append((now - before) * 1000 - BEAT)
        late.turns.append((work - worked) * 1000)
        before, worked = now, work
        if now >= until and not (callable(more) and more()):
            loop.quit()

    timer = QTimer(interval=BEAT, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(beat)
    timer.start()
    if callable(first):
        QTimer.singleShot(0, first)
    loop.exec()
    timer.stop()
    return late


def told(late: Late) -> str:
    """The stalls, and the longest turn by the clock of the window's own thread."""
    ordered = sorted(late)
    p99 = ordered[int(len(ordered) * 0.99)]
    over = sum(each > 50 for each in ordered)
    turns = sorted(late.turns)
    own = f"longest turn {turns[-1]:.0f} ms, p99 {turns[int(len(turns) * 0.99)]:.1f} ms of its own"
    return f"longest stall {ordered[-1]:.0f} ms, p99 {p99:.1f} ms, {over} over 50 ms; {own}"


def _switches() -> None:
    from PySide6.QtCore import QEventLoop, QTimer

    from finetune_studio.gui import language

    taken, own = [], []
    for code in ("ko", "en", "ko", "en"):
        begun, worked, loop = time.perf_counter(), time.thread_time(), QEventLoop()
        language.use(code)  # type: ignore[arg-type]
        QTimer.singleShot(0, loop.quit)
        loop.exec()
        taken.append(time.perf_counter() - begun)
        own.append(time.thread_time() - worked)
    print(f"language switch: {max(taken):.2f} s at most; {max(own):.2f} s of its own")


def _long(window: object) -> None:
    """Whether much use lets the window grow."""
    wizard = window.wizard  # type: ignore[attr-defined]
    page = wizard.page("training")
    wizard.go("training")
    for count, act in ((5000, page._draw), (1000, lambda: wizard.go((wizard.current + 1) % 5))):
        for _ in range(50):
            act()
        gc.collect()
        begun = memory()
        for n in range(count):
            act()
            if n % 100 == 0:
                beats(0.0)
        gc.collect()
        print(f"{count:,} times: {memory() - begun:+.1f} MB")


def memory() -> float:
    return float(psutil.Process().memory_info().rss) / MB


if __name__ == "__main__":
    main()
