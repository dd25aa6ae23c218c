"""The models that were downloaded: how much room each takes, using one, removing one."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from finetune_studio.catalog import disk
from finetune_studio.catalog.disk import Kept
from finetune_studio.errors import StudioError
from finetune_studio.gui import amounts
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.dialog import Answer, Ask
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import Rule, box, clear, column, row
from finetune_studio.gui.widgets.notice import empty_state
from finetune_studio.gui.widgets.text import Text


class KeptModels(QWidget):
    """The Hub's cache, read when it is shown.

    Attributes:
        use_asked: The Hub id of a model that is to be used.
        removed: The Hub id of a model that is gone.
    """

    use_asked = Signal(str)
    removed = Signal(str)

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._said, self._list = column(gap=Space.s), column(gap=0)
        self.setLayout(column(self._said, self._list, None, gap=Space.m))

    def look(self) -> None:
        """Read the cache again."""
        self._project.jobs.run("kept", disk.kept, self.show_kept, self._tell_error)

    def show_kept(self, found: list[Kept]) -> None:
        """Show what the cache holds."""
        clear(self._list)
        if not found:
            empty = empty_state(
                "package",
                lambda: tr("No model is downloaded yet"),
                lambda: tr(
                    "Models that you download from the catalogue or the Hub stand here, with the "
                    "room that they take."
                ),
            )
            self._list.addWidget(Card(column(empty, pad=Space.xl), fill="canvas"))
            return
        total = sum(each.size for each in found)
        lines = column(gap=Space.s, pad=(16, 12, 16, 12))
        head = Text(
            lambda: tr("{size} in all, in the Hub's cache").format(size=amounts.size(total)),
            "caption",
            "text3",
        )
        lines.addWidget(head)
        for each in found:
            lines.addWidget(Rule())
            lines.addWidget(self._line(each))
        self._list.addWidget(Card(lines))

    def _line(self, each: Kept) -> QWidget:
        use = Button(lambda: tr("Use"), name=lambda: tr("Use {name}").format(name=each.id))
        use.clicked.connect(lambda: self.use_asked.emit(each.id))
        drop = Button(
            lambda: tr("Remove …"), "quiet", name=lambda: tr("Remove {name}").format(name=each.id)
        )
        drop.clicked.connect(lambda: self._ask(each), Qt.ConnectionType.QueuedConnection)
        about = column(
            Text(each.id, "strong", wrap=True),
            Text(lambda: _about(each), "caption", "text3"),
            gap=2,
        )
        line = row(box(about), drop, use, gap=Space.s)
        line.setStretch(0, 1)
        return box(line)

    def _ask(self, each: Kept) -> None:
        asked = Ask(
            self.window(),
            lambda: tr("Remove {name} from this disk?").format(name=each.id),
            lambda: tr(
                "{size} become free. Projects that use it download it again when they train."
            ).format(size=amounts.size(each.size)),
            Answer("keep", lambda: tr("Keep it")),
            [Answer("remove", lambda: tr("Remove it"), "danger")],
        )
        answer = asked.ask()
        asked.deleteLater()
        if answer == "remove":
            self.remove(each.id)

    def remove(self, model: str) -> None:
        """Remove a model, away from the window's thread."""

        def gone(freed: int) -> None:
            text = amounts.size(freed)
            self._tell("good", lambda: tr("{size} are free again.").format(size=text))
            self.removed.emit(model)
            self.look()

        self._project.jobs.run("remove", lambda: disk.remove(model), gone, self._fail)

    def _fail(self, error: StudioError) -> None:
        self._tell_error(error)
        self.look()

    def _tell_error(self, error: StudioError) -> None:
        self._tell("warning", error.title, error.rest)

    def _tell(self, level: str, title: Words, detail: str = "") -> None:
        clear(self._said)
        self._said.addWidget(FindingBox(level, title, detail))


def _about(each: Kept) -> str:
    parts = [amounts.size(each.size)]
    if each.halves:
        parts.append(tr("{size} of it unfinished").format(size=amounts.size(each.halves)))
    if each.used:
        parts.append(tr("last used {when}").format(when=amounts.day(each.used)))
    return " · ".join(parts)
