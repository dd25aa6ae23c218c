"""One setting of a recipe as a row: its control, why this value, what was found about it.

Knows no setting by name.
"""

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QBoxLayout, QWidget
from typing_extensions import override

from finetune_studio import i18n
from finetune_studio.errors import RefusedError
from finetune_studio.gui.choices import WORDS
from finetune_studio.gui.controls import controls_for
from finetune_studio.gui.language import tr
from finetune_studio.gui.repairs import mending, said
from finetune_studio.gui.session import Session
from finetune_studio.gui.tokens import Size, Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.choice import Switch
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import box, clear, column, row
from finetune_studio.gui.widgets.number import Number, short
from finetune_studio.gui.widgets.slider import Slider
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.advice import Advice, recommend
from finetune_studio.recipe.fields import Described, describe
from finetune_studio.recipe.findings import Finding
from finetune_studio.recipe.schema import Recipe

Advising = Callable[[str], Advice | None] | None
NOTHING = "–"  # what an empty list is shown as
ADVICE = 128  # pixels kept beside a slider for what is advised
UNIT = 38  # pixels for the unit of a slider's number
AUTO = re.compile(r"\bauto:")  # a value of the file; the field calls it otherwise


class FieldRow(QWidget):
    """One setting."""

    def __init__(self, session: Session, setting: Described, advise: Advising = None) -> None:
        super().__init__()
        self.setting, self._session = setting, session
        self._advise = advise or partial(advice_for, session)
        self._advice: Advice | None = None
        self._found: list[Finding] = []
        self.controls = controls_for(setting)
        self._label = Text(self.title, "body")
        self._label.setFixedWidth(Size.label)
        self._label.setWordWrap(True)
        self._label.setContentsMargins(0, 6, 0, 0)
        self._label.setBuddy(self.controls[-1])
        self._advised = Badge(lambda: tr("Advised"), "ok")
        self._take_advice = Button(self._offer, "link")
        self._take_advice.clicked.connect(self._take)
        self._beside = box(row(self._advised, self._take_advice, None))
        self._reason = Text(self._why, "caption", "text3", wrap=True)
        self._wrong = Text("", "caption", "bad", wrap=True)
        self._wrong.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._findings = column(gap=Space.xs)
        self._lay()
        for control in self.controls:
            control.edited.connect(self._edit)
            if isinstance(control, Number):
                control.refused.connect(partial(self._tell_limits, control))
        self.refresh()

    @property
    def path(self) -> str:
        """The setting's dotted path."""
        return self.setting.path

    def title(self) -> str:
        """What the setting is called."""
        return i18n.tr(str(self.setting.info.title))

    def refresh(self) -> None:
        """Show what the recipe says now."""
        self._name()
        if not self._session.has(self.path):
            return
        value = self._session.value(self.path)
        self._advice = self._advise(self.path)
        for control in self.controls:
            control.show_value(value)
            if isinstance(control, Slider):
                control.advise(self._advice.value if self._advice else None)
        self._refuse("")
        self._advised.setVisible(bool(self._advice and self._advice.value == value))
        self._take_advice.setVisible(bool(self._advice and self._advice.value != value))
        self._beside.setVisible(self._advice is not None)
        self._take_advice.say(self._offer)
        self._reason.say(self._why)
        self._name()  # the reason is part of what is read out

    def follow_advice(self) -> None:
        """Show what is advised where that is something else now."""
        if self._session.has(self.path) and self._advise(self.path) != self._advice:
            self.refresh()

    def stand(self, *, narrow: bool) -> None:
        """Put what is advised under the control, where there is no room beside it."""
        ways = QBoxLayout.Direction
        self._across.setDirection(ways.TopToBottom if narrow else ways.LeftToRight)
        self._across.setSpacing(2 if narrow else Space.s)
        if self._slides:  # all sliders of a form end at one place, with advice and without
            self._keep_room(0 if narrow else ADVICE)

    def _keep_room(self, width: int) -> None:
        policy = self._beside.sizePolicy()
        policy.setRetainSizeWhenHidden(width > 0)
        self._beside.setSizePolicy(policy)
        self._beside.setMinimumWidth(width)

    def show_findings(self, found: Iterable[Finding]) -> None:
        """Show what was found about this setting."""
        found = list(found)
        if found == self._found:
            return
        self._found = found
        clear(self._findings)
        for each in found:
            self._findings.addWidget(finding_box(each, self._session, self._refuse))

    @property
    def _slides(self) -> bool:
        return isinstance(self.controls[0], Slider)

    def _lay(self) -> None:
        line = row(*self.controls, gap=Space.s)
        slides = self._slides
        if slides:
            line.setStretch(0, 1)
        if (unit := self.setting.about["unit"]) or slides:
            said = Text(lambda: i18n.tr(unit), "caption", "text3")
            said.setMinimumWidth(UNIT if slides else 0)
            line.addWidget(said)
        if not slides:
            line.addStretch(1)
        self._across = row(box(line), self._beside, gap=Space.s)
        self._across.setStretch(0 if slides else 1, 1)
        right = column(self._across, self._reason, self._wrong, self._findings, gap=3)
        outer = row(self._label, box(right), gap=Space.m)
        outer.setAlignment(self._label, Qt.AlignmentFlag.AlignTop)
        outer.setStretch(1, 1)
        self.setLayout(outer)

    def _edit(self, value: Any) -> None:
        try:
            self._session.change({self.path: value})
        except RefusedError as error:
            self.refresh()  # what counts stands there again
            number = next((each for each in self.controls if isinstance(each, Number)), None)
            if number is not None:
                self._tell_limits(number, shown(value))
            else:
                self._refuse(" ".join((self._unchanged(shown(value)), error.hint)))
        else:
            self.refresh()

    def _tell_limits(self, number: Number, text: str) -> None:
        self._refuse(
            tr("{refusal} It takes a number {bounds}.").format(
                refusal=self._unchanged(text), bounds=number.bounds
            )
        )

    def _unchanged(self, text: str) -> str:
        now = shown(self._session.value(self.path))
        if text.strip() in ("", NOTHING):
            empty = tr("{setting} cannot be empty; it stays at {now}.")
            return empty.format(setting=self.title(), now=now)
        return tr("{setting} cannot be {text}; it stays at {now}.").format(
            setting=self.title(), text=text.strip(), now=now
        )

    def _take(self) -> None:
        if self._advice:
            self._edit(self._advice.value)

    def _refuse(self, text: str) -> None:
        """Say why a value is not taken, in the reason's place: what is below stays where it is."""
        if self._reason.isVisible():
            self._wrong.setMinimumHeight(self._reason.height() if text else 0)
        self._wrong.say(text)
        self._reason.setVisible(not text)
        self._wrong.setVisible(bool(text))

    def _offer(self) -> str:
        value = shown(self._advice.value) if self._advice else ""
        return tr("Use the advised {value}").format(value=value)

    def _why(self) -> str:
        words = [AUTO.sub(f"{WORDS['auto']()}:", i18n.tr(self.setting.about["help"]))]
        if self._advice:
            text = tr("Advised {value}: {reason}.")
            words.append(text.format(value=shown(self._advice.value), reason=self._advice.why))
        source = self._advice.source if self._advice else self.setting.about["source"]
        if source:
            words.append(tr("Source: {source}").format(source=i18n.tr(source)))
        return " ".join(words)

    def _name(self) -> None:
        for control in self.controls:
            control.setAccessibleName(self.title())
            control.setAccessibleDescription(self._reason.plain)
            control.setToolTip("" if isinstance(control, Switch | Number) else self.title())

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._name()
            found, self._found = self._found, []
            self.show_findings(found)
        super().changeEvent(event)


