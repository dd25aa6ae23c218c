"""Results: how it went, answers before and after, a conversation, and the model to take along."""

from functools import cached_property, partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QUrl
from PySide6.QtWidgets import QStackedWidget, QWidget
from typing_extensions import override

from finetune_studio.errors import StudioError
from finetune_studio.evaluation import metrics
from finetune_studio.export.about import exports_of
from finetune_studio.gui import amounts, outcomes
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.opening import open_outside
from finetune_studio.gui.pages.chat_card import ChatCard
from finetune_studio.gui.pages.exports import Exports
from finetune_studio.gui.pages.hub_card import HubCard
from finetune_studio.gui.pages.loading_code import CodeDialog
from finetune_studio.gui.pages.measure_card import MeasureCard
from finetune_studio.gui.pages.page import StepOf, StepPage, page
from finetune_studio.gui.pages.pairs import Pair, PairsCard
from finetune_studio.gui.pages.result_words import measured, none_sentence, none_title
from finetune_studio.gui.pages.scores import Scores
from finetune_studio.gui.pages.serve_card import ServeCard
from finetune_studio.gui.pages.unwatched import Unwatched
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.turns import later
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import PressCard
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import Pane, box, column, row
from finetune_studio.gui.widgets.notice import empty_state
from finetune_studio.gui.widgets.rail import State
from finetune_studio.gui.widgets.steady import keep_steady
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.methods import Full
from finetune_studio.runs.events import Failed
from finetune_studio.runs.votes import Side, vote

if TYPE_CHECKING:
    from collections.abc import Callable

    from finetune_studio.evaluation.result import Evaluation

FEW = 30  # rows; a measure on fewer is hardly one
EMPTY, FULL = 0, 1


