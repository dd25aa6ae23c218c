"""The tokenizer: a row as the trainer will see it, how long rows are, what tokens cost."""

from functools import cached_property, partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog
from typing_extensions import override

from finetune_studio.gui import apart, token_views
from finetune_studio.gui.field import finding_box
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.lengths import CompareCard, LengthsCard
from finetune_studio.gui.pages.page import StepOf, StepPage, page
from finetune_studio.gui.pages.token_card import TokenCard
from finetune_studio.gui.pages.tokenizer_facts import FactsCard
from finetune_studio.gui.preflight import CONCERNED
from finetune_studio.gui.project import Project
from finetune_studio.gui.token_views import Known
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.turns import later
from finetune_studio.gui.widgets.layout import box, clear, column, row
from finetune_studio.gui.widgets.rail import State
from finetune_studio.recipe.schema import Recipe

if TYPE_CHECKING:
    from finetune_studio.tokens.lengths import Lengths

RESTS = 250  # milliseconds after the last change
OPEN, LENGTHS, COMPARE = "tokens", "lengths", "compare tokens"
SHOWS = ("training.batch_size",)  # what else decides how a row is shown
CODES = {
    "bos-twice",
    "end-not-a-stop",
    "end-not-learned",
    "no-system-role",
    "nothing-at-all",
    "nothing-learned",
    "pad-is-end",
    "prompt-differs",
    "rows-cut",
    "template-missing",
    "template-refuses",
    "unknown-label",
}
"""Findings that are about tokens, and stand on this page too."""


class TokenizerPage(StepPage):
    """The page of the tokens."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project, self._stale = project, True
        self._folders: tuple[str, ...] = ()
        self._rest = QTimer(self, singleShot=True, interval=RESTS)
        self._rest.timeout.connect(self._open)
        self.card = TokenCard(project)
        self._shown: tuple[Recipe, Known] | None = None  # None while they are opened
        self._found: list[object] = []
        self._lay()
        project.session.changed.connect(self._follow)
        project.facts.changed.connect(self._follow_facts)

    @cached_property
    def lengths(self) -> LengthsCard:
        """How long rows are; like what stands beside and below it, made when it is needed."""
        made = LengthsCard(self._project)
        self._lower.insertWidget(0, made, 5)
        return made

    @cached_property
    def compare(self) -> CompareCard:
        """What rows cost with other tokenizers."""
        made = CompareCard()
        made.more_asked.connect(self._ask_folder)
        self._lower.addWidget(made, 3)
        return made

    @cached_property
    def facts(self) -> FactsCard:
        """What the tokenizer is."""
        made = FactsCard()
        self._last.addWidget(made)
        return made

    def _lay(self) -> None:
        self._findings, self._last = column(gap=Space.s), column(gap=0)
        self._told = box(self._findings)
        self._told.hide()
        self._lower = row(gap=Space.l)
        parts = (self.card, self._told, box(self._lower), box(self._last), None)
        self.setLayout(
            column(
                page(
                    lambda: tr("What will the model actually learn?"),
                    lambda: tr(
                        "Exactly as the trainer sees it. Underlined teal is learned; grey is only "
                        "read."
                    ),
                    column(*parts, gap=Space.m),
                )
            )
        )

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._open()

    def _follow(self, changed: frozenset[str]) -> None:
        if any(path.startswith((*CONCERNED, *SHOWS)) for path in changed):
            self._stale = True
            if self.isVisible():
                self._rest.start()

    def _open(self) -> None:
        self._stale = False
        recipe, self._shown = self._project.session.recipe, None
        for key in (LENGTHS, COMPARE):
            self._project.jobs.forget(key)
            apart.CHECKS.drop(key)
        self._project.jobs.run(
            OPEN,
            lambda: apart.VIEWS.do(OPEN, token_views.known, recipe),
            lambda known: self._know(recipe, known),
            self.card.trouble,
        )

    def _know(self, recipe: Recipe, known: Known) -> None:
        self._shown = recipe, known
        self.card.know(recipe, known)
        for act in (
            self._show_lengths,
            self._show_compare,
            self._show_facts,
            self._show_findings,
        ):
            later(self, act)

    def _follow_facts(self) -> None:
        later(self, self._show_findings)

    def _show_lengths(self) -> None:
        if self._shown is None:
            return
        recipe, known = self._shown
        self.lengths.setVisible(bool(known.rows))
        if known.rows and known.trouble is None:
            work = partial(apart.CHECKS.do, LENGTHS, token_views.lengths, recipe)
            know = partial(self._know_lengths, recipe)
            self._project.jobs.run(LENGTHS, work, know, self.card.trouble)

    def _know_lengths(self, recipe: Recipe, found: "Lengths") -> None:
        self.lengths.show_lengths(found)
        self._project.facts.lengths.know(recipe, found)

    def _show_compare(self) -> None:
        if self._shown is None:
            return
        recipe, known = self._shown
        self.compare.setVisible(bool(known.rows))
        if known.rows and known.trouble is None:
            self._compare(recipe)

    def _show_facts(self) -> None:
        if self._shown is not None:
            self.facts.show_known(self._shown[1])
            self.facts.show()

    def _compare(self, recipe: Recipe) -> None:
        folders = self._folders
        self._project.jobs.run(
            COMPARE,
            lambda: apart.CHECKS.do(COMPARE, token_views.compared, recipe, folders),
            self.compare.show_models,
            self.compare.trouble,
        )

    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("A folder with a tokenizer"))
        if name:
            self.compare_with(name)

    def compare_with(self, folder: str) -> None:
        """Compare with the tokenizer of one more folder."""
        self._folders = (*(each for each in self._folders if each != folder), folder)
        self._compare(self._project.session.recipe)

    def _show_findings(self) -> None:
        found = [each for each in self._project.facts.findings() if each.code in CODES]
        if found == self._found:
            return
        self._found = list(found)
        self._told.hide()
        clear(self._findings)
        for each in found:
            self._findings.addWidget(finding_box(each, self._project.session, lambda _: None))
        self._told.setVisible(bool(found))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._show_findings()  # those that are the same say themselves in any language
            if self._shown is None or self._shown[1].trouble:  # which was told in the other one
                self._read_again()

    def _read_again(self) -> None:
        if self.isVisible():
            self._open()
        else:
            self._stale = True


def _summary(project: Project) -> str:
    facts, files = project.facts, project.session.recipe.data.files
    found = facts.preflight.found
    if not files or facts.data_error:
        return tr("waits for data")
    if found is None and facts.preflight.looking:
        return tr("Counting the tokens …")
    if found is None or not found.tokens:
        return tr("cannot be counted")
    if project.session.recipe.task.kind == "classify":
        return tr("learns a label for each row")
    return tr("learns {share:.0%} of the tokens").format(share=found.learned_share)


def _state(project: Project) -> State:
    found = project.facts.preflight.found
    return "done" if found is not None and found.tokens else "todo"


STEP = StepOf(
    "tokenizer",
    lambda: tr("Tokenizer"),
    TokenizerPage,
    _summary,
    _state,
    ("task.template",),
)
