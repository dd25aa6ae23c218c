"""Curves that are looked at closely, read by a cross-hair, saved as picture and table."""

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication

from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.pages.curves import LossCard
from finetune_studio.gui.watch import Watch
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
