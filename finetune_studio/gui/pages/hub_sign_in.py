"""The Hub's token: asked for where there is none, kept where tokens are kept, never shown."""

from PySide6.QtCore import QUrl, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from finetune_studio.catalog import access, connection
from finetune_studio.errors import StudioError
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.language import tr
from finetune_studio.gui.opening import open_outside
from finetune_studio.gui.retelling import words_of
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import box, clear, column, row
from finetune_studio.gui.widgets.line import Line
from finetune_studio.gui.widgets.text import Text
from finetune_studio.i18n import sources_kept

JOB = "sign-in"


class SignIn(QWidget):
    """Asks for a token that may write; where there is one, offers to take another.

    Attributes:
        signed: Somebody has signed in, or is found to be.
    """

    signed = Signal()

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs, self._account, self._fixed = jobs, "", False
        self.signed_in = False
        self.field = Line(lambda: "hf_…")
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.returnPressed.connect(self._sign_in)
        self._go = Button(lambda: tr("Sign in"))
        self._go.clicked.connect(self._sign_in)
        make = Button(lambda: tr("Make a token on the Hub"), "link")
        make.setProperty("lead", True)
        make.clicked.connect(lambda: open_outside(self, QUrl(connection.page("settings/tokens"))))
        said = Text(
            lambda: tr(
                "Uploading needs a token of the kind “write”: a password for programs, which your "
                "Hugging Face account makes. It begins with hf_."
            ),
            "caption",
            "text2",
            wrap=True,
        )
        self._trouble = column(gap=0)
        line = row(self.field, self._go, gap=Space.s)
        line.setStretch(0, 1)
        self._asks = box(column(said, line, self._trouble, row(make, None), gap=Space.xs))
        self.other = Button(lambda: tr("Use another token"), "link")
        self.other.clicked.connect(self._ask_again)
        self._who = Text(self._said, "caption", "text2")
        self._knows = box(row(self._who, None, self.other, gap=Space.s))
        self.setLayout(column(self._asks, self._knows, gap=0))
        self.field.setAccessibleName(tr("Hub token"))
        self._show(asking=True)
        jobs.run(JOB, access.place, self._found, lambda _: None)

    def _said(self) -> str:
        if self._fixed:
            return tr("A token is set for this session by HF_TOKEN.")
        if self._account:
            return tr("Signed in to the Hub as {name}").format(name=self._account)
        return tr("Signed in to the Hub")

    def _show(self, *, asking: bool) -> None:
        self._asks.setVisible(asking)
        self._knows.setVisible(not asking)
        self.other.setVisible(not self._fixed)  # no other would be believed
        self._who.say(self._said)

    def _found(self, place: access.Place) -> None:
        self.signed_in, self._fixed = bool(place), place == "environment"
        self._show(asking=not place)
        self.signed.emit()

    def _ask_again(self) -> None:
        self._show(asking=True)
        self.field.setFocus()

    def _sign_in(self) -> None:
        given = self.field.text()
        self._go.setEnabled(False)

        def work() -> access.Account:
            with sources_kept():
                return access.sign_in(given)

        self._jobs.run(JOB, work, self._done, self._refused)

    def _done(self, account: access.Account) -> None:
        self.field.clear()
        clear(self._trouble)
        self._go.setEnabled(True)
        self._account, self.signed_in = account.name, True
        reads = account.role == "read"
        self._show(asking=reads)
        if reads:
            self._trouble.addWidget(
                FindingBox(
                    "warning",
                    lambda: tr("This token may only read."),
                    lambda: tr("It is kept, but uploading needs one of the kind “write”."),
                )
            )
        self.signed.emit()

    def _refused(self, error: StudioError) -> None:
        self._go.setEnabled(True)
        clear(self._trouble)
        self._trouble.addWidget(FindingBox("error", *words_of(error)))