def finding_box(found: Finding, session: Session, refuse: Callable[[str], None]) -> FindingBox:
    """A finding with the press that mends it; what several changes are is said in a line."""
    fix = (lambda: fix_words(found)) if found.fix else ""
    detail = (lambda: changes_words(found)) if len(found.fix) > 1 else ""
    made = FindingBox(found.level, lambda: found.sentence, detail, fix=fix)

    def mend() -> None:
        try:
            session.change(mending(found, session))
        except RefusedError as error:
            refuse(" ".join((error.title, error.hint)))

    made.fix_pressed.connect(mend, Qt.ConnectionType.QueuedConnection)  # it goes as it is pressed
    return made


def fix_words(found: Finding) -> str:
    """What the press will do: the value, or that all changes are made."""
    if repair := said(found):
        return repair
    if len(found.fix) > 1:
        return tr("Make these changes")
    path, value = next(iter(found.fix.items()))
    if isinstance(value, bool):
        words = tr("Turn on: {setting}") if value else tr("Turn off: {setting}")
        return words.format(setting=_titles().get(path, path))
    return tr("Set to {value}").format(value=shown(value))


def changes_words(found: Finding) -> str:
    """Each change of a finding's fix, by the name of its setting."""
    titles = _titles()
    return " · ".join(
        f"{titles.get(path, path)}: {shown(value)}" for path, value in found.fix.items()
    )


def _titles() -> dict[str, str]:
    titles = {each.path: i18n.tr(str(each.info.title)) for each in describe(Recipe)}
    return titles | {"method.kind": tr("Method")}


def advice_for(session: Session, path: str) -> Advice | None:
    """What is advised for a setting; the last word of several counts."""
    found = [each for each in recommend(session.recipe) if each.path == path]
    return found[-1] if found else None


def shown(value: object) -> str:
    """A value as a person reads it."""
    if isinstance(value, bool):
        return tr("on") if value else tr("off")
    if isinstance(value, float):
        return short(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or NOTHING
    return WORDS[value]() if isinstance(value, str) and value in WORDS else str(value)
