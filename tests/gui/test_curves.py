"""Curves that are looked at closely, read by a cross-hair, saved as picture and table."""

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication

from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.pages.curves import LOSS, RAW, VALIDATION, LossCard
from finetune_studio.gui.theme import font, theme
from finetune_studio.gui.watch import Watch
from finetune_studio.gui.widgets.plot import Plot
from finetune_studio.gui.widgets.ticks import steps_axis, values_axis
from tests.gui.trainers import WHOLE, make_run


def test_the_loss_is_looked_at_closely_and_saved(qtbot, tmp_path):
    run, start = make_run(tmp_path, WHOLE)
    start()
    jobs = Jobs()
    watch = Watch(jobs)
    watch.follow(run)
    with qtbot.waitSignal(watch.ended, timeout=20_000):
        pass
    card = LossCard(watch)
    qtbot.addWidget(card)
    card.resize(600, 300)
    card.show()
    card.draw()
    view, whole = card._plot.viewport(), card._plot.getViewBox().viewRange()[0]
    middle = QPointF(view.width() / 2, view.height() / 2)
    turn = QWheelEvent(
        middle,
        view.mapToGlobal(middle),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, turn)
    near = card._plot.getViewBox().viewRange()[0]
    assert near[1] - near[0] < whole[1] - whole[0]
    card.draw()  # news do not take the person away from what is looked at
    assert card._plot.getViewBox().viewRange()[0] == near
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=middle.toPoint())
    assert card._plot.getViewBox().viewRange()[0] == whole
    card.save(tmp_path / "loss.csv")
    lines = (tmp_path / "loss.csv").read_text().splitlines()
    assert len(lines) == 101
    assert lines[0].startswith("step,loss,")
    card.save(tmp_path / "loss.png")
    assert QImage(str(tmp_path / "loss.png")).width() > 300
    jobs.close()


def test_what_stands_still_is_not_painted_anew(qtbot):
    plot = Plot([LOSS, VALIDATION])
    qtbot.addWidget(plot)
    plot.resize(400, 240)
    plot.show()
    bottom, places = plot.getAxis("bottom"), (steps_axis(100), values_axis(0.0, 2.0))
    plot.show_ranges(*places)
    plot.show_marks([(10.0, "ok"), (20.0, "text3")])
    QApplication.processEvents()
    painted, lines = bottom.picture, [line for line, _ in plot._marks]
    assert painted is not None
    plot.show_ranges(*places)
    plot.show_marks([(15.0, "ok"), (30.0, "text3")])
    assert bottom.picture is painted
    assert [line.value() for line in lines] == [15.0, 30.0]
    plot.show_marks([(31.0, "text3")])
    assert [line for line, _ in plot._marks] == lines[:1]
    assert lines[1].scene() is None
    plot.show_ranges(steps_axis(500), places[1])
    assert plot.getViewBox().viewRange()[0][1] > 500


def test_a_restless_line_is_joined_by_pieces_and_many_points_have_no_rings(qtbot):
    plot = Plot([RAW, LOSS, VALIDATION])
    qtbot.addWidget(plot)
    plot.resize(400, 240)
    for count, restless, mode, ring in (
        (20, True, "off", "o"),
        (1000, True, "on", None),
        (1000, False, "off", None),
        (20, False, "off", "o"),
    ):
        x = np.arange(float(count))
        for index in range(3):
            plot.show_line(index, x, x % 2 if restless else x)
        raw, loss, held = plot._curves
        assert loss.curve.opts["segmentedLineMode"] == mode
        assert held.opts["symbol"] == ring
        # Half seen or dashed, pieces would show.
        assert raw.curve.opts["segmentedLineMode"] == held.curve.opts["segmentedLineMode"] == "off"


def test_no_line_of_the_grid_cuts_a_curve(qtbot):
    plot = Plot([LOSS])
    qtbot.addWidget(plot)
    plot.resize(400, 240)
    plot.show()
    plot.show_ranges(steps_axis(100), values_axis(0.0, 2.0))
    plot.show_line(0, np.array([0.0, 100.0]), np.array([1.0, 1.0]))  # as a line of the grid lies
    QApplication.processEvents()
    view = plot.getViewBox()
    at = view.mapViewToDevice(QPointF(50.0, 1.0)).toPoint()
    picture = plot.picture()
    middle = [picture.pixelColor(at.x() + dx, at.y() + dy) for dx in range(6) for dy in (-1, 0)]
    assert theme.colour("learned") in middle
    assert theme.colour("line") not in middle


def test_the_words_of_the_last_tick_have_room(qtbot):
    plot = Plot([LOSS])
    qtbot.addWidget(plot)
    plot.resize(238, 92)
    plot.show()
    for total in (100, 20_000, 1_000_000):
        plot.show_ranges(steps_axis(total, 2), values_axis(0.0, 2.0))
        QApplication.processEvents()
        at = plot.getViewBox().mapViewToDevice(QPointF(total, 0.0)).x()
        half = QFontMetricsF(font("caption")).horizontalAdvance(f"{total:,}") / 2
        assert at + half <= plot.width()


def test_rings_that_would_touch_do_not_come_back_with_other_colours(qtbot):
    plot = Plot([VALIDATION])
    qtbot.addWidget(plot)
    plot.resize(400, 240)
    x = np.arange(1000.0)
    plot.show_line(0, x, x)
    theme.changed.emit()
    assert plot._curves[0].opts["symbol"] is None
    plot.show_line(0, x[:5], x[:5])
    theme.changed.emit()
    assert plot._curves[0].opts["symbol"] == "o"
