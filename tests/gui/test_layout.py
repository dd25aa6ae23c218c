"""What comes into a place together is laid out once, and stands there afterwards."""

import pytest
from PySide6.QtCore import QEvent, QObject

from finetune_studio.gui.widgets.layout import box, clear, column, laid_once
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
