"""Asks for a dataset of the Hub: its name, then which of its configurations and splits."""

from PySide6.QtWidgets import QWidget
from typing_extensions import override

from finetune_studio.errors import StudioError
from finetune_studio.gui import apart
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.language import tr
from finetune_studio.gui.tokens import Size, Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.choice import Select
from finetune_studio.gui.widgets.dialog import Sheet
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import box, clear, column, row
from finetune_studio.gui.widgets.line import Line
from finetune_studio.gui.widgets.text import Text

KEY = "hub dataset"
WIDTH = 520


class HubDialog(Sheet):
    """The question.

    Attributes:
        name: The dataset that was chosen, as a recipe names it.
    """

    def __init__(self, parent: QWidget, jobs: Jobs) -> None:
        super().__init__(parent, tr("A dataset of the Hub"), WIDTH)
        self._jobs, self._choices = jobs, dict[str, tuple[str, ...]]()
        self._repo = self._config = self._split = self.name = ""
        self.field = Line(lambda: tr("owner/name"))
        self.field.setAccessibleName(tr("Name of the dataset"))
        self.field.textEdited.connect(lambda _: self._forget())
        self.field.returnPressed.connect(self._look)
        self.look = Button(lambda: tr("Look it up"), glyph="search")
        self.look.clicked.connect(self._look)
        self._said, self._selects = column(gap=Space.s), column(gap=Space.s)
        self.take = Button(lambda: tr("Use this dataset"), "primary")
        self.take.setEnabled(False)
        self.take.clicked.connect(self.accept)
        leave = Button(lambda: tr("Go back"))
        leave.clicked.connect(self.reject)
        line = row(self.field, self.look, gap=Space.s)
        line.setStretch(0, 1)
        asked = tr(
            "Its name as on the page of the dataset. The data is downloaded when you use it; no "
            "code from there is run."
        )
        self.hold(
            column(
                Text(lambda: tr("Which dataset of the Hub?"), "section"),
                Text(asked, "body", "text2", wrap=True),
                box(line),
                box(self._said),
                box(self._selects),
                Space.s,
                box(row(None, leave, self.take)),
                gap=Space.s,
            )
        )

    def _look(self) -> None:
        from finetune_studio.data import hub

        repo = self.field.text().strip().removeprefix(hub.PREFIX)
        if not repo:
            return
        self._forget()
        self._repo = repo
        self.look.setEnabled(False)
        self._say(Text(lambda: tr("Looking it up …"), "caption", "text3"))
        self._jobs.run(KEY, lambda: apart.VIEWS.do(KEY, hub.choices, repo), self._know, self._fail)

    def _know(self, choices: dict[str, tuple[str, ...]]) -> None:
        self._choices = choices
        self.look.setEnabled(True)
        clear(self._said)
        self._choose_config(next(iter(choices)))
        self.take.setEnabled(True)
        self.take.setFocus()

    def _fail(self, error: StudioError) -> None:
        self.look.setEnabled(True)
        words = error.rest
        self._say(FindingBox("error", error.title, words))

    def _choose_config(self, config: object) -> None:
        self._config = str(config)
        splits = self._choices[self._config]
        self._split = "train" if "train" in splits else splits[0]
        clear(self._selects)
        self._add(lambda: tr("Configuration"), tuple(self._choices), self._config, "_config")
        self._add(lambda: tr("Split"), splits, self._split, "_split")

    def _add(self, label: object, names: tuple[str, ...], value: str, part: str) -> None:
        select = Select([(each, each) for each in names])
        select.show_value(value)
        words = Text(label)  # type: ignore[arg-type]
        select.setAccessibleName(words.plain)
        words.setFixedWidth(Size.label)
        words.setBuddy(select)
        if part == "_config":
            select.edited.connect(self._choose_config)
        else:
            select.edited.connect(lambda split: setattr(self, "_split", str(split)))
        self._selects.addWidget(box(row(words, select, None, gap=Space.m)))

    def _forget(self) -> None:
        self._jobs.forget(KEY)
        apart.VIEWS.drop(KEY)
        self.look.setEnabled(True)
        self.take.setEnabled(False)
        clear(self._said)
        clear(self._selects)

    def _say(self, widget: QWidget) -> None:
        clear(self._said)
        self._said.addWidget(widget)

    @override
    def done(self, result: int) -> None:
        from finetune_studio.data import hub

        self._jobs.forget(KEY)
        apart.VIEWS.drop(KEY)
        self.name = f"{hub.PREFIX}{self._repo}:{self._config}:{self._split}"
        super().done(result)
