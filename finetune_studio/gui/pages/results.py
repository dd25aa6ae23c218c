"""Results: how it went, answers before and after, a conversation, and the model to take along."""

from PySide6.QtCore import QEvent, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QStackedWidget, QWidget
from typing_extensions import override

from finetune_studio.gui import amounts, outcomes
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.outcomes import Score
from finetune_studio.gui.pages.chat_card import ChatCard
from finetune_studio.gui.pages.exports import Exports
from finetune_studio.gui.pages.loading_code import CodeDialog
from finetune_studio.gui.pages.page import StepOf, StepPage, page
from finetune_studio.gui.pages.pairs import PairsCard
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.before_after import BeforeAfter
from finetune_studio.gui.widgets.card import Card, PressCard
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import Pane, box, clear, column, row
from finetune_studio.gui.widgets.notice import empty_state
from finetune_studio.gui.widgets.rail import State
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.methods import Full
from finetune_studio.runs.events import Failed

MOST = 3  # scores in sight
EMPTY, FULL = 0, 1


class ResultsPage(StepPage):
    """The page of the results."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._scores = row(gap=Space.m)
        self._shown: tuple[object, ...] = ()
        self._pairs = PairsCard()
        self.chat, self.exports = ChatCard(project), Exports(project)
        self._best = Text("", "caption", "text3", wrap=True)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty())
        self._stack.addWidget(self._full())
        self.setLayout(column(self._stack))
        for signal in (project.watch.moved, project.watch.began, project.watch.ended):
            signal.connect(self._show)
        self._show()

    def _empty(self) -> QWidget:
        empty = empty_state(
            "trophy",
            lambda: tr("Results stand here when the training has ended"),
            lambda: tr(
                "Figures before and after, answers side by side, a conversation with your model, "
                "and the model as files."
            ),
        )
        return Pane(column(empty, pad=Space.xl), "surface")

    def _full(self) -> QWidget:
        ways = row(self.exports, self._next(), gap=Space.m)
        ways.setStretch(0, 10)
        ways.setStretch(1, 8)
        body = column(
            box(self._scores), self._best, self._pairs, self.chat, box(ways), None, gap=Space.m
        )
        watch = self._project.watch
        return page(
            lambda: outcomes.headline(watch.state), lambda: outcomes.sentence(watch.state), body
        )

    def _next(self) -> QWidget:
        code = _door("terminal", lambda: tr("Loading code"), lambda: tr("Python, to copy"))
        code.pressed.connect(self._show_code)
        folder = _door(
            "folder-open",
            lambda: tr("The run's folder"),
            lambda: tr("recipe, events, checkpoints, result"),
        )
        folder.pressed.connect(self._open_folder)
        return box(column(code, folder, None, gap=Space.m))

    def _show(self) -> None:
        watch = self._project.watch
        ready = _has_result(self._project)
        self._stack.setCurrentIndex(FULL if ready else EMPTY)
        if not ready:
            return
        found = outcomes.scores(watch.state)
        shown = (watch.run, tuple(found), len(watch.state.samples))
        if shown == self._shown:
            return
        self._shown = shown
        self._refresh(found)

    def _refresh(self, found: list[Score]) -> None:
        clear(self._scores)
        for each in found[:MOST]:
            self._scores.addWidget(_score(each), 1)
        self._pairs.show_pairs(outcomes.answers(self._project.watch.state))
        self._best.say(self._best_words)
        self.exports.show_formats(not isinstance(self._project.session.recipe.method, Full))
        for text in self.findChildren(Text):
            text.refresh()

    def _best_words(self) -> str:
        state = self._project.watch.state
        best = outcomes.best_of(state)
        if best is None:
            return tr("The result holds the weights of the last step.")
        return tr(
            "The result holds the weights of step {step}, the best that was measured."
        ).format(step=amounts.whole(best.step))

    def _show_code(self) -> None:
        run = self._project.watch.run
        if run is not None:
            CodeDialog(self, run, self._project.session.recipe).exec()

    def _open_folder(self) -> None:
        run = self._project.watch.run
        if run is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(run.path)))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._shown = ()
            self._show()


def _score(score: Score) -> Card:
    tone = {True: "ok", False: "warn", None: "plain"}[score.better]
    change = outcomes.metric_change(score)
    head = row(Text(lambda: outcomes.metric_name(score.name), "strong"), None)
    if change:
        head.addWidget(Badge(change, tone))
    numbers = row(Text(outcomes.metric_value(score.name, score.after), "display", "learned_text"))
    if score.before is not None:
        before = Text(f"← {outcomes.metric_value(score.name, score.before)}", "body", "text3")
        before.setContentsMargins(0, 9, 0, 0)  # onto the baseline of the number before it
        numbers.addWidget(before)
    numbers.addStretch(1)
    line = BeforeAfter()
    top = 1.0 if score.name in outcomes.SHARES else max(score.before or 0.0, score.after) * 1.1
    line.show_places(None if score.before is None else score.before / top, score.after / top)
    lower = score.name in outcomes.LOWER
    note = (lambda: tr("lower is better")) if lower else (lambda: tr("higher is better"))
    card = column(head, numbers, line, Text(note, "caption", "text2"), gap=6, pad=(16, 12, 16, 12))
    return Card(card, name=lambda: outcomes.metric_name(score.name))


def _door(glyph: str, title: Words, detail: Words) -> PressCard:
    words = column(Text(title, "strong"), Text(detail, "caption", "text3"), gap=1)
    line = row(
        Glyph(glyph, "accent"),
        box(words),
        Glyph("chevron-right", "text3", 14),
        gap=Space.m,
        pad=(16, 10, 14, 10),
    )
    line.setStretch(1, 1)
    return PressCard(line, name=title)


def _has_result(project: Project) -> bool:
    watch = project.watch
    return watch.run is not None and not watch.alive and watch.run.result.is_dir()


def _summary(project: Project) -> str:
    if not _has_result(project):
        return tr("after the training")
    found = outcomes.scores(project.watch.state)
    if not found:
        return tr("ready")
    name = outcomes.metric_name(found[0].name)
    return f"{name} {outcomes.metric_value(found[0].name, found[0].after)}"


def _state(project: Project) -> State:
    if not _has_result(project):
        return "todo"
    return "attention" if isinstance(project.watch.state.outcome, Failed) else "done"


STEP = StepOf("results", lambda: tr("Results"), ResultsPage, _summary, _state, ("result.",))
