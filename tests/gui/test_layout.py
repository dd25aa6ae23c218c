"""What comes into a place together is laid out once, and stands there afterwards."""

import pytest
from PySide6.QtCore import QEvent, QObject

from finetune_studio.gui.widgets.layout import Pane, box, clear, column, laid_once, show_part
from finetune_studio.gui.widgets.text import Text


class Layouts(QObject):
    """Counts how often a widget gets another size."""

    def __init__(self, watched):
        super().__init__(watched)
        self.count = 0
        watched.installEventFilter(self)

    def eventFilter(self, watched, event):
        self.count += event.type() == QEvent.Type.Resize
        return False


@pytest.fixture
def page(qtbot):
    made = box(column(box(column()), None))
    qtbot.addWidget(made)
    return made


def test_what_comes_into_sight_stands_there(page, qtbot):
    place = page.layout().itemAt(0).widget()
    page.resize(300, 600)
    page.show()
    qtbot.waitExposed(page)
    for words in ("one", "two"):
        seen = Layouts(place)
        with laid_once(place):
            clear(place.layout())
            for number in range(6):
                place.layout().addWidget(Text(f"{words} {number}"))
        shown = [each for each in place.findChildren(Text) if each.isVisible()]
        assert [each.plain for each in shown] == [f"{words} {number}" for number in range(6)]
        assert place.isVisible()
        qtbot.wait(20)
        assert seen.count <= 2  # six of them, one by one, would each make it taller


def test_a_place_out_of_sight_is_left_so(page):
    place = page.layout().itemAt(0).widget()
    with laid_once(place):
        place.layout().addWidget(Text("one"))
    page.show()
    assert place.isVisible()
    place.hide()
    with laid_once(place):
        place.layout().addWidget(Text("two"))
    assert place.isHidden()


def test_a_part_that_is_in_no_page_yet_is_no_window_and_comes_with_its_page(qtbot):
    part, page = Pane(), Pane(column())
    qtbot.addWidget(page)
    show_part(part, True)
    assert not part.isVisible()
    show_part(part, False)
    show_part(part, True)
    assert not part.isVisible()
    page.show()
    page.layout().addWidget(part)
    qtbot.waitUntil(part.isVisible)
    show_part(part, False)
    assert not part.isVisible()
    show_part(part, True)
    assert part.isVisible()
    hidden = Pane()
    show_part(hidden, False)
    page.layout().addWidget(hidden)
    qtbot.wait(50)
    assert not hidden.isVisible()
