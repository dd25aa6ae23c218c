"""The pages of data and tokens by a real mouse and keyboard, and the stalls at each thing done.

python -m tests.benchmarks.data_hands [--data FILE] [--rows N] [--language ko] [--only tokens]

The window stands on an X server of its own, and a pointer and a keyboard use it (`hands`). What is
pressed is found by the words on it, in both languages one after the other. A timer of 5 ms tells
how late it comes while each thing is done and until its work has ended. Without `--data`, film
reviews are made. What a page loads is not loaded before the window does it.
"""

import argparse
import os
import tempfile
import time
from typing import TYPE_CHECKING, Literal, TypeVar

from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from tests.benchmarks.data_pages import ROWS, write_reviews
from tests.benchmarks.hands import Hands, Move, Wanted, screen
from tests.benchmarks.window import Late, beats, memory, told
from tests.conftest import ROOT

if TYPE_CHECKING:
    from finetune_studio.gui.counted import DataFacts
    from finetune_studio.gui.pages.dataset import DatasetPage
    from finetune_studio.gui.pages.quality_row import QualityRow
    from finetune_studio.gui.pages.tokenizer import TokenizerPage
    from finetune_studio.gui.project import Project
    from finetune_studio.gui.wizard import Wizard
    from finetune_studio.recipe.schema import Recipe

LOOKS = 2.0  # seconds that a person looks before the first thing; what opens next is loaded then
QUIET = 0.7  # seconds without any work after which a thing is done
LONGEST = 240.0  # seconds for one thing
Code = Literal["en", "ko"]
Kind = TypeVar("Kind", bound=QWidget)


