"""The pages of data and tokens by a real mouse and keyboard, and the stalls at each thing done.

python -m tests.benchmarks.data_hands [--data FILE] [--rows N] [--language ko] [--size 1280x800]

The window stands on an X server of its own (Xvfb), and xdotool moves the pointer and strikes the
keys, as a person's hands would: nothing is called in the program. What is pressed is found by the
words on it, in both languages one after the other. A timer of 5 ms tells how late it comes while
each thing is done and until its work has ended. Without `--data`, film reviews are made.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.data_pages import ROWS, write_reviews
from tests.benchmarks.window import Late, beats, memory, told

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


QUIET = 0.7  # seconds without any work after which a thing is done
LONGEST = 240.0  # seconds for one thing
BETWEEN = 0.06  # seconds between two movements of the hands
Wanted = Callable[[], "QWidget | None"]
Move = Callable[[], bool]  # whether it is made


class Hands:
    """A pointer and a keyboard; every movement is an event of the X server."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self._shell = subprocess.Popen(["sh"], stdin=pipe, stdout=pipe, text=True, bufsize=1)
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._orders, self._told = self._shell.stdin, self._shell.stdout.fileno()
        os.set_blocking(self._told, False)
        self._busy, self._since = 0, 0.0

    def do(self, *words: object) -> None:
        """Let xdotool do something."""
        self._orders.write("xdotool " + " ".join(map(str, words)) + " >&2; echo\n")
        self._busy += 1

    @property
    def free(self) -> bool:
        """Whether the last movement is over, and the hand has rested."""
        with suppress(BlockingIOError):
            self._busy -= len(os.read(self._told, 100))
            self._since = time.perf_counter()
        return not self._busy and time.perf_counter() - self._since > BETWEEN

    def click(self, wanted: Wanted) -> Move:
        """Click on something as soon as it is there and in sight; the wheel brings it there."""

        def move() -> bool:
            widget = wanted()
            if widget is None or not widget.isEnabled():
                return False
            seen = widget.visibleRegion().boundingRect()
            middle = widget.rect().center()
            if seen.isEmpty() or not seen.contains(middle):
                self._scroll(widget)
                return False
            place = widget.mapToGlobal(middle)
            self.do("mousemove", place.x(), place.y(), "click", 1)
            return True

        return move

    def focus(self, window: "QWidget") -> None:
        """Give a window the keyboard, as a window manager would: there is none."""
        self.do("windowfocus", int(window.winId()))

    def keys(self, *names: str) -> Move:
        """Strike keys, one after the other."""
        return self._always("key", "--delay", 30, *names)

    def write(self, text: str) -> Move:
        """Write a text where the keyboard is."""
        return self._always("type", "--delay", 15, f"'{text}'")

    def wheel(self, wanted: Wanted, times: int) -> Move:
        """Turn the wheel over something, downwards."""

        def move() -> bool:
            widget = wanted()
            if widget is None:
                return False
            place = widget.mapToGlobal(widget.visibleRegion().boundingRect().center())
            turn = ("click", "--repeat", times, "--delay", 20, 5)
            self.do("mousemove", place.x(), place.y(), *turn)
            return True

        return move

    def close(self) -> None:
        """Let go."""
        self._orders.close()
        self._shell.wait()

    def _always(self, *words: object) -> Move:
        def move() -> bool:
            self.do(*words)
            return True

        return move

    def _scroll(self, widget: "QWidget") -> None:
        from PySide6.QtWidgets import QScrollArea

        area = widget.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is None:
            return
        below = widget.mapTo(area, widget.rect().center()).y() > area.height() // 2
        # Beside the cards: over a list or a table the wheel would turn that.
        place = area.mapToGlobal(area.rect().topLeft())
        self.do("mousemove", place.x() + 12, place.y() + 12, "click", 5 if below else 4)


