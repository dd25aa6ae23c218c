"""What the choice of a model means: what it is, what its licence allows, whether it fits here."""

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtWidgets import QBoxLayout, QWidget

from finetune_studio.catalog.entries import sources
from finetune_studio.catalog.licences import licence
from finetune_studio.catalog.resolve import DEMO
from finetune_studio.errors import StudioError
from finetune_studio.gui import amounts
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.opening import open_outside
from finetune_studio.gui.pages import model_words as words
from finetune_studio.gui.pages.model_facts import facts
from finetune_studio.gui.pages.model_rows import Row
from finetune_studio.gui.plan import plan_of
from finetune_studio.gui.project import Project
from finetune_studio.gui.theme import font
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import Rule, box, clear, column, row, show_part
from finetune_studio.gui.widgets.memory_bar import MemoryBar
from finetune_studio.gui.widgets.text import Text
from finetune_studio.hardware.estimate import Estimate
from finetune_studio.hardware.pace import ROWS, TOKENS
from finetune_studio.recipe.store import with_changes

HUB = "https://huggingface.co/"
SIDE = 18  # pixels at its sides
LOW = 800  # pixels of the window; a lower one needs every line for the table
BESIDE, STACKED = (8, 0, 12, 0, 8, 0, 0), (0, 0, 0, 0, 0, 0, 1)
"""Shares of the parts, the rules between them, the strut and what is left, in both directions."""
TALLEST = 180  # pixels that are kept for the tallest of what is looked at


