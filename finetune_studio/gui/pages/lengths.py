"""How long rows are in tokens, what a cut costs, and what rows cost with other tokenizers."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from finetune_studio.errors import StudioError
from finetune_studio.gui import amounts
from finetune_studio.gui.language import tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.histogram import Histogram
from finetune_studio.gui.widgets.layout import box, clear, column, laid_once, row
from finetune_studio.gui.widgets.meter import Track
from finetune_studio.gui.widgets.text import Text

if TYPE_CHECKING:
    from finetune_studio.tokens.compare import Compared
    from finetune_studio.tokens.lengths import Lengths

LENGTH, PACKING, BATCH = (
    "training.sequence_length",
    "training.packing",
    "training.batch_size",
)
BINS = 40
GAIN = 1.05  # times fewer places; less is not worth a word
AIR = 1.15  # times the longest row, so that the cut is seen where it cuts nothing
NAME, NUMBER = 96, 40


class LengthsCard(Card):
    """The histogram of lengths, the cut, and the length that is advised."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._lengths: Lengths | None = None
        self._figures = Text("", "caption", "text3")
        self._histogram, self._advice = Histogram(), column(gap=0)
        self._packing = Text("", "caption", "text2", wrap=True)
        self._advised = box(self._advice)
        head = row(Text(lambda: tr("Row lengths"), "section"), None, self._figures)
        parts = (head, self._histogram, self._advised, self._packing, None)
        self.hold(column(*parts, gap=Space.s))
        project.session.changed.connect(self._follow)

    def show_lengths(self, lengths: "Lengths") -> None:
        """Show other lengths."""
        self._lengths = lengths
        self._show()

    def _follow(self, changed: frozenset[str]) -> None:
        if changed & {LENGTH, PACKING, BATCH}:
            self._show()

    def _show(self) -> None:
        lengths = self._lengths
        if lengths is None:
            return
        cut = self._project.session.recipe.training.sequence_length
        self._figures.say(lambda: _figures(lengths))
        with laid_once(self._advised):
            self._advise(lengths, cut)
        self._packing.say(self._packing_words)
        self._draw(lengths, cut)

    def _draw(self, lengths: "Lengths", cut: int) -> None:
        upto = max(round(lengths.longest * AIR), 8)
        edges, rows = lengths.histogram(BINS, upto)
        words = tr("cut at {length}").format(length=amounts.whole(cut))
        self._histogram.show_rows(edges.tolist(), rows.tolist(), cut, words)
        self._histogram.setAccessibleName(tr("Row lengths"))
        self._histogram.setAccessibleDescription(_figures(lengths))

    def _packing_words(self) -> str:
        lengths, training = self._lengths, self._project.session.recipe.training
        if lengths is None or self._project.session.recipe.task.kind == "classify":
            return ""
        found = lengths.packing(training.sequence_length, training.batch_size)
        if not training.packing and found.gain < GAIN:
            words = tr("Packing would save nothing: {unpacked:.0%} of a batch is filled as it is.")
            return words.format(unpacked=found.filled_unpacked)
        words = (
            tr("Packed now: {rows} in {sequences}, {filled:.0%} of each is filled.")
            if training.packing
            else tr(
                "Packed, {rows} would fit into {sequences}: {gain:.1f} times fewer places to "
                "compute. Now {unpacked:.0%} of a batch is filled."
            )
        )
        return words.format(
            sequences=amounts.sequences(found.sequences),
            rows=amounts.rows(found.rows),
            filled=found.filled,
            unpacked=found.filled_unpacked,
            gain=found.gain,
        )

    def _advise(self, lengths: "Lengths", cut: int) -> None:
        clear(self._advice)
        outlook = self._project.facts.plan.outlook
        found = lengths.suggest(outlook.context if outlook else 0)
        lost = lengths.cut(cut).rows

        def title() -> str:
            if found.length == cut:
                return tr("{length} tokens suit these rows").format(length=amounts.whole(cut))
            if not lost:
                words = tr("{length} tokens are more than these rows need")
                return words.format(length=amounts.whole(cut))
            return tr("{rows} cut at {length} tokens").format(
                rows=amounts.rows(lost), length=amounts.whole(cut)
            )

        def fix() -> str:
            return tr("Set to {value}").format(value=amounts.whole(found.length))

        if found.length == cut:
            self._advice.addWidget(FindingBox("good", title, lambda: found.reason))
            return
        level = "warning" if lost else "advice"
        made = FindingBox(level, title, lambda: found.reason, fix)
        made.fix_pressed.connect(lambda: self._project.session.change({LENGTH: found.length}))
        self._advice.addWidget(made)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange and self._lengths is not None:
            self._draw(self._lengths, self._project.session.recipe.training.sequence_length)


