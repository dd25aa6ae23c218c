"""How much longer a finished run is to learn: in epochs, or in steps where those are its limit."""

from PySide6.QtWidgets import QWidget

from finetune_studio.gui.language import tr
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.dialog import Sheet
from finetune_studio.gui.widgets.layout import column, row
from finetune_studio.gui.widgets.number import Number, short
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe import store
from finetune_studio.runs.folder import RunFolder

WIDTH = 440


class Longer(Sheet):
    """Asks how far a run goes on."""

    def __init__(self, parent: QWidget | None, run: RunFolder) -> None:
        super().__init__(parent, tr("Train longer"), WIDTH)
        training = store.load(run.recipe).training
        self._setting = "max_steps" if training.max_steps else "epochs"
        now = float(training.max_steps or training.epochs)
        steps = self._setting == "max_steps"
        self.field = Number(now + 1, max(1_000_000.0, now * 10), decimals=0 if steps else 1)
        self.field.setValue(now * 2 if steps else now + 1)
        self.field.setAccessibleName(tr("Steps in all") if steps else tr("Epochs in all"))
        label = Text(self.field.accessibleName, "body")
        label.setBuddy(self.field)
        done = (
            tr("It has learned {count} steps so far.")
            if steps
            else tr("It has seen every row {count} times so far.")
        ).format(count=f"{now:,.0f}" if steps else short(now))
        stay = Button(lambda: tr("Leave it"))
        stay.clicked.connect(self.reject)
        go = Button(lambda: tr("Train longer"), "primary", "play")
        go.clicked.connect(self.accept)
        go.setDefault(True)
        about = tr(
            "It goes on from its last checkpoint. The learning rate follows the longer schedule."
        )
        self.hold(
            column(
                Text(lambda: tr("How far shall it go on?"), "section"),
                Text(f"{done} {about}", "body", "text2", wrap=True),
                row(label, self.field, None, gap=Space.m),
                Space.s,
                row(None, stay, go),
                gap=Space.s,
            )
        )
        self.field.setFocus()
        self.field.selectAll()

    def changes(self) -> dict[str, float]:
        """What changes in the run's recipe."""
        value = self.field.value()
        return {f"training.{self._setting}": int(value) if value.is_integer() else value}