class Details(Card):
    """The model that is looked at.

    Attributes:
        use_asked: The row that is to be used, and whether its own code may run.
        download_asked: The row that is to be downloaded.
        gate_asked: The row whose maker asks for permission.
    """

    use_asked = Signal(object, bool)
    download_asked = Signal(object)
    gate_asked = Signal(object)

    def __init__(self, project: Project) -> None:
        super().__init__(fill="canvas", name=lambda: tr("About this model"))
        self._project = project
        self._row: Row | None = None
        self._busy, self._key = False, f"details {id(self)}"
        self._upright, self._whole = False, False
        self._fine: list[QWidget] = []
        self._more = Button(lambda: tr("Less") if self._whole else tr("More"), "quiet")
        self._more.clicked.connect(self._turn)
        self._name, self._source = (
            Text("", "section", wrap=True),
            Text("", "mono", "text3", wrap=True),
        )
        self._actions = row(gap=Space.s)
        named = box(column(self._name, self._source, gap=0))
        self._acting = box(self._actions)
        self._head = row(named, self._more, self._acting, gap=Space.s)
        self._head.setStretch(0, 1)
        self._warning, self._rule = column(gap=0), Rule()
        self._about, self._licence, self._fit = (column(gap=5) for _ in range(3))
        self._rules = (Rule(vertical=True), Rule(vertical=True))
        self._line, self._strut = row(gap=20), QWidget()
        self._strut.setFixedSize(0, 0)
        for part, share in ((self._about, 8), (self._licence, 12), (self._fit, 8)):
            if self._line.count():
                self._line.addWidget(self._rules[self._line.count() // 2])
            self._line.addWidget(box(part), share)
        self._line.addWidget(self._strut)
        self._line.addStretch(0)
        body = column(
            box(self._head),
            self._warning,
            self._rule,
            box(self._line),
            gap=Space.m,
            pad=(SIDE, 14, SIDE, 14),
        )
        body.setStretch(3, 1)
        self.hold(body)

    @property
    def shown(self) -> Row | None:
        """The model that is looked at."""
        return self._row

    def stand_upright(self, upright: bool) -> None:
        """Put the parts one under the other, for the place beside a table."""
        way = QBoxLayout.Direction.TopToBottom if upright else QBoxLayout.Direction.LeftToRight
        self._line.setDirection(way)
        self._head.setDirection(way)
        left = Qt.AlignmentFlag.AlignLeft if upright else Qt.AlignmentFlag(0)
        self._head.setAlignment(self._acting, left)
        for index, share in enumerate(STACKED if upright else BESIDE):
            self._line.setStretch(index, share)
        for rule in self._rules:
            rule.setVisible(not upright)
        self._upright = upright
        self._show_fine()

    def _turn(self) -> None:
        self._whole = not self._whole
        self._show_fine()

    def _show_fine(self) -> None:
        """Show the small print where there is room for it, or where it is asked for."""
        self._more.setVisible(bool(self._fine) and not self._upright)
        self._more.say(lambda: tr("Less") if self._whole else tr("More"))
        self._more.show_glyph("chevron-down" if self._whole else "chevron-right")
        for each in self._fine:
            each.setVisible(self._whole or self._upright)

    def show_row(self, shown: Row | None, *, downloading: bool = False) -> None:
        """Show another model, or that none is looked at."""
        self._row, self._busy = shown, downloading
        show_part(self, shown is not None)
        self._project.jobs.forget(self._key)
        for part in (self._actions, self._warning, self._about, self._licence, self._fit):
            clear(part)
        self._fine.clear()
        if shown is None:
            return
        self._name.say(shown.name)
        self._source.say(_where(shown))
        self._source.setFont(font("caption" if shown.source == DEMO else "mono"))
        self._add_actions(shown)
        self._tell_about(shown)
        self._tell_licence(shown)
        self._tell_fit(shown)
        self._show_fine()
        self._keep_tall()

    def _keep_tall(self) -> None:
        """Under the table, stay as tall as the tallest so far: its buttons stay where they are."""
        if self._upright or self._whole or self.window().height() < LOW:
            self._strut.setFixedHeight(0)
            return
        wanted = self._line.totalHeightForWidth(self.width() - 2 * SIDE)
        self._strut.setFixedHeight(max(self._strut.height(), min(wanted, TALLEST)))

    def _add(self, layout: QBoxLayout, widget: QWidget, *, fine: bool) -> None:
        layout.addWidget(widget)
        if fine:
            self._fine.append(widget)

    def _tell_about(self, shown: Row) -> None:
        for each in facts(shown):
            self._add(self._about, _point(each.glyph, each.tone, each.words), fine=each.fine)
        keys = shown.entry.sources if shown.entry else ()
        self._name.setToolTip("\n".join(sources().get(key, key) for key in keys))
        self._about.addStretch(1)

    def _tell_licence(self, shown: Row) -> None:
        found = licence(shown.licence)
        lay = self._licence
        badge = Badge(words.licence_short(shown.licence), words.TONES[found.commercial])
        lay.addWidget(box(row(Text(lambda: tr("Licence"), "strong"), badge, None)))
        glyph, tone = _sign(found.commercial)
        lay.addWidget(_point(glyph, tone, lambda: found.commercial_sentence))
        for sentence in found.sentences[1:]:
            self._add(lay, _point("file-text", "text2", sentence), fine=True)
        if found.checked != "text":
            note = Text(
                lambda: tr("These sentences were not checked against the licence's own text."),
                "caption",
                "warn",
                wrap=True,
            )
            self._add(lay, note, fine=True)
        legal = Text(lambda: tr("This is no legal advice."), "caption", "text3")
        if found.link or shown.entry or shown.found:
            read = Button(lambda: tr("Read it in full"), "link", "globe")
            address = found.link or f"{HUB}{shown.source}"
            read.clicked.connect(lambda: open_outside(self, QUrl(address)))
            lay.addWidget(box(row(read, legal, None)))
        lay.addStretch(1)

    def _tell_fit(self, shown: Row) -> None:
        lay, source = self._fit, shown.source
        self._need, self._there = Text("–", "strong"), Text("", "caption", "text3", wrap=True)
        self._bar = MemoryBar(height=12)
        self._bar.hide()
        lay.addWidget(Text(lambda: tr("Memory as the settings are"), "strong", wrap=True))
        lay.addWidget(self._need)
        lay.addWidget(self._bar)
        lay.addWidget(self._there)
        if shown.slow:
            slow = Text(lambda: _slow(shown.slow), "caption", "warn", wrap=True)
            lay.addWidget(slow)
        if shown.fits:
            self._add(lay, Text(self._alone, "caption", "text3", wrap=True), fine=True)
        lay.addStretch(1)
        recipe, gpu = self._project.session.recipe, self._project.preferences.gpu
        asked = with_changes(recipe, {"model.source": source, "model.revision": ""})
        if shown.found and not shown.config and not shown.on_disk:
            self._there.say(
                lambda: tr("How it is built is known once it is downloaded; then it is reckoned.")
            )
            return
        self._there.say(lambda: tr("Reckoning …"))
        self._project.jobs.run(
            self._key, lambda: plan_of(asked, gpu), self._show_plan, lambda _: None
        )

    def _show_plan(self, found: tuple[Estimate | None, StudioError | None]) -> None:
        plan, trouble = found
        if plan is None:
            why = trouble.title if trouble else ""
            self._there.say(lambda: tr("Nothing can be reckoned yet: {why}").format(why=why))
            return
        total, target = plan.plan.total, plan.target
        self._need.say(f"{total / 2**30:.1f} / {amounts.memory(target.total)}")
        self._need.set_tone("bad" if plan.verdict == "does-not-fit" else "text")
        self._bar.show()
        self._bar.show_parts(plan.plan.parts, target.total)
        method = plan.plan.setup.method
        name = dict(words.METHODS)[method]
        place = target.name
        self._there.say(
            lambda: tr("{verdict} with {method} on {place}").format(
                verdict=words.verdict(plan.verdict),
                method=name,
                place=place or tr("this machine's processor"),
            )
        )
        self._keep_tall()

    def _alone(self) -> str:
        """What the table's column means."""
        fits = (self._row.fits if self._row else None) or {}
        each = [f"{name}: {words.verdict(fits[key])}" for key, name in words.METHODS if key in fits]
        text = tr("One row at a time: {verdicts}. Larger batches can be added up from such rows.")
        return text.format(verdicts=", ".join(each))

    def _add_actions(self, shown: Row) -> None:
        lay, recipe = self._actions, self._project.session.recipe
        chosen = recipe.model.source == shown.source
        if shown.custom_code:
            trusted = chosen and recipe.model.trust_remote_code
            self._warning.addWidget(self._risk(shown, trusted=trusted))
        if shown.on_disk and shown.source != DEMO:
            lay.addWidget(Badge(lambda: tr("On disk"), "ok"))
        elif shown.entry or shown.found:
            lay.addWidget(self._fetching(shown))
        if chosen:
            lay.addWidget(Badge(lambda: tr("In use"), "accent", "check"))
        elif not shown.custom_code:
            use = Button(lambda: tr("Use this model"), "primary", "check")
            use.clicked.connect(lambda: self.use_asked.emit(shown, False))
            lay.addWidget(use)

    def _fetching(self, shown: Row) -> Button:
        gated = shown.gated == "yes"
        text = (lambda: tr("Ask for it …")) if gated else (lambda: tr("Download"))
        made = Button(text, glyph="lock" if gated else "package")
        made.setEnabled(not self._busy)
        asked = self.gate_asked if gated else self.download_asked
        made.clicked.connect(lambda: asked.emit(shown))
        return made

    def _risk(self, shown: Row, *, trusted: bool) -> FindingBox:
        """The refusal of the model's own code, or that the person allowed it."""
        if trusted:
            made = FindingBox(
                "warning",
                lambda: tr("Its own code may run"),
                lambda: tr("It has all your rights on this machine."),
                fix=lambda: tr("Forbid it"),
            )
        else:
            made = FindingBox(
                "warning",
                lambda: tr("It needs to run its own code"),
                lambda: tr("Python code from its maker would run here with all your rights."),
                fix=lambda: tr("Allow it …"),
            )
        made.fix_pressed.connect(
            lambda: self.use_asked.emit(shown, not trusted), Qt.ConnectionType.QueuedConnection
        )
        return made


def _sign(commercial: str) -> tuple[str, str]:
    return {
        "yes": ("check", "ok"),
        "conditional": ("triangle-alert", "warn"),
        "no": ("x", "bad"),
    }.get(commercial, ("triangle-alert", "text2"))


def _where(shown: Row) -> Words:
    if shown.source == DEMO:
        return lambda: tr("in this program")
    return shown.source


def _point(glyph: str, tone: str, said: Words) -> QWidget:
    sign = column(Glyph(glyph, tone, 14), None, pad=(0, 3, 0, 0))
    line = row(sign, Text(said, "body", "text2", wrap=True), gap=Space.s)
    line.setStretch(1, 1)
    return box(line)


def _slow(seconds: float) -> str:
    text = tr(
        "Too slow without a GPU: {rows} rows of {tokens} tokens, seen once, take about {time} here."
    )
    return text.format(rows=ROWS, tokens=TOKENS, time=amounts.duration(seconds))