def main() -> None:
    """Print the longest stall at each thing done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--language", default="", choices=("", "ko", "en"))
    parser.add_argument("--size", default="1280x800")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, _screen():
        os.environ["FINETUNE_STUDIO_HOME"] = home
        data = asked.data or write_reviews(home, asked.rows)
        width, height = map(int, asked.size.split("x"))
        for code in [asked.language] if asked.language else ["en", "ko"]:
            Pass(data, code, (width, height)).go()


class Pass:
    """One way through both pages in one language."""

    def __init__(self, data: str, code: str, size: tuple[int, int]) -> None:
        from PySide6.QtWidgets import QApplication

        from finetune_studio.gui import language
        from finetune_studio.gui.main_window import MainWindow
        from finetune_studio.gui.preferred import Preferred
        from finetune_studio.gui.theme import theme
        from finetune_studio.preferences import Preferences

        self._app = QApplication.instance() or QApplication([])
        assert isinstance(self._app, QApplication)
        theme.start(self._app, "light")
        language.use("ko" if code == "ko" else "en")
        self._data, self._code, self._hands = data, code, Hands()
        self._window: MainWindow = MainWindow(Preferred(Preferences(language=code)))  # type: ignore[arg-type]
        self._window.resize(*size)
        self._window.show()
        self._all = Late()

    def go(self) -> None:
        """Go it, and tell what stalled."""
        print(f"== {self._code}", flush=True)
        hands = self._hands
        self._do("a new project", hands.keys("ctrl+n"))
        self._data_page()
        self._tokenizer_page()
        worst = max(self._all)
        print(f"all of it: {told(self._all)}; memory {memory():.0f} MB; worst {worst:.0f} ms")
        self._window.close()
        self._window.deleteLater()
        beats(0.2)
        hands.close()

    def _data_page(self) -> None:
        hands, page = self._hands, lambda: self._page("dataset")
        self._do("the page of the data", hands.keys("ctrl+2"))
        opened = (hands.click(self._named("Choose files")), hands.write(self._data))
        self._do("opened, counted and looked at", *opened, hands.keys("Return"))
        data = self._window.project.facts.data  # type: ignore[union-attr]
        assert data is not None, self._window.project.facts.data_error  # type: ignore[union-attr]
        print(f"  {data.rows:,} rows", flush=True)
        labels = lambda: page().layout_card._task._group.button(2)  # noqa: E731
        self._do("labels are to be learned", hands.click(labels))
        grid = lambda: page().rows.grid  # noqa: E731
        self._do(
            "the first rows", hands.click(grid), hands.keys(*["Down"] * 12), hands.wheel(grid, 10)
        )
        reading = self._named("Next row")
        self._do("as the model is given it, five rows", *[hands.click(reading)] * 5)
        self._map_by_hand()
        self._findings()

    def _map_by_hand(self) -> None:
        """The column of the label, by the list that opens; and back by undo."""
        hands, window = self._hands, self._window
        role = list(self._page("dataset").layout_card._selects)[-1]
        select = lambda: self._page("dataset").layout_card._selects[role]  # noqa: E731
        before = window.project.facts.data.mapping  # type: ignore[union-attr]
        self._do("a column chosen by hand", hands.click(select), hands.keys("Down", "Return"))
        assert window.project.facts.data.mapping != before, "nothing was mapped"  # type: ignore[union-attr]
        self._do("taken back by Ctrl+Z", hands.keys("ctrl+z"))
        assert window.project.facts.data.mapping == before  # type: ignore[union-attr]

    def _findings(self) -> None:
        from finetune_studio.gui.pages.quality_row import Applied, QualityRow

        hands, quality = self._hands, self._page("dataset").quality
        session = self._window.project.session  # type: ignore[union-attr]

        def first() -> QualityRow:
            return quality._rows[0]

        code = first().code
        print(f"  found: {[(each.code, each.found.count) for each in quality._rows]}", flush=True)
        self._do("examples of a finding", hands.click(lambda: first().first))
        self._do("its rows", hands.click(self._named("See these rows")))
        mend = lambda: self._buttons(first())[1]  # noqa: E731
        self._do(f"mended: {code}", hands.click(mend))
        assert [each["code"] for each in session.recipe.data.fixes] == [code]
        back = lambda: quality.findChildren(Applied)[0].first  # noqa: E731
        self._do("taken back", hands.click(back))
        assert not session.recipe.data.fixes
        self._do("mended, and the other language meanwhile", hands.click(mend), *self._switch())
        self._do("and back, and taken back", *self._switch(), hands.click(back))

    def _tokenizer_page(self) -> None:
        hands, page = self._hands, lambda: self._page("tokenizer")
        shown = ("tokens, lengths, comparison, what is learned", hands.keys("ctrl+3"))
        self._do(*shown)
        following = lambda: page().card.next  # noqa: E731
        self._do("twenty rows, one after another", *[hands.click(following)] * 20)
        self._do("random rows", *[hands.click(lambda: page().card.any)] * 5)
        number = lambda: page().card.number  # noqa: E731
        to = (
            hands.click(number),
            hands.keys("ctrl+a"),
            hands.write("600,000"),
            hands.keys("Return"),
        )
        self._do("row 600,000", *to)
        self._do("as it is rendered", hands.click(lambda: page().card._as_text))
        typed = (hands.click(self._named("Type your own")), hands.write("나는 학교에 간다 :)"))
        self._do("a text of one's own", *typed)
        assert page().card.flow._chips, "no chips"
        self._do("back to the rows", hands.click(self._named("Training data")))
        folder = str(Path(__file__).parents[2] / "resources" / "models" / "demo")
        other = (hands.click(self._named("Compare with another …")), hands.keys("ctrl+a"))
        self._do("another tokenizer", *other, hands.write(folder), hands.keys("Return"))
        advised = lambda: next(iter(self._buttons(page().lengths)), None)  # noqa: E731
        if advised() is not None:
            self._do("the advised length", hands.click(advised))
        self._do("the other language", *self._switch())
        self._do("and back", *self._switch())
        self._do("to the data and back", hands.keys("ctrl+2"), hands.keys("ctrl+3"))

    def _switch(self) -> tuple[Move]:
        wizard = lambda: self._window.wizard  # noqa: E731
        return (self._hands.click(lambda: wizard().header.looks._language),)  # type: ignore[union-attr]

    def _do(self, name: str, *moves: Move) -> None:
        """Make the movements, and wait until no work is left."""
        from PySide6.QtWidgets import QApplication

        from finetune_studio.gui.turns import turns_of

        left, begun = list(moves), time.perf_counter()
        quiet = begun

        def goes_on() -> bool:
            nonlocal quiet
            now = time.perf_counter()
            if now - begun > LONGEST:
                return False
            if left and self._hands.free and left[0]():
                left.pop(0)
            busy = self._window.jobs.busy or turns_of(self._window).busy
            if left or busy or not self._hands.free or QApplication.activeModalWidget():
                quiet = now
            return now - quiet < QUIET

        if not self._window.isActiveWindow():
            self._hands.focus(self._window)
        late = beats(0.0, goes_on)
        if left:
            raise SystemExit(f"{name}: not done after {LONGEST:.0f} s; {len(left)} moves are left")
        self._all.take(late)
        print(f"{name}: {told(late)}; {quiet - begun:.1f} s", flush=True)

    def _page(self, key: str) -> object:  # the step's own page
        assert self._window.wizard is not None
        return self._window.wizard.page(key)

    def _named(self, words: str) -> Wanted:
        """A button in sight by its English words, whatever the language is."""
        from finetune_studio.gui.language import tr

        def find() -> "QWidget | None":
            said = (tr(words), f" {tr(words)}")
            return next((each for each in self._buttons(self._window) if _told(each) in said), None)

        return find

    @staticmethod
    def _buttons(place: "QWidget") -> "list[QWidget]":
        from PySide6.QtWidgets import QAbstractButton

        return [each for each in place.findChildren(QAbstractButton) if each.isVisible()]


def _told(button: object) -> str:
    return str(button.text() or button.accessibleName())  # type: ignore[attr-defined]


@contextmanager
def _screen() -> Iterator[None]:
    """A screen of its own; nothing of the person's is touched."""
    ours, theirs = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1920x1080x24", "-nolisten", "tcp"],
        pass_fds=[theirs],
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    with os.fdopen(ours) as told_:
        os.environ["DISPLAY"] = f":{told_.readline().strip()}"
    os.environ["QT_QPA_PLATFORM"] = "xcb"
    try:
        yield
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
