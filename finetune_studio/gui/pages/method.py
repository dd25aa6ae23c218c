"""The method: full, LoRA or QLoRA side by side with this model's figures, and what bits do."""

from functools import cached_property, partial

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QShowEvent
from typing_extensions import override

from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.gui import amounts
from finetune_studio.gui.form import Form
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.method_card import MethodCard, method_name, room_words
from finetune_studio.gui.pages.method_fp8 import Fp8Row
from finetune_studio.gui.pages.method_levels import LevelsCard
from finetune_studio.gui.pages.method_plans import Name, Plans, changes_to, compare, current
from finetune_studio.gui.pages.page import StepOf, StepPage, page
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.turns import later
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import box, clear, column, row
from finetune_studio.gui.widgets.rail import State
from finetune_studio.recipe.advice import following
from finetune_studio.recipe.fields import describe
from finetune_studio.recipe.methods import Lora
from finetune_studio.recipe.schema import Recipe

RESTS = 150  # milliseconds after the last change
VARIANT = ("method.bits", "method.dora", "method.rslora")
FINE = ("method.base_precision", "method.master_weights")
OURS = ("method.kind", *VARIANT, *FINE)


class MethodPage(StepPage):
    """The page of the method."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self.plans: Plans | None = None
        self.cards = [MethodCard("full"), MethodCard("lora"), MethodCard("qlora")]
        for card in self.cards:
            card.pressed.connect(lambda card=card: self.choose(card.method))
        settings = {each.path: each for each in describe(Recipe)}
        settings |= {each.path: each for each in describe(Lora, "method.")}  # it has the most
        session = project.session
        self.form = Form(session, [(lambda: tr("Variant"), [settings[path] for path in VARIANT])])
        self.fine = Form(session, [(lambda: tr("Precision"), [settings[path] for path in FINE])])
        for form in (self.form, self.fine):
            form.show_advanced(True)
        self.fp8 = Fp8Row()
        self.fp8.edited.connect(lambda on: self.choose("fp8" if on else "lora"))
        self._below = column(gap=0)
        later(self, self._add_levels)
        self._advice = column(gap=0)
        self._said: object = None
        self._rest = QTimer(self, singleShot=True, interval=RESTS)
        self._rest.timeout.connect(self._reckon)
        self._lay()
        project.session.changed.connect(self._follow)
        project.facts.changed.connect(self._wait)
        project.closing.connect(self._rest.stop)
        self._show_chosen()

    @cached_property
    def levels(self) -> LevelsCard:
        """The picture of what rounding does to a weight."""
        made = LevelsCard()
        self._below.addWidget(made)
        return made

    def _add_levels(self) -> None:
        _ = self.levels

    def _lay(self) -> None:
        cards = row(*self.cards, gap=Space.m)
        for index in range(len(self.cards)):
            cards.setStretch(index, 1)
        body = column(
            box(cards),
            self._advice,
            self.form,
            self.fp8,
            self.fine,
            self._below,
            None,
            gap=Space.l,
        )
        self.setLayout(
            column(
                page(
                    lambda: tr("How shall we train it?"),
                    self._sentence,
                    body,
                )
            )
        )

    def _sentence(self) -> str:
        gpu = self._project.preferences.gpu
        if gpu:
            text = tr("The figures of your model and settings, as on the {gpu} you compare on.")
            return text.format(gpu=gpu)
        return tr("The figures of your model and settings on this machine. Bars are memory.")

    @override
    def reveal(self, path: str) -> bool:
        if path in VARIANT and self.form.reveal(path):
            return True
        if path in FINE:
            self.fine.show()
            return self.fine.reveal(path)
        chosen = next((card for card in self.cards if card.selected), self.cards[1])
        chosen.setFocus(Qt.FocusReason.TabFocusReason)
        return path.startswith("method.kind")

    def choose(self, name: Name) -> None:
        """Make a method the recipe's."""
        try:
            recipe = self._project.session.recipe
            self._project.session.change(following(recipe, changes_to(recipe, name)))
        except RefusedError as error:
            self._tell("warning", error.title, error.hint)

    def _follow(self, _: frozenset[str]) -> None:
        self._show_chosen()
        self._wait()

    def _wait(self) -> None:
        if self.isVisible():
            self._rest.start()

    def _reckon(self) -> None:
        recipe, gpu = self._project.session.recipe, self._project.preferences.gpu
        outlook = self._project.facts.plan.outlook
        beside = outlook.estimate if outlook and outlook.gpu == gpu else None
        target = beside.target if beside else None  # what is free is told once in a window
        work = partial(compare, recipe, gpu, target)
        self._project.jobs.run("methods", work, self._show, self._fail)

    def _show(self, plans: Plans) -> None:
        self.plans = plans
        self._show_chosen()
        self._advise(plans)

    def _fail(self, error: StudioError) -> None:
        self._tell("warning", error.title, error.hint)

    def _show_chosen(self) -> None:
        name = current(self._project.session.recipe)
        bits: Name = "qlora8" if name == "qlora8" else "qlora"
        if name not in ("qlora", "qlora8") and self.plans and self.plans.advised == "qlora8":
            bits = "qlora8"
        lora: Name = "fp8" if name == "fp8" else "lora"
        for card, wanted in zip(self.cards[1:], (lora, bits), strict=True):
            if card.method != wanted:
                card.become(wanted)
        self.fp8.show_plans(self.plans, self._project.session.recipe)
        for card in self.cards:
            card.select(card.method == name)
            card.advise(bool(self.plans) and card.method == getattr(self.plans, "advised", ""))
            card.show_option(self.plans.options[card.method] if self.plans else None)

    def _advise(self, plans: Plans) -> None:
        if not plans.why:
            self._said = None
            clear(self._advice)
            trouble = plans.options["lora"].trouble
            if trouble:
                self._tell("warning", trouble.title, trouble.hint)
            return
        if not plans.advised:
            self._tell(
                "warning",
                tr("No method fits, whatever the settings"),
                tr("Choose a smaller model, or a GPU with more memory."),
            )
            return
        name, now = plans.advised, current(self._project.session.recipe)
        changes = changes_to(self._project.session.recipe, name)
        estimate = plans.options[name].estimate
        if plans.why == "changes" and estimate and estimate.fitted:
            changes |= {each.path: each.after for each in estimate.fitted.changes}
        taken = name == now and plans.why != "changes"
        title = tr("{method} is advised").format(method=method_name(name))
        said = (title, reason(plans), taken, changes)
        if said == self._said:
            return  # a press on its button may be on its way
        clear(self._advice)
        self._said = said
        made = FindingBox(
            "good" if taken else "advice",
            title,
            reason(plans),
            "" if taken else tr("Use {method}").format(method=method_name(name)),
        )
        made.fix_pressed.connect(
            lambda: self._project.session.change(changes), Qt.ConnectionType.QueuedConnection
        )
        self._advice.addWidget(made)

    def _tell(self, level: str, title: str, detail: str = "") -> None:
        self._said = None
        clear(self._advice)
        self._advice.addWidget(FindingBox(level, title, detail))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.fine.setVisible(self._project.preferences.advanced)
        self._reckon()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange and self.plans:
            self._advise(self.plans)
            self._wait()  # what stands in a plan is said in the language in which it was made