class ResultsPage(StepPage):
    """The page of the results."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._shown: tuple[object, ...] = ()
        self._found: Evaluation | None = None
        self._due: list[Callable[[], None]] = []
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty())
        self.setLayout(column(self._stack))
        for signal in (project.watch.moved, project.watch.began, project.watch.ended):
            signal.connect(self._show)
        project.facts.changed.connect(self._show)
        self._show()

    @cached_property
    def scores(self) -> Scores:
        """The figures before and after."""
        return Scores()

    @cached_property
    def pairs(self) -> PairsCard:
        """Answers before and after, side by side."""
        return PairsCard(self._vote)

    @cached_property
    def measure(self) -> MeasureCard:
        """What measures the result."""
        made = MeasureCard(self._project)
        made.measuring.done.connect(self._show_anew)
        made.go.clicked.connect(lambda: self.chat.talk.close())  # one model in memory
        return made

    @cached_property
    def chat(self) -> ChatCard:
        """A conversation with both models."""
        return ChatCard(self._project)

    @cached_property
    def exports(self) -> Exports:
        """The result as files."""
        made = Exports(self._project)
        made.wrote.connect(lambda place: self.hub.offer(place))
        made.wrote.connect(lambda place: self.serve.offer(place))
        return made

    @cached_property
    def hub(self) -> HubCard:
        """The way to the Hub."""
        return HubCard(self._project)

    @cached_property
    def serve(self) -> ServeCard:
        """The server on this machine."""
        return ServeCard(self._project)

    @cached_property
    def _best(self) -> Text:
        return Text("", "caption", "text3", wrap=True)

    @cached_property
    def _unwatched(self) -> Unwatched:
        made = Unwatched(self._project.watch)
        made.led.connect(self.led)
        return made

    @property
    @override
    def unfinished(self) -> str:
        made = self.__dict__  # its cards come one by one
        if "exports" in made and any(line.writing for line in self.exports.lines.values()):
            return "saving"
        if "hub" in made and self.hub.uploading.busy:
            return "uploading"
        return "measuring" if "measure" in made and self.measure.measuring.busy else ""

    def _empty(self) -> QWidget:
        lead = Button(lambda: tr("Go to the training"))
        lead.clicked.connect(lambda: self.led.emit("run."))
        watch = self._project.watch
        title, sentence = lambda: none_title(watch), lambda: none_sentence(watch)
        empty = empty_state("trophy", title, sentence, lead)
        self._none = Pane(column(empty, pad=Space.xl), "surface")
        return self._none

    def _full(self) -> QWidget:
        """The page; its cards come in turns of their own, for all at once hold the window up."""
        self._ways = row(gap=Space.m)
        self._body = column(None, gap=Space.m)
        names = ("scores", "_best", "measure", "pairs", "_unwatched", "chat", "_saved", "serve")
        self._due = [partial(self._put, each) for each in names]
        self._due[-1:-1] = [self._add_hub]
        self._due += [self._put_doors]
        later(self, self._go_on)
        return page(self._title, self._sentence, self._body)

    def _put(self, name: str) -> None:
        self._body.insertWidget(self._body.count() - 1, getattr(self, name))

    @cached_property
    def _saved(self) -> QWidget:
        """The result as files, with the way to the Hub beside it."""
        self._ways.addWidget(self.exports, 10)
        return box(self._ways)

    def _add_hub(self) -> None:
        self._ways.addWidget(self.hub, 8)

    def _put_doors(self) -> None:
        self._body.insertWidget(self._body.count() - 1, self._next())

    def _go_on(self) -> None:
        """Make the next card; when all are there, show what they have to tell."""
        self._due.pop(0)()
        if self._due:
            later(self, self._go_on)
        else:
            self._show()
            above = (self.scores, self._best, self.measure, self.pairs, self._unwatched, self.chat)
            keep_steady([*above, *self.exports.lines.values(), self.serve])

    def _next(self) -> QWidget:
        code = _door("terminal", lambda: tr("Loading code"), _programs)
        code.pressed.connect(self._show_code)
        folder = _door(
            "folder-open",
            lambda: tr("The run's folder"),
            lambda: tr("recipe, events, checkpoints, result"),
        )
        folder.pressed.connect(self._open_folder)
        return box(row(code, folder, gap=Space.m))

    def _show(self) -> None:
        watch = self._project.watch
        ready = _has_result(self._project)
        if ready and self._stack.count() == FULL:  # made when there is something to show
            self._stack.addWidget(self._full())
        self._stack.setCurrentIndex(FULL if ready else EMPTY)
        for text in () if ready else self._none.findChildren(Text):
            text.refresh()
        if not ready or self._due:
            return
        data = self._project.facts.data
        held = data.validation if data is not None else None
        shown = (watch.run, len(watch.state.evaluations), len(watch.state.samples), held)
        if shown == self._shown:
            return
        self._shown = shown
        self._refresh()

    def _show_anew(self) -> None:
        self._shown = ()
        self._show()

    def _refresh(self) -> None:
        state = self._project.watch.state
        self._found = self.measure.read()
        if self._found is None:
            self.scores.show_trained(outcomes.scores(state))
        else:
            self.scores.show_measured(self._found)
        answers = self._answers()
        self.pairs.show_pairs(answers)
        self.pairs.say_votes(self._votes)
        self._unwatched.refresh(answered=bool(answers))
        self._best.say(self._best_words)
        self.chat.refresh()
        self._refresh_exports()
        for text in self.findChildren(Text):
            text.refresh()

    def _refresh_exports(self) -> None:
        run = self._project.watch.run
        assert run is not None
        known = exports_of(run)
        self.hub.refresh(known)
        self.serve.refresh(known)
        adapter = not isinstance(self._project.session.recipe.method, Full)
        self.exports.suit(run, known, adapter)

    def _title(self) -> str:
        if self._found is None:
            return outcomes.headline(self._project.watch.state)
        change = self._found.changes["loss"]
        if not change.sure:
            return tr("It is trained")
        return tr("It got better") if change.value < 0 else tr("It did not get better")

    def _sentence(self) -> str:
        if self._found is not None:
            said, rows = measured(self._found), self._found.rows
        else:
            data = self._project.facts.data
            most = self._project.session.recipe.evaluation.max_rows
            said = outcomes.sentence(self._project.watch.state)
            rows = min(data.validation, most) if data is not None else 0
        if not 0 < rows < FEW:
            return said
        few = tr("Only {rows} were measured: that may be chance.")
        return f"{said} {few.format(rows=amounts.rows(rows))}"

    def _answers(self) -> list[Pair]:
        found = self._found
        if found is not None and found.answers:
            return [Pair(e.prompt, e.base, e.tuned, e.reference) for e in found.answers]
        said = outcomes.answers(self._project.watch.state)
        return [Pair(before.prompt, before.text, after.text) for before, after in said]

    def _vote(self, pair: Pair, side: Side) -> None:
        run = self._project.watch.run
        if run is None:
            return
        try:
            vote(run, side, pair.prompt, {"base": pair.before, "tuned": pair.after})
        except OSError as error:
            self._project.failed.emit(
                StudioError(tr("The vote could not be kept."), f"{run.path}: {error.strerror}")
            )
        self.chat.refresh()
        self.pairs.say_votes(self._votes)

    def _votes(self) -> str:
        return outcomes.votes(self._project.watch.run)

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
            CodeDialog(self, self.serve.places).exec()

    def _open_folder(self) -> None:
        run = self._project.watch.run
        if run is not None:
            open_outside(self, QUrl.fromLocalFile(str(run.path)))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._shown = ()
            self._show()


def _programs() -> str:
    return tr("Python, vLLM, Ollama, llama-server: to copy")


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
    name = metrics.name_of(found[0].name)
    return f"{name} {metrics.value_of(found[0].name, found[0].after)}"


def _state(project: Project) -> State:
    if not _has_result(project):
        return "todo"
    return "attention" if isinstance(project.watch.state.outcome, Failed) else "done"


STEP = StepOf("results", lambda: tr("Results"), ResultsPage, _summary, _state, ("result.",))