def _figures(lengths: "Lengths") -> str:
    return tr("median {median} · 95 % have {high} at most · longest {longest} tokens").format(
        median=amounts.whole(lengths.quantile(0.5)),
        high=amounts.whole(lengths.quantile(0.95)),
        longest=amounts.whole(lengths.longest),
    )


class CompareCard(Card):
    """Tokens for each syllable, or character, of this model and of others on this disk.

    Attributes:
        more_asked: The person wants to compare with one more.
    """

    more_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._more = Button(lambda: tr("Compare with another …"), "link")
        self._more.clicked.connect(self.more_asked)
        self._wrong = column(gap=0)
        self._models: list[Compared] = []
        self._title, self._note = Text("", "section"), Text("", "caption", "text3", wrap=True)
        self._lines = column(gap=Space.s)
        self._ranked = box(self._lines)
        parts = (
            self._title,
            self._note,
            Space.xs,
            self._ranked,
            self._wrong,
            row(self._more, None),
        )
        self.hold(column(*parts, None, gap=Space.s))

    def show_models(self, models: "list[Compared]") -> None:
        """Show other tokenizers; the model's own comes first."""
        self._models = models
        clear(self._wrong)
        self._show()

    def trouble(self, error: StudioError) -> None:
        """Say why they could not be compared."""
        clear(self._wrong)
        detail = error.rest
        self._wrong.addWidget(FindingBox("error", error.title, detail))

    def _show(self) -> None:
        self._title.say(self._title_words)
        self._note.say(self._note_words)
        with laid_once(self._ranked):
            self._rank()

    @property
    def _by_syllable(self) -> bool:
        return all(each.tokens_per_syllable is not None for each in self._models)

    def _title_words(self) -> str:
        if not self._models:
            return ""
        return tr("Tokens per syllable") if self._by_syllable else tr("Tokens per character")

    def _note_words(self) -> str:
        if not self._models:
            return ""
        return tr(
            "On {rows} of your rows, without the template's control tokens, which the row "
            "lengths count. Fewer is faster and cheaper."
        ).format(rows=amounts.whole(self._models[0].rows))

    def _rank(self) -> None:
        clear(self._lines)
        if not self._models:
            return
        own, hangul = self._models[0], self._by_syllable
        ranked = [
            ((each.tokens_per_syllable if hangul else each.tokens_per_character) or 0.0, each)
            for each in self._models
        ]
        most = max((value for value, _ in ranked), default=1.0) or 1.0
        for value, each in sorted(ranked, key=lambda pair: pair[0]):
            alone = len(self._models) == 1
            self._lines.addWidget(_Line(each, value, most, own=each is own, alone=alone))
        if len(self._models) == 1:
            self._lines.addWidget(
                Text(
                    lambda: tr("Models that you download are compared here."),
                    "caption",
                    "text3",
                    wrap=True,
                )
            )


class _Line(QWidget):
    """One tokenizer; its words are said again, not made again, in another language."""

    def __init__(
        self, each: "Compared", value: float, most: float, *, own: bool, alone: bool
    ) -> None:
        super().__init__()
        self._compared, self._value, self._alone = each, value, alone
        short = each.model.rstrip("/").rsplit("/", 1)[-1]
        label = Text(short if len(short) <= 15 else short[:14] + "…", "strong" if own else "body")
        label.setToolTip(each.model)
        label.setFixedWidth(NAME)
        track = Track("accent" if own else "given", height=8)
        track.show_part(value / most)
        number = Text(f"{value:.2f}", "strong" if own else "body")
        number.setFixedWidth(NUMBER)
        line = row(label, track, number, gap=Space.s)
        line.setStretch(1, 1)
        self.setLayout(column(line, Text(self._cost, "caption", "text3"), gap=0))
        self._name()

    def _cost(self) -> str:
        row, cost = self._compared.tokens_per_row, self._compared.relative_cost
        if self._alone:
            return tr("{row:.1f} tokens a row").format(row=row)
        if cost == 1:
            return tr("{row:.1f} tokens a row, the fewest").format(row=row)
        return tr("{row:.1f} tokens a row, {cost:.2f} times the cheapest").format(
            row=row, cost=cost
        )

    def _name(self) -> None:
        self.setAccessibleName(f"{self._compared.model}: {self._value:.2f}, {self._cost()}")

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._name()
