"""The Hub's token: asked for where there is none, kept where tokens are kept, never shown."""

from PySide6.QtCore import QUrl, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from finetune_studio.catalog import access, connection
from finetune_studio.errors import StudioError
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.language import tr
from finetune_studio.gui.opening import open_outside
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.layout import column, row
from finetune_studio.gui.widgets.line import Line
from finetune_studio.gui.widgets.text import Text

JOB = "sign-in"


class SignIn(QWidget):
    """Asks for a token that may write.

    Attributes:
        signed: Somebody has signed in, or is found to be.
    """

    signed = Signal()

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self.signed_in = False
        self.field = Line(lambda: "hf_…")
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.returnPressed.connect(self._sign_in)
        self._go = Button(lambda: tr("Sign in"))
        self._go.clicked.connect(self._sign_in)
        make = Button(lambda: tr("Make a token on the Hub"), "link")
        make.setProperty("lead", True)
        make.clicked.connect(lambda: open_outside(self, QUrl(connection.page("settings/tokens"))))
        self._said = Text(
            lambda: tr(
                "Uploading needs a token of the kind “write”: a password for programs, which your "
                "Hugging Face account makes. It begins with hf_."
            ),
            "caption",
            "text2",
            wrap=True,
        )
        line = row(self.field, self._go, gap=Space.s)
        line.setStretch(0, 1)
        self.setLayout(column(self._said, line, row(make, None), gap=Space.xs))
        self.field.setAccessibleName(tr("Hub token"))
        jobs.run(JOB, lambda: bool(access.token()), self._found, lambda _: None)

    def _found(self, there: bool) -> None:
        self.signed_in = there
        self.signed.emit()

    def _sign_in(self) -> None:
        given = self.field.text()
        self._go.setEnabled(False)
        self._jobs.run(JOB, lambda: access.sign_in(given), self._done, self._refused)

    def _done(self, _: access.Account) -> None:
        self.field.clear()
        self._go.setEnabled(True)
        self._found(True)

    def _refused(self, error: StudioError) -> None:
        self._go.setEnabled(True)
        self._said.say(str(error))