def reason(plans: Plans) -> str:
    """Why a method is advised, with the figures and the source."""
    assert plans.advised
    chosen = plans.options[plans.advised]
    assert chosen.estimate is not None  # it would not be advised
    room = room_words(chosen.estimate)
    if plans.why == "fits":
        plan = chosen.estimate.plan
        return tr(
            "It fits ({room}), rounds no weight and trains {share} of the model. Adapters on all "
            "linear layers usually come close to full training and forget less. Source: Dettmers "
            "et al. 2023, QLoRA; Biderman et al. 2024, LoRA learns less and forgets less."
        ).format(room=room, share=amounts.share(plan.trainable / max(1, plan.parameters)))
    lora = plans.options["lora"].estimate
    if plans.why == "rounds" and lora is not None:
        return tr(
            "LoRA does not fit ({short}); with rounded weights it does ({room}). Scores are "
            "usually alike. Source: Dettmers et al. 2023, QLoRA."
        ).format(short=room_words(lora), room=room)
    fitted = chosen.estimate.fitted
    told = {each.why for each in fitted.changes} if fitted else set()
    return tr(
        "As the settings are it does not fit ({short}). With this alone it does: {changes}."
    ).format(short=room, changes="; ".join(sorted(told)))


def _summary(project: Project) -> str:
    method = project.session.recipe.method
    name = method_name(current(project.session.recipe))
    rank = getattr(method, "rank", None)
    extra = [word for word, on in _extras(method) if on]
    return " · ".join([name, *([f"r{rank}"] if rank else []), *extra])


def _extras(method: object) -> list[tuple[str, bool]]:
    return [(word, bool(getattr(method, word.casefold(), False))) for word in ("DoRA", "rsLoRA")]


def _state(project: Project) -> State:
    return "done"


STEP = StepOf("method", lambda: tr("Method"), MethodPage, _summary, _state, OURS)
