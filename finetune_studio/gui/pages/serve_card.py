"""The local server: OpenAI's interface to the tuned model, its address, and code that asks it."""

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout

from finetune_studio.errors import StudioError
from finetune_studio.export.loading import curl_code, javascript_code, openai_code
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.opening import copy_text
from finetune_studio.gui.project import Project
from finetune_studio.gui.retelling import words_of
from finetune_studio.gui.serving import Serving
from finetune_studio.gui.theme import font
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.choice import Segmented, Select
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import box, bring_into_sight, clear, column, row
from finetune_studio.gui.widgets.line import Line
from finetune_studio.gui.widgets.number import Number
from finetune_studio.gui.widgets.text import OneLine, Text

USUAL_PORT = 8000
CODE: dict[str, Callable[[str, str, str, str], str]] = {
    "python": openai_code,
    "curl": curl_code,
    "javascript": javascript_code,
}
NAMES = (("python", "Python"), ("curl", "curl"), ("javascript", "JavaScript"))
LAID = 100  # milliseconds until the page is laid out anew
TALL = 180  # pixels of the code


class ServeCard(Card):
    """Starts and stops the server."""

    def __init__(self, project: Project) -> None:
        super().__init__(name=lambda: tr("Local server"))
        self._project, self.serving = project, Serving(self)
        self._places: list[Path] = []
        self._below = column(gap=Space.xs)
        self.serving.moved.connect(self._show)
        self.serving.failed.connect(self._tell)
        project.closing.connect(self.serving.close)
        self.what = Select([])
        self.port = Number(0, 65535, width=84)
        self.port.setGroupSeparatorShown(False)
        self.port.show_value(USUAL_PORT)
        self.port.refused.connect(self._refuse)
        self.port.edited.connect(lambda _: clear(self._below))
        self.key = Line(lambda: tr("none: any program here may ask"))
        self._make = Button(lambda: tr("Make a key"), "quiet")
        self._make.clicked.connect(lambda: self.key.setText(secrets.token_urlsafe(18)))
        self.go = Button(lambda: tr("Start the server"), glyph="play")
        self.go.setObjectName("serve")
        self.go.clicked.connect(self._start)
        self.stop = Button(lambda: tr("Stop the server"), glyph="square")
        self.stop.clicked.connect(self.serving.stop)
        self._state = Badge("")
        self.address = Text("", "mono")
        self.address.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._model = OneLine("", "caption", "text2")
        self._copy_address = Button(lambda: tr("Copy the address"), "quiet", "copy")
        self._copy_address.clicked.connect(lambda: copy_text(self, self.serving.url))
        self.language = Segmented(NAMES)
        self.language.show_value("python")
        self._chosen = "python"
        self.language.edited.connect(self._choose)
        self.code = QPlainTextEdit()
        self.copy_code = Button(lambda: tr("Copy"), "quiet", "copy")
        self.copy_code.clicked.connect(lambda: copy_text(self, self.code.toPlainText()))
        self._settings, self._running = box(self._ask()), box(self._answer())
        self.hold(self._lay())
        self._show()

    @property
    def places(self) -> list[Path]:
        """The run, and the exports of it that are known here."""
        return list(self._places)

    def refresh(self, exports: Sequence[Path]) -> None:
        """Suit another run: its result, and its exports that are known here."""
        run = self._project.watch.run
        if run is not None and self._places[:1] != [run.path]:
            self._places = [run.path, *exports]
            self._offer()
        self._show()

    def offer(self, export: Path) -> None:
        """Offer a new export too."""
        if export not in self._places:
            self._places.append(export)
        self._offer()

    def _offer(self) -> None:
        options: list[tuple[object, Words]] = [
            (each, (lambda: tr("the run's result")) if place == 0 else each.name)
            for place, each in enumerate(self._places)
        ]
        self.what.offer(options)
        if self.what.value() is None and options:
            self.what.show_value(self._places[0])

    def _start(self) -> None:
        path = self.what.value()
        if isinstance(path, Path):
            clear(self._below)
            self.serving.start(path, int(self.port.value()), self.key.text().strip())

    def _choose(self, name: object) -> None:
        self._chosen = str(name)
        self._show()

    def _show(self) -> None:
        serving, was_ready = self.serving, self._running.isVisible()
        self._settings.setVisible(not serving.ready)
        self._settings.setEnabled(not serving.busy)
        self._running.setVisible(serving.ready)
        self.go.setVisible(not serving.busy)
        self.stop.setVisible(serving.busy)
        self._state.setVisible(serving.busy)
        if serving.ready:
            self._state.say(lambda: tr("ready"), "ok")
            self.address.say(serving.url)
            self._model.say(lambda: tr("Model: {name}").format(name=serving.model))
            said = CODE[self._chosen](serving.url, serving.model, serving.task, serving.key)
            self.code.setPlainText(said)
            if not was_ready and not self.stop.visibleRegion().isEmpty():
                QTimer.singleShot(LAID, self, lambda: bring_into_sight(self.code))
        elif serving.busy:
            self._state.say(lambda: serving.waiting.say(tr("Loading the model …")))
        self.what.setAccessibleName(tr("What is served"))
        self.port.setAccessibleName(tr("Port"))
        self.key.setAccessibleName(tr("Key"))
        self.code.setAccessibleName(tr("Code that asks the server"))

    def _tell(self, error: StudioError) -> None:
        clear(self._below)
        self._below.addWidget(FindingBox("error", *words_of(error)))

    def _refuse(self, text: str) -> None:
        clear(self._below)
        self._below.addWidget(FindingBox("error", lambda: self.port.refusal(tr("Port"), text)))

    def _ask(self) -> QHBoxLayout:
        line = row(
            Text(lambda: tr("What is served"), "body", "text2"),
            self.what,
            Space.s,
            Text(lambda: tr("Port"), "body", "text2"),
            self.port,
            Space.s,
            Text(lambda: tr("Key"), "body", "text2"),
            self.key,
            self._make,
            gap=Space.s,
        )
        line.setStretch(7, 1)
        return line

    def _answer(self) -> QVBoxLayout:
        self.code.setReadOnly(True)
        self.code.setFont(font("mono"))
        self.code.setProperty("well", True)
        self.code.setTabChangesFocus(True)
        self.code.setFixedHeight(TALL)
        address = row(self.address, self._copy_address, self._model, gap=Space.s)
        address.setStretch(2, 1)
        return column(
            address,
            row(self.language, None, self.copy_code, gap=Space.s),
            self.code,
            gap=Space.s,
        )

    def _lay(self) -> QVBoxLayout:
        detail = Text(
            lambda: tr(
                "Programs that speak OpenAI's interface can ask your model, on this machine alone; "
                "it ends with the window. A key is a password that they must send."
            ),
            "caption",
            "text2",
            wrap=True,
        )
        words = box(column(Text(lambda: tr("Local server"), "section"), detail, gap=2))
        head = row(words, self._state, self.stop, self.go, gap=Space.m)
        head.setStretch(0, 1)
        return column(
            head, self._settings, self._running, self._below, gap=Space.s, pad=(16, 10, 16, 12)
        )
