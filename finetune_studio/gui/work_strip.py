"""A line at the foot of the window for work that goes on whatever page is open, and for its end."""

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from finetune_studio.gui.announcing import Announced
from finetune_studio.gui.getting_llama import GettingLlama
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.language import tr
from finetune_studio.gui.retelling import again
from finetune_studio.gui.tokens import Size, Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.dialog import Answer, Ask
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import Pane, row, show_part
from finetune_studio.gui.widgets.meter import Track
from finetune_studio.gui.widgets.text import Text

HEIGHT = 40
STAYS = 20_000  # milliseconds that a good end stays to be read


class WorkStrip(Pane):
    """Getting llama.cpp: how far, stop, and what came of it; hidden where nothing is done."""

    def __init__(self, jobs: Jobs) -> None:
        super().__init__(None, "surface", "t")
        self._getting = GettingLlama.of(jobs)
        self._ended: bool | None = None
        self._glyph = Glyph("package", "accent")
        self._words, self._track = Text(self._said, "body", "text2"), Track()
        self._track.setFixedWidth(Size.panel - 2 * Space.l)
        self.stop = Button(lambda: tr("Stop"), "quiet", name=lambda: tr("Stop getting llama.cpp"))
        self.stop.clicked.connect(self._getting.stop)
        self.close_it = Button(name=lambda: tr("Close"), kind="quiet", glyph="x")
        self.close_it.clicked.connect(self._forget)
        line = row(self._glyph, self._words, None, self._track, self.stop, self.close_it, gap=10)
        line.setContentsMargins(20, 0, 12, 0)
        self.setLayout(line)
        self.setFixedHeight(HEIGHT)
        self._announced = Announced(self)
        self._leaves = QTimer(self, singleShot=True, interval=STAYS)
        self._leaves.timeout.connect(self._forget)
        self._getting.moved.connect(self.refresh)
        self._getting.ended.connect(self._end)
        jobs.closing.connect(self._leaves.stop)
        self.refresh()

    def refresh(self) -> None:
        """Show how it stands."""
        running = self._getting.running
        if running:
            self._ended = None
        show_part(self, running or self._ended is not None)
        self._glyph.show_as(*self._sign())
        self._words.say(self._said)
        self._track.setVisible(running and self._getting.share > 0)
        self._track.show_part(self._getting.share)
        self.stop.setVisible(running)
        self.close_it.setVisible(not running)

    def may_go(self, window: QWidget) -> bool:
        """Whether the window may go: what goes on ends with it."""
        if not self._getting.running:
            return True
        return ask_to_end_it(window) == "leave"

    def _sign(self) -> tuple[str, str]:
        if self._ended is None:
            return "package", "accent"
        return ("circle-check", "ok") if self._ended else ("triangle-alert", "warn")

    def _said(self) -> str:
        if self._ended:
            return tr("llama.cpp is here: results can be saved as GGUF.")
        if self._ended is not None:
            error = self._getting.error
            cause = f"{again(error.title)} {again(error.detail)}" if error is not None else ""
            return tr("llama.cpp is not here: {cause}").format(cause=cause.strip()[:120])
        return said(self._getting)

    def _end(self, good: bool) -> None:
        self._ended = good
        if good:
            self._leaves.start()
        self.refresh()
        self._announced.now("")
        self._announced.now(self._words.plain)

    def _forget(self) -> None:
        self._ended = None
        self.refresh()


def said(getting: GettingLlama) -> str:
    """What is being done and how far it is, in words."""
    words = f"llama.cpp: {again(getting.words)}" if getting.words else tr("Getting llama.cpp …")
    if getting.share:
        words = f"{words} {getting.share:.0%}".replace("%", " %")
    return getting.waiting.say(words)


def ask_to_end_it(window: QWidget) -> str:
    """What becomes of the getting when the window goes: "stay" or "leave"."""
    return Ask(
        window,
        lambda: tr("llama.cpp is still being got"),
        lambda: tr("It ends with the window, and begins anew the next time you ask for it."),
        Answer("stay", lambda: tr("Keep the window open")),
        [Answer("leave", lambda: tr("End it and close"), "primary")],
    ).ask()
