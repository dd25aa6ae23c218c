"""What is looked at on a page stays where it is, as what stands above it grows."""

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QWidget

from finetune_studio.gui.widgets.layout import Scroller, column
from finetune_studio.gui.widgets.steady import keep_steady

HEIGHT, SEEN = 200, 300


@pytest.fixture
def places(qtbot):
    made = [QWidget() for _ in range(6)]
    for each in made:
        each.setFixedHeight(HEIGHT)
    return made


@pytest.fixture
def area(qtbot, places):
    made = Scroller(column(*places, None, gap=0))
    qtbot.addWidget(made)
    made.resize(400, SEEN)
    keep_steady(places)
    made.show()
    qtbot.waitUntil(lambda: made.verticalScrollBar().maximum() == 6 * HEIGHT - SEEN)
    QCursor.setPos(made.mapToGlobal(QPoint(-50, -50)))
    return made


def seen_at(area, place):
    return place.mapTo(area.viewport(), QPoint()).y()


@pytest.mark.parametrize("change", [90, -60])
def test_what_is_first_in_sight_stays_as_what_is_above_changes(qtbot, area, places, change):
    area.verticalScrollBar().setValue(2 * HEIGHT + 50)
    places[0].setFixedHeight(HEIGHT + change)
    qtbot.waitUntil(lambda: places[1].y() == HEIGHT + change)
    assert seen_at(area, places[2]) == -50
    places[1].hide()
    qtbot.waitUntil(lambda: places[2].y() == HEIGHT + change)
    assert seen_at(area, places[2]) == -50


def test_what_is_under_the_mouse_stays_as_its_neighbour_in_sight_grows(qtbot, area, places):
    area.verticalScrollBar().setValue(2 * HEIGHT)
    QCursor.setPos(area.viewport().mapToGlobal(QPoint(20, HEIGHT + 20)))
    places[2].setFixedHeight(HEIGHT + 40)
    qtbot.waitUntil(lambda: places[3].y() == 3 * HEIGHT + 40)
    assert seen_at(area, places[3]) == HEIGHT


def test_the_beginning_of_a_page_stays_in_sight(qtbot, area, places):
    places[0].setFixedHeight(HEIGHT + 40)
    qtbot.waitUntil(lambda: places[1].y() == HEIGHT + 40)
    assert area.verticalScrollBar().value() == 0
