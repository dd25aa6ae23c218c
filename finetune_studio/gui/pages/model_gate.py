"""The way through a gate: the licence's page, the Hub token, and asking again.

The token goes from the field to the core and nowhere else; the field is emptied at once.
"""

from collections.abc import Callable

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLayout, QLineEdit, QVBoxLayout, QWidget

from finetune_studio.catalog import access, connection
from finetune_studio.errors import StudioError
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.dialog import Sheet
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import Rule, box, clear, column, row
from finetune_studio.gui.widgets.line import Line
from finetune_studio.gui.widgets.text import Text

WIDTH = 520
TOKENS = "https://huggingface.co/settings/tokens"
PLACES: dict[str, Callable[[], str]] = {
    "environment": lambda: tr("A token is set for this session by HF_TOKEN."),
    "keyring": lambda: tr("A token is kept in the system's keyring."),
    "file": lambda: tr("A token is kept in the Hub's own file, which only you can read."),
    "": lambda: tr("No token is kept here yet."),
}


class Gate(Sheet):
    """Leads through a gate in three steps.

    Attributes:
        opened: The Hub gives this person the model.
    """

    opened = Signal()

    def __init__(self, parent: QWidget | None, jobs: Jobs, model: str) -> None:
        super().__init__(parent, model, WIDTH)
        self._jobs, self._model = jobs, model
        self.field = Line(lambda: "hf_…")
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.setAccessibleName(tr("Hub token"))
        self.field.returnPressed.connect(self._sign_in)
        self._place = Text(lambda: tr("Looking for a token …"), "caption", "text3", wrap=True)
        self._sign = Button(lambda: tr("Sign in"))
        self._sign.clicked.connect(self._sign_in)
        self._again = Button(lambda: tr("Ask the Hub"), "primary")
        self._again.clicked.connect(self._ask)
        self._said = column(gap=Space.s)
        self.hold(self._lay())
        self._find_token()

    def done(self, result: int) -> None:
        """Close; an answer that is still to come is not heard any more."""
        self.field.clear()
        for key in ("gate", "token"):
            self._jobs.forget(key)
        super().done(result)

    def _lay(self) -> QVBoxLayout:
        licence = Button(lambda: tr("Open the model's page"), glyph="globe")
        licence.clicked.connect(lambda: _open(connection.page(self._model)))
        make = Button(lambda: tr("Make a token on the Hub"), "link")
        make.clicked.connect(lambda: _open(TOKENS))
        later = Button(lambda: tr("Later"))
        later.clicked.connect(self.reject)
        return column(
            Text(lambda: tr("This model's maker asks for your agreement"), "section", wrap=True),
            Text(
                lambda: tr(
                    "Nothing of it can be downloaded before. You do this once for each model."
                ),
                "body",
                "text2",
                wrap=True,
            ),
            _step(
                lambda: tr("1. Read the licence and accept it on the model's page."),
                row(licence, None),
            ),
            _step(
                lambda: tr("2. Sign in with a token of the same account; reading is enough."),
                column(
                    row(self.field, self._sign, gap=Space.s), self._place, row(make, None), gap=4
                ),
            ),
            Text(lambda: tr("3. Ask the Hub whether it lets you in."), "strong", wrap=True),
            self._said,
            Rule(),
            row(None, later, self._again),
            gap=Space.m,
        )

    def _find_token(self) -> None:
        self._jobs.run("token", access.place, self._show_place, self._refuse)

    def _show_place(self, place: str) -> None:
        self._place.say(PLACES[place])

    def _sign_in(self) -> None:
        given = self.field.text()
        self.field.clear()
        self._tell("advice", lambda: tr("Asking the Hub …"))
        self._jobs.run("token", lambda: _keep(given), self._know, self._refuse)

    def _know(self, known: tuple[access.Account, str]) -> None:
        account, place = known
        self._show_place(place)
        self._tell("good", lambda: tr("Signed in as {name}.").format(name=account.name))

    def _ask(self) -> None:
        from finetune_studio.catalog import hub

        self._again.setEnabled(False)
        self._tell("advice", lambda: tr("Asking the Hub …"))
        model = self._model  # no job's thread is to hold a dialog that may be gone by its end
        self._jobs.run("gate", lambda: hub.may_have(model), self._let_in, self._refuse)

    def _let_in(self, _: None) -> None:
        self.accept()
        self.opened.emit()

    def _refuse(self, error: StudioError) -> None:
        self._again.setEnabled(True)
        detail = error.rest
        self._tell("warning", error.title, detail)

    def _tell(self, level: str, title: Words, detail: Words = "") -> None:
        clear(self._said)
        self._said.addWidget(FindingBox(level, title, detail))


def _keep(given: str) -> tuple[access.Account, str]:
    return access.sign_in(given), access.place()


def _step(words: Words, body: QLayout) -> QWidget:
    return box(column(Text(words, "strong", wrap=True), body, gap=Space.s))


def _open(address: str) -> None:
    QDesktopServices.openUrl(QUrl(address))