def main() -> None:
    """Print the longest stall at each thing done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--language", default="", choices=("", "ko", "en"))
    parser.add_argument("--only", default="", choices=("", "data", "tokens"))
    parser.add_argument("--size", default="1280x800")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, screen():
        os.environ["FINETUNE_STUDIO_HOME"] = home
        data = asked.data or write_reviews(home, asked.rows)
        width, height = map(int, asked.size.split("x"))
        codes: list[Code] = [asked.language] if asked.language else ["en", "ko"]
        for code in codes:
            Pass(data, code, (width, height)).go(asked.only)


class Pass:
    """One way through both pages in one language."""

    def __init__(self, data: str, code: Code, size: tuple[int, int]) -> None:
        from finetune_studio.gui import language
        from finetune_studio.gui.main_window import MainWindow
        from finetune_studio.gui.preferred import Preferred
        from finetune_studio.gui.theme import theme
        from finetune_studio.preferences import Preferences

        self._app = QApplication.instance() or QApplication([])
        assert isinstance(self._app, QApplication)
        theme.start(self._app, "light")
        language.use(code)
        self._data, self._code, self._hands = data, code, Hands()
        self._window = MainWindow(Preferred(Preferences(language=code)))
        self._window.resize(*size)
        self._window.show()
        self._all = Late()

    def go(self, only: str = "") -> None:
        """Go it, or the things of one page only, and tell what stalled."""
        print(f"== {self._code}", flush=True)
        hands = self._hands
        beats(LOOKS)
        self._do("a new project", hands.keys("ctrl+n"))
        self._data_page()
        if only != "tokens":
            self._map_by_hand()
            self._findings()
        if only != "data":
            self._tokens()
            self._own_text()
            self._languages()
        worst = max(self._all)
        print(f"all of it: {told(self._all)}; memory {memory():.0f} MB; worst {worst:.0f} ms")
        self._window.close()
        self._window.deleteLater()
        beats(0.2)
        hands.close()

    def _data_page(self) -> None:
        hands = self._hands
        self._do("the page of the data", hands.keys("ctrl+2"))
        opened = (hands.click(self._named("Choose files")), hands.write(self._data))
        self._do("opened, counted and looked at", *opened, hands.keys("Return"))
        print(f"  {self._facts.rows:,} rows", flush=True)
        self._do("labels are to be learned", hands.click(self._named("Labels")))
        assert self._recipe.task.kind == "classify"

        def grid() -> QWidget:
            return self._dataset.rows.grid

        down = hands.keys(*["Down"] * 12)
        self._do("the first rows", hands.click(grid), down, hands.wheel(grid, 10))
        reading = hands.click(self._named("Next row"))
        self._do("as the model is given it, five rows", *[reading] * 5)

    def _map_by_hand(self) -> None:
        """Another column of the label, by the list that opens; and back by undo."""
        from finetune_studio.gui.pages.layout_card import role_name
        from finetune_studio.gui.widgets.choice import Select

        hands, before = self._hands, dict(self._facts.mapping)

        def label() -> Select:
            selects = self._dataset.layout_card.findChildren(Select)
            return next(e for e in selects if e.accessibleName() == role_name("label"))

        there = label()
        last = there.currentIndex() == there.count() - 1  # below it there is no other column
        chosen = there.itemText(there.currentIndex() + (-1 if last else 1))
        other = hands.keys("Up" if last else "Down", "Return")
        self._do(f"a column chosen by hand: {chosen}", hands.click(label), other)
        assert self._facts.mapping == before | {"label": chosen}, self._facts.mapping
        self._do("taken back by Ctrl+Z", hands.keys("ctrl+z"))
        assert self._facts.mapping == before, self._facts.mapping

    def _findings(self) -> None:
        from finetune_studio.gui.pages.quality_row import Applied

        hands, found = self._hands, self._found()
        code = found[0].code
        print(f"  found: {[(each.code, each.found.count) for each in found]}", flush=True)
        self._do("examples of a finding", hands.click(lambda: self._found()[0].first))
        self._do("its rows", hands.click(self._named("See these rows")))

        def mend() -> QWidget:
            row = self._found()[0]
            return next(each for each in _buttons(row) if each.accessibleDescription())

        def back() -> QWidget | None:
            applied = self._dataset.quality.findChildren(Applied)
            return applied[0].first if applied else None

        self._do(f"mended: {code}", hands.click(mend))
        assert [each["code"] for each in self._recipe.data.fixes] == [code]
        self._do("taken back", hands.click(back))
        assert not self._recipe.data.fixes
        self._do("mended, and the other language meanwhile", hands.click(mend), self._switch())
        assert self._language != self._code
        self._do("and back, and taken back", self._switch(), hands.click(back))
        assert (self._language, self._recipe.data.fixes) == (self._code, ())

    def _tokens(self) -> None:
        hands = self._hands
        self._do("tokens, lengths, comparison, what is learned", hands.keys("ctrl+3"))
        card = self._tokenizer.card
        self._do("twenty rows, one after another", *[hands.click(lambda: card.next)] * 20)
        assert card.number.text() == "21"
        self._do("random rows", *[hands.click(lambda: card.any)] * 5)
        far = min(600_000, self._facts.training)
        written = (hands.keys("ctrl+a"), hands.write(f"{far:,}"), hands.keys("Return"))
        self._do(f"row {far:,}", hands.click(lambda: card.number), *written)
        assert card.number.text() == f"{far:,}"
        self._do("as it is rendered", hands.click(self._named("Show it as it is rendered")))

    def _own_text(self) -> None:
        hands, flow, text = self._hands, self._tokenizer.card.flow, "나는 학교에 간다 :)"

        def said() -> str:  # a blank is shown as a dot
            return flow.accessibleName().replace("·", " ")

        typed = (hands.click(self._named("Type your own")), hands.write(text))
        self._do("a text of one's own", *typed)
        assert said().endswith(text), said()
        self._do("back to the rows", hands.click(self._named("Training data")))
        assert not said().endswith(text), said()
        folder = str(ROOT / "resources" / "models" / "demo")
        other = (hands.click(self._named("Compare with another …")), hands.keys("ctrl+a"))
        self._do("another tokenizer", *other, hands.write(folder), hands.keys("Return"))

        def advised() -> QWidget | None:
            return next(iter(_buttons(self._tokenizer.lengths)), None)

        if advised() is not None:
            self._do("the advised length", hands.click(advised))
            assert advised() is None, "the length that is advised was not taken"

    def _languages(self) -> None:
        keys = self._hands.keys
        self._do("the other language", self._switch())
        assert self._language != self._code
        self._do("and back", self._switch())
        assert self._language == self._code
        self._do("to the data and back", keys("ctrl+2"), keys("ctrl+3"))

    def _switch(self) -> Move:
        """Press the button that bears the other language's own name."""
        from finetune_studio.gui.language import NAMES

        def other() -> QWidget | None:
            theirs = NAMES["en" if self._language == "ko" else "ko"]
            return next((each for each in _buttons(self._wizard) if _words(each) == theirs), None)

        return self._hands.click(other)

    def _do(self, name: str, *moves: Move) -> None:
        """Make the movements, and wait until no work is left; Qt's own dialogs are told apart."""
        from finetune_studio.gui.turns import turns_of

        left, begun = list(moves), time.perf_counter()
        quiet, beat, asked = begun, 0, 0  # the last beat within a dialog

        def goes_on() -> bool:
            nonlocal quiet, beat, asked
            now, beat = time.perf_counter(), beat + 1
            if now - begun > LONGEST:
                return False
            if left and self._hands.free and left[0]():
                left.pop(0)
            if QApplication.activeModalWidget():
                asked = beat
            busy = self._window.jobs.busy or turns_of(self._window).busy
            if left or busy or not self._hands.free or asked == beat:
                quiet = now
            return now - quiet < QUIET

        if not self._window.isActiveWindow():
            self._hands.focus(self._window)
        dialog, late = beats(0.0, goes_on).parted(asked)
        if left:
            raise SystemExit(f"{name}: not done after {LONGEST:.0f} s; {len(left)} moves are left")
        if dialog:
            print(f"(a dialog of Qt's own: {told(dialog)})")
        self._all.take(late)
        print(f"{name}: {told(late)}; {quiet - begun:.1f} s", flush=True)

    @property
    def _project(self) -> "Project":
        assert self._window.project is not None
        return self._window.project

    @property
    def _wizard(self) -> "Wizard":
        assert self._window.wizard is not None
        return self._window.wizard

    @property
    def _recipe(self) -> "Recipe":
        return self._project.session.recipe

    @property
    def _facts(self) -> "DataFacts":
        facts = self._project.facts
        assert facts.data is not None, facts.data_error
        return facts.data

    @property
    def _dataset(self) -> "DatasetPage":
        from finetune_studio.gui.pages.dataset import DatasetPage

        return _as(DatasetPage, self._wizard.page("dataset"))

    @property
    def _tokenizer(self) -> "TokenizerPage":
        from finetune_studio.gui.pages.tokenizer import TokenizerPage

        return _as(TokenizerPage, self._wizard.page("tokenizer"))

    @property
    def _language(self) -> Code:
        from finetune_studio.gui import language

        return language.current()

    def _found(self) -> "list[QualityRow]":
        """The findings in sight, from above."""
        from finetune_studio.gui.pages.quality_row import QualityRow

        found = [e for e in self._dataset.quality.findChildren(QualityRow) if e.isVisible()]
        return sorted(found, key=lambda each: each.y())

    def _named(self, words: str) -> Wanted:
        """A button in sight by its English words, whatever the language is."""
        from finetune_studio.gui.language import tr

        def find() -> QWidget | None:
            return next((e for e in _buttons(self._window) if _words(e) == tr(words)), None)

        return find


def _as(kind: type[Kind], widget: QWidget) -> Kind:
    assert isinstance(widget, kind), widget
    return widget


def _buttons(place: QWidget) -> list[QAbstractButton]:
    return [each for each in place.findChildren(QAbstractButton) if each.isVisible()]


def _words(button: QAbstractButton) -> str:
    return button.text().strip() or button.accessibleName()  # a blank parts them from a glyph


if __name__ == "__main__":
    main()
