"""The list to choose a model from: search, filters, order, the GPU to compare on, the table.

The same for the catalogue and for the Hub; what differs is where the rows come from.
"""

from collections.abc import Callable, Sequence
from typing import get_args

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.model_rows import Key, Row, Wanted
from finetune_studio.gui.pages.model_table import LARGEST_FIRST, ModelTable, column_title
from finetune_studio.gui.tokens import Size, Space
from finetune_studio.gui.widgets.choice import Select
from finetune_studio.gui.widgets.layout import box, column, row
from finetune_studio.gui.widgets.table_filter import FilterChip, SearchLine
from finetune_studio.gui.widgets.text import Text
from finetune_studio.hardware.gpus import accelerators

HEAD = 33  # pixels of the table's own
RESTS = 180  # milliseconds after the last key


class ModelList(QWidget):
    """Rows, and what narrows them down.

    Attributes:
        searched: What is looked for, a moment after the last key.
        gpu_asked: The GPU that the person wants to compare on; empty for this machine.
    """

    searched = Signal(str)
    gpu_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._machine, self._on_gpu = "", False
        self.table = ModelTable()
        self.table.setMinimumHeight(HEAD + 4 * Size.row)  # whole rows, and room for a finding
        self.field = SearchLine(lambda: tr("Name, maker or Hub address"))
        self.field.setMinimumWidth(170)
        self.field.setMaximumWidth(320)
        self._rest = QTimer(self, singleShot=True, interval=RESTS)
        self._rest.timeout.connect(self._search)
        self.field.textChanged.connect(lambda _: self._rest.start())
        self.field.returnPressed.connect(self._search_now)
        self._chips = {
            "commercial": FilterChip(lambda: tr("Commercial use")),
            "korean": FilterChip(lambda: tr("Korean native")),
            "fits": FilterChip(lambda: tr("Fits with LoRA")),
            "on_disk": FilterChip(lambda: tr("On disk")),
        }
        for chip in self._chips.values():
            chip.edited.connect(self._filter)
        self._count = Text("", "caption", "text3")
        self._order = Select([(key, _order_words(key)) for key in get_args(Key)])
        self._order.edited.connect(self._sort)
        self.gpu = Select([("", self._here), *_gpus()])
        self.gpu.edited.connect(lambda name: self.gpu_asked.emit(str(name)))
        self._place = Text(self._place_words, "caption", "text3")
        self.table.sorted.connect(lambda key, _: self._order.show_value(key))
        self._order.show_value("suits")
        self.table.show_sorted("suits", descending=True)
        self._lay()
        self._name()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows under the same search and filters."""
        self.table.show_rows(rows)
        self._tell()

    def show_machine(self, name: str, *, known: bool) -> None:
        """Say what this machine has: its GPU, or none."""
        self._machine, self._on_gpu = name, bool(name)
        if known:
            self.gpu.setItemText(0, self._here())
            self._place.say(self._place_words)

    def show_gpu(self, name: str) -> None:
        """Show the GPU that is compared on."""
        self.gpu.show_value(name)
        self._place.say(self._place_words)

    def _lay(self) -> None:
        filters = row(self.field, *self._chips.values(), None, self._count, gap=6)
        filters.setStretch(0, 1)
        place = row(self._place, self.gpu, None, self._order, gap=Space.s)
        body = column(box(filters), box(place), self.table, gap=Space.s)
        body.setStretch(2, 1)
        self.setLayout(body)

    def _search_now(self) -> None:
        self._rest.stop()
        self._search()

    def _search(self) -> None:
        self._filter()
        self.searched.emit(self.field.text().strip())

    def _filter(self, _: object = None) -> None:
        chosen = {name: chip.isChecked() for name, chip in self._chips.items()}
        self.table.show_wanted(Wanted(text=self.field.text(), **chosen))
        self._tell()

    def _sort(self, key: object) -> None:
        found: Key = key  # type: ignore[assignment]
        self.table.show_sorted(found, descending=found in LARGEST_FIRST)

    def _tell(self) -> None:
        self._count.say(self._count_words)

    def _count_words(self) -> str:
        shown, all_rows = self.table.rows.rowCount(), self.table.rows.count
        return tr("{shown} of {all}").format(shown=f"{shown:,}", all=f"{all_rows:,}")

    def _here(self) -> str:
        if self._machine:
            return tr("this machine: {gpu}").format(gpu=self._machine)
        return tr("this machine's processor")

    def _place_words(self) -> str:
        if self._on_gpu or self.gpu.currentIndex() > 0:
            return tr("Check fit for")
        return tr("No GPU here. Check fit for")

    def _name(self) -> None:
        self.field.setAccessibleName(tr("Search models"))
        self.gpu.setAccessibleName(tr("GPU to check the fit for"))
        self._order.setAccessibleName(tr("Order of the models"))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._name()
            self.table.viewport().update()


def _gpus() -> list[tuple[str, str]]:
    """NVIDIA's GPUs, the smallest memory first: the trainer runs on no others."""
    found = [each for each in accelerators() if each.kind == "nvidia"]
    return [(each.name, each.name) for each in sorted(found, key=lambda each: each.memory_bytes)]


def _order_words(key: Key) -> Callable[[], str]:
    if key == "suits":
        return lambda: tr("What fits first, Korean first")
    if key == "korean":
        return lambda: tr("Korean first, newest first")
    return lambda: tr("By: {column}").format(column=column_title(key))
