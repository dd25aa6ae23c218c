"""How long rows are in tokens, what a cut costs, and what rows cost with other tokenizers."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QHBoxLayout
from typing_extensions import override

from finetune_studio.gui import amounts
from finetune_studio.gui.language import tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.histogram import Histogram
from finetune_studio.gui.widgets.layout import clear, column, row
from finetune_studio.gui.widgets.meter import Track
from finetune_studio.gui.widgets.text import Text

if TYPE_CHECKING:
    from finetune_studio.tokens.compare import Compared
    from finetune_studio.tokens.lengths import Lengths

LENGTH = "training.sequence_length"
BINS = 40
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
        head = row(Text(lambda: tr("Row lengths"), "section"), None, self._figures)
        self.hold(column(head, self._histogram, self._advice, None, gap=Space.s))
        project.session.changed.connect(self._follow)

    def show_lengths(self, lengths: "Lengths") -> None:
        """Show other lengths."""
        self._lengths = lengths
        self._show()

    def _follow(self, changed: frozenset[str]) -> None:
        if LENGTH in changed:
            self._show()

    def _show(self) -> None:
        lengths = self._lengths
        if lengths is None:
            return
        cut = self._project.session.recipe.training.sequence_length
        upto = max(round(lengths.longest * AIR), 8)
        edges, rows = lengths.histogram(BINS, upto)
        words = tr("cut at {length}").format(length=amounts.whole(cut))
        self._histogram.show_rows(edges.tolist(), rows.tolist(), cut, words)
        said = tr("median {median} · 95 % {high} · longest {longest} tokens").format(
            median=amounts.whole(lengths.quantile(0.5)),
            high=amounts.whole(lengths.quantile(0.95)),
            longest=amounts.whole(lengths.longest),
        )
        self._figures.say(said)
        self._histogram.setAccessibleName(tr("Row lengths"))
        self._histogram.setAccessibleDescription(said)
        self._advise(lengths, cut)

    def _advise(self, lengths: "Lengths", cut: int) -> None:
        clear(self._advice)
        outlook = self._project.facts.plan.outlook
        found = lengths.suggest(outlook.context if outlook else 0)
        lost = lengths.cut(cut)
        if found.length == cut:
            title = tr("{length} tokens suit these rows").format(length=amounts.whole(cut))
            self._advice.addWidget(FindingBox("good", title, found.reason))
            return
        title = (
            tr("{rows} rows are cut at {length} tokens").format(
                rows=amounts.whole(lost.rows), length=amounts.whole(cut)
            )
            if lost.rows
            else tr("{length} tokens are more than these rows need").format(
                length=amounts.whole(cut)
            )
        )
        fix = tr("Set to {value}").format(value=amounts.whole(found.length))
        made = FindingBox("warning" if lost.rows else "advice", title, found.reason, fix)
        made.fix_pressed.connect(lambda: self._project.session.change({LENGTH: found.length}))
        self._advice.addWidget(made)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._show()


class CompareCard(Card):
    """Tokens for each syllable, or character, of this model and of others on this disk."""

    def __init__(self) -> None:
        super().__init__()
        self._models: list[Compared] = []
        self._title, self._note = Text("", "section"), Text("", "caption", "text3", wrap=True)
        self._lines = column(gap=Space.s)
        self.hold(column(self._title, self._note, Space.xs, self._lines, None, gap=Space.s))

    def show_models(self, models: "list[Compared]") -> None:
        """Show other tokenizers; the model's own comes first."""
        self._models = models
        self._show()

    def _show(self) -> None:
        clear(self._lines)
        if not self._models:
            return
        hangul = all(each.tokens_per_syllable is not None for each in self._models)
        self._title.say(tr("Tokens per syllable") if hangul else tr("Tokens per character"))
        self._note.say(
            tr("On {rows} of your rows. Fewer is faster and cheaper.").format(
                rows=amounts.whole(self._models[0].rows)
            )
        )
        own = self._models[0]
        cost = {
            each.model: each.tokens_per_syllable if hangul else each.tokens_per_character
            for each in self._models
        }
        most = max((value or 0.0 for value in cost.values()), default=1.0) or 1.0
        for name, value in sorted(cost.items(), key=lambda pair: pair[1] or 0.0):
            self._lines.addLayout(_line(name, value or 0.0, most, own=name == own.model))
        if len(self._models) == 1:
            self._lines.addWidget(
                Text(
                    lambda: tr("Models that you download are compared here."),
                    "caption",
                    "text3",
                    wrap=True,
                )
            )

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._show()


def _line(name: str, value: float, most: float, *, own: bool) -> QHBoxLayout:
    short = name.rstrip("/").rsplit("/", 1)[-1]
    label = Text(short if len(short) <= 15 else short[:14] + "…", "strong" if own else "body")
    label.setToolTip(name)
    label.setFixedWidth(NAME)
    track = Track("accent" if own else "given", height=8)
    track.show_part(value / most)
    number = Text(f"{value:.2f}", "strong" if own else "body")
    number.setFixedWidth(NUMBER)
    line = row(label, track, number, gap=Space.s)
    line.setStretch(1, 1)
    return line
