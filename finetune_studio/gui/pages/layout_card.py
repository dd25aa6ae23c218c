"""How rows are laid out: the task, the shape that was recognised, which column plays which role."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from finetune_studio.errors import RefusedError
from finetune_studio.gui.choices import words
from finetune_studio.gui.language import tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Size, Space
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.choice import Segmented, Select
from finetune_studio.gui.widgets.layout import box, clear, column, laid_once, row
from finetune_studio.gui.widgets.text import Text

TASKS = ("chat", "text", "classify")
NONE = ""


def role_name(role: str) -> str:
    """What a role is called."""
    return {
        "messages": tr("Messages"),
        "tools": tr("Tools"),
        "conversations": tr("Conversation"),
        "system": tr("System prompt"),
        "instruction": tr("Instruction"),
        "input": tr("Input"),
        "output": tr("Answer"),
        "prompt": tr("Prompt"),
        "completion": tr("Completion"),
        "question": tr("Question"),
        "answer": tr("Answer"),
        "context": tr("Context"),
        "text": tr("Text"),
        "label": tr("Label"),
        "chosen": tr("Better answer"),
        "rejected": tr("Worse answer"),
    }[role]


class LayoutCard(Card):
    """The task, the shape and the columns."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        from finetune_studio.data.shapes import ROLES

        self._project, self._roles = project, ROLES
        self._task = Segmented([(kind, words(kind)) for kind in TASKS])
        self._task.edited.connect(lambda kind: self._change({"task.kind": kind}))
        shapes = [("auto", words("auto")), *((each, words(each)) for each in ROLES)]
        self._shape = Select(shapes)
        self._shape.edited.connect(
            lambda shape: self._change({"data.shape": shape, "data.mapping": {}})
        )
        self._why, self._wrong = Text("", "caption", "text3", wrap=True), Text("", "caption", "bad")
        self._columns = QGridLayout()
        self._columns.setContentsMargins(0, 0, 0, 0)
        self._columns.setHorizontalSpacing(Space.m)
        self._columns.setVerticalSpacing(Space.s)
        self._columns.setColumnMinimumWidth(0, Size.label)
        self._columns.setColumnMinimumWidth(2, Space.xl)
        self._columns.setColumnStretch(5, 1)
        self._grid = box(self._columns)
        self._shown: tuple[Any, ...] = ()
        self._selects: dict[str, Select] = {}
        self.hold(
            column(
                Text(lambda: tr("How the rows are laid out"), "section"),
                self._line(lambda: tr("Task"), self._task),
                self._line(lambda: tr("Shape"), self._shape),
                self._why,
                self._grid,
                self._wrong,
                gap=Space.s,
                pad=(16, 12, 16, 14),
            )
        )
        self.refresh()

    def refresh(self) -> None:
        """Show what is decided and what was recognised."""
        recipe, data = self._project.session.recipe, self._project.facts.data
        self._task.show_value(recipe.task.kind)
        self._task.setAccessibleName(tr("Task"))
        self._shape.show_value(recipe.data.shape)
        self._shape.setAccessibleName(tr("Shape"))
        self._wrong.say("")
        self._wrong.setVisible(False)
        self._why.say(lambda: self._reason())
        if data is None:
            return
        shown = (data.shape, data.columns, tuple(data.mapping.items()))
        if shown != self._shown:
            self._shown = shown
            with laid_once(self._grid):
                self._show_columns(data.shape, data.columns, dict(data.mapping))

    def reveal(self, path: str) -> None:
        """Give the keyboard to what edits a setting."""
        place: QWidget = self._task if path == "task.kind" else self._shape
        if path == "data.mapping" and self._selects:
            place = next(iter(self._selects.values()))
        place.setFocus(Qt.FocusReason.TabFocusReason)

    def _reason(self) -> str:
        data = self._project.facts.data
        if data is None:
            return ""
        if self._project.session.recipe.data.shape != "auto":
            return data.why
        return tr("Recognised as {shape}: {why}").format(shape=words(data.shape)(), why=data.why)

    def _show_columns(self, shape: str, columns: tuple[str, ...], mapping: dict[str, str]) -> None:
        clear(self._columns)
        self._selects.clear()
        needed, optional = self._roles[shape]
        for index, role in enumerate((*needed, *optional)):
            # Those that are needed stand at the left, the others beside them.
            beside = index >= len(needed)
            line, at = (index - len(needed), 3) if beside else (index, 0)
            nothing = (lambda: tr("– choose –")) if role in needed else (lambda: tr("none"))
            select = Select([(NONE, nothing), *((each, each) for each in columns)])
            select.show_value(mapping.get(role, NONE))
            select.setAccessibleName(role_name(role))
            select.edited.connect(lambda column, role=role: self._map(role, column))
            label = Text(lambda role=role: role_name(role))  # type: ignore[misc]
            label.setBuddy(select)
            self._columns.addWidget(label, line, at)
            self._columns.addWidget(select, line, at + 1)
            self._selects[role] = select

    def _map(self, role: str, name: object) -> None:
        data = self._project.facts.data
        if data is not None:
            known = {**data.mapping, **self._project.session.recipe.data.mapping}
            self._change({"data.shape": data.shape, "data.mapping": known | {role: str(name)}})

    def _change(self, changes: dict[str, Any]) -> None:
        try:
            self._project.session.change(changes)
        except RefusedError as error:
            self._wrong.say(str(error))
            self._wrong.setVisible(True)

    @staticmethod
    def _line(label: Any, control: QWidget) -> Any:
        text = Text(label)
        text.setFixedWidth(Size.label)
        text.setBuddy(control)
        return row(text, control, None, gap=Space.m)
