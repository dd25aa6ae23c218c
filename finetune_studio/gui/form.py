"""A form made from the declarations of the recipe's settings. Knows no setting by name.

The rows are made one after another, and the window lives between two of them.
"""

from collections.abc import Callable, Iterator, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from finetune_studio.gui.field import Advising, FieldRow
from finetune_studio.gui.session import Session
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.turns import later
from finetune_studio.gui.widgets.layout import column
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.fields import Described
from finetune_studio.recipe.findings import Finding


class Group(QWidget):
    """A heading, and the rows that are made of its settings."""

    def __init__(self, title: Callable[[], str], settings: list[Described]) -> None:
        super().__init__()
        self.settings = settings
        self._rows = column(Text(title, "section"), gap=Space.l)
        self.setLayout(self._rows)

    def put(self, row_: FieldRow, after: int) -> None:
        """Put a row under so many others."""
        self._rows.insertWidget(after + 1, row_)


class Rows(Mapping[str, FieldRow]):
    """A form's rows by the paths of their settings, made in their order: Tab follows that.

    To ask for one makes it, and those before it.

    Attributes:
        made: Those that are there.
    """

    def __init__(self, groups: list[Group], make: Callable[[Described], FieldRow]) -> None:
        self._settings = {each.path: each for group in groups for each in group.settings}
        self._make = make
        self.made: dict[str, FieldRow] = {}

    @override
    def __getitem__(self, path: str) -> FieldRow:
        if path not in self._settings:
            raise KeyError(path)
        for each, setting in self._settings.items():
            if path in self.made:
                break
            if each not in self.made:
                self.made[each] = self._make(setting)
        return self.made[path]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._settings)

    @override
    def __len__(self) -> int:
        return len(self._settings)

    @override
    def __contains__(self, path: object) -> bool:
        return path in self._settings


class Form(QWidget):
    """Rows under headings, the basic ones or all; it follows the session.

    Attributes:
        advanced_changed: Whether all rows are shown now.
    """

    advanced_changed = Signal(bool)

    def __init__(
        self,
        session: Session,
        groups: list[tuple[Callable[[], str], list[Described]]],
        findings: Callable[[], list[Finding]] | None = None,
        advise: Advising = None,
    ) -> None:
        """Make a form.

        Args:
            session: What it edits.
            groups: The headings, and the settings under each.
            findings: What there is to say of them; the recipe's own findings where it is left out.
            advise: What is advised for a setting; by the recipe alone where it is left out.
        """
        super().__init__()
        self._session, self._advanced = session, False
        self._findings = findings or session.findings
        self._advise, self._narrow = advise, False
        layout = column(gap=Space.xl)
        self._groups = [Group(title, settings) for title, settings in groups]
        for each in self._groups:
            layout.addWidget(each)
        self.rows = Rows(self._groups, self._make)
        layout.addStretch(1)
        self.setLayout(layout)
        session.changed.connect(self._follow)
        self._show()
        later(self, self._make_next)

    def show_advanced(self, advanced: bool) -> None:
        """Show every row, or the basic ones alone."""
        if advanced != self._advanced:
            self._advanced = advanced
            self._show()
            self.advanced_changed.emit(advanced)

    def stand(self, *, narrow: bool) -> None:
        """Make room where there is little width."""
        self._narrow = narrow
        for each in self.rows.made.values():
            each.stand(narrow=narrow)

    def count(self, level: str = "") -> int:
        """How many rows there are now, of one level or in all."""
        return sum(
            self._session.has(each.path) and level in ("", each.about["level"])
            for group in self._groups
            for each in group.settings
        )

    def reveal(self, path: str) -> bool:
        """Bring a setting into view and give it the keyboard; False where it is not here."""
        if path not in self.rows or not self._session.has(path):
            return False
        if self.rows[path].isHidden():
            self.show_advanced(True)
        self.rows[path].controls[-1].setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def _follow(self, paths: frozenset[str]) -> None:
        kinds = {"method.kind", "model.source", "task.kind"}
        for path, each in self.rows.made.items():
            if path in paths or paths & kinds:
                each.refresh()
        self._show()

    def show_findings(self) -> None:
        """Show what there is to say now, each beside its setting."""
        self._show()

    def _show(self) -> None:
        found = self._findings()
        for group in self._groups:
            wanted = [each for each in group.settings if self._is_wanted(each, found)]
            for each in group.settings:
                if each.path in self.rows.made:
                    made = self.rows[each.path]
                    made.show_findings(one for one in found if one.where == each.path)
                    made.setVisible(each in wanted)
            group.setVisible(bool(wanted))

    def _is_wanted(self, setting: Described, found: list[Finding]) -> bool:
        """Whether a setting is shown: it is there, and basic, asked for, or in the way."""
        wrong = any(each.where == setting.path and each.level == "error" for each in found)
        wanted = self._advanced or setting.about["level"] == "basic" or wrong
        return wanted and self._session.has(setting.path)

    def _make(self, setting: Described) -> FieldRow:
        """Make a setting's row, and put it where it belongs."""
        made = FieldRow(self._session, setting, self._advise)
        made.stand(narrow=self._narrow)
        found = self._findings()
        made.show_findings(each for each in found if each.where == setting.path)
        group = next(each for each in self._groups if setting in each.settings)
        before = group.settings[: group.settings.index(setting)]
        group.put(made, sum(each.path in self.rows.made for each in before))
        made.setVisible(self._is_wanted(setting, found))
        return made

    def _make_next(self) -> None:
        """Make the next row, and let the window live before another one."""
        missing = [path for path in self.rows if path not in self.rows.made]
        if missing:
            _ = self.rows[missing[0]]
        if len(missing) > 1:
            later(self, self._make_next)
