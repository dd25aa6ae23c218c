"""The rows in another shape, as a file of the person's own."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from finetune_studio.errors import StudioError
from finetune_studio.gui import amounts, apart
from finetune_studio.gui.choices import words
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.choice import Segmented, Select
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import box, clear, column, row, show_part
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.schema import Data

ENDINGS = (".jsonl", ".json", ".csv", ".parquet")


class ConvertCard(Card):
    """Shape, format, and the button that saves."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._targets: tuple[str, ...] = ()
        self._to, self._ending = "messages", ENDINGS[0]
        self._place, self._said = row(gap=Space.s), column(gap=Space.s)
        ending = Segmented([(each, each.removeprefix(".").upper()) for each in ENDINGS])
        ending.show_value(self._ending)
        ending.edited.connect(lambda chosen: setattr(self, "_ending", str(chosen)))
        self._format = ending
        self.save = Button(lambda: tr("Save as …"), glyph="save")
        self.save.clicked.connect(self._ask)
        self._note = Text(self._note_words, "caption", "text3", wrap=True)
        line = row(box(self._place), ending, self.save, None, gap=Space.m)
        title = Text(lambda: tr("Save in another shape"), "section")
        body = column(title, self._note, line, box(self._said), gap=Space.s, pad=(16, 12, 16, 14))
        self.hold(body)
        self.hide()  # until the rows are known
        self.refresh()

    def refresh(self) -> None:
        """Offer what the rows can become."""
        data = self._project.facts.data
        if data is None:
            return
        self._note.refresh()
        self._format.setAccessibleName(tr("Format"))
        show_part(self, bool(data.targets))
        if data.targets and data.targets != self._targets:
            self._targets = data.targets
            self._offer()

    def _offer(self) -> None:
        clear(self._place)
        self._to = self._to if self._to in self._targets else self._targets[0]
        select = Select([(each, _name(each)) for each in self._targets])
        select.show_value(self._to)
        select.setAccessibleName(tr("Shape"))
        select.edited.connect(lambda chosen: setattr(self, "_to", str(chosen)))
        self._place.addWidget(select)

    def _note_words(self) -> str:
        if self._project.session.recipe.data.fixes:
            return tr("A new file with the applied steps in it; yours stay as they are.")
        return tr("A new file; yours stay as they are.")

    def _ask(self) -> None:
        files = self._project.session.recipe.data.files
        first = Path(files[0])
        place = first.parent if first.parent.is_dir() else Path.home()
        start = place / f"{first.stem or 'data'}_{self._to}{self._ending}"
        name, _ = QFileDialog.getSaveFileName(
            self,
            tr("Save in another shape"),
            str(start),
            f"{self._ending.removeprefix('.').upper()} (*{self._ending})",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if name:
            self.write(Path(name))

    def write(self, out: Path, *, skip: bool = False, good_only: bool = False) -> None:
        """Write the rows to a new file, away from the window's thread."""
        data, to = self._project.session.recipe.data, self._to
        out = out if out.suffix.lower() in ENDINGS else Path(f"{out}{self._ending}")
        self.save.setEnabled(False)
        self._say(Text(lambda: tr("Writing …"), "caption", "text3"))
        self._project.jobs.run(
            "convert",
            lambda: apart.CHECKS.do("convert", written, data, to, out, skip, good_only),
            lambda told: self._tell(*told, out),
            lambda error: self._fail(error, out),
        )

    def _tell(self, rows: int, left_out: list[tuple[int, str]], out: Path) -> None:
        self.save.setEnabled(True)
        title = tr("{rows} are in {name}").format(rows=amounts.rows(rows), name=out.name)
        parts = [
            tr("{rows} left out: {why}.").format(rows=amounts.rows(count), why=why)
            for count, why in left_out
        ]
        self._say(FindingBox("good", title, " ".join((str(out.parent), *parts))))

    def _fail(self, error: StudioError, out: Path) -> None:
        self.save.setEnabled(True)
        way = str(getattr(error, "way", ""))  # a LossError says which loss would have to be taken
        fixes: dict[str, Words] = {
            "skip": lambda: tr("Leave these rows out"),
            "good_only": lambda: tr("Write the good answers alone"),
        }
        detail = error.detail if way else error.rest
        box_ = FindingBox("warning" if way else "error", error.title, detail, fixes.get(way, ""))
        box_.fix_pressed.connect(
            lambda: self.write(out, skip=way == "skip", good_only=way == "good_only")
        )
        self._say(box_)

    def _say(self, widget: FindingBox | Text) -> None:
        clear(self._said)
        self._said.addWidget(widget)


def written(
    data: Data, to: str, out: Path, skip: bool, good_only: bool
) -> tuple[int, list[tuple[int, str]]]:
    """Write the rows; how many there are now, and how many were left out for which reason.

    Raises:
        LossError: Something would be lost.
        StudioError: They cannot be read or written.
    """
    from finetune_studio.data.saving import save_rows

    made = save_rows(data, to, out, skip=skip, good_only=good_only)
    return made.rows, [(each.count, each.reason) for each in made.left_out]


def _name(shape: str) -> Words:
    return "ChatML" if shape == "chatml" else words(shape)
