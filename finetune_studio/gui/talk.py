"""A conversation with the tuned and the base model, through the engine's process. Knows no widget.

The process is started by the first question, and each side keeps a history of its own.
"""

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from finetune_studio.errors import StudioError
from finetune_studio.gui.child import Child, as_error

TOKENS = 256  # at most in an answer


@dataclass
class Turn:
    """A question and what became of it.

    Attributes:
        question: What was asked.
        answers: By side: True the base model's, False the tuned one's.
        waiting: The sides that have not answered yet.
    """

    question: str
    answers: dict[bool, str] = field(default_factory=dict)
    waiting: set[bool] = field(default_factory=set)


class Talk(QObject):
    """One conversation about one run.

    Attributes:
        changed: A turn is new, or has another answer.
        failed: A StudioError: an answer did not come.
        ready: The model is loaded.
    """

    changed = Signal()
    failed = Signal(object)
    ready = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.turns: list[Turn] = []
        self.loading = False
        self._run: Path | None = None
        self._asked: deque[tuple[Turn, bool]] = deque()
        self._child = Child(self)
        self._child.said.connect(self._hear)
        self._child.ended.connect(self._end)

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._asked)

    def ask(self, run: Path, question: str, *, base: bool, chat: bool) -> None:
        """Ask the tuned model, and the base model beside it.

        Args:
            run: The run's folder.
            question: What is asked.
            base: Whether to ask the base model too.
            chat: Whether what was said before counts; other tasks take each text for itself.
        """
        if run != self._run:
            self.clear()
            self._run = run
        sides = [False, True] if base else [False]
        turn = Turn(question, waiting=set(sides))
        asked = [self._messages(turn, side, chat) for side in sides]
        self.turns.append(turn)
        try:
            self._start(run)
        except StudioError as error:
            self._give_up(error)
            return
        for side, messages in zip(sides, asked, strict=True):
            self._asked.append((turn, side))
            self._child.tell({"messages": messages, "base": side, "tokens": TOKENS})
        self.changed.emit()

    def clear(self) -> None:
        """Begin anew."""
        self.turns.clear()
        self.changed.emit()

    def close(self) -> None:
        """End the process, and free its memory."""
        self._asked.clear()
        self._child.close()

    def _messages(self, turn: Turn, side: bool, chat: bool) -> list[dict[str, str]]:
        said: list[dict[str, str]] = []
        for each in self.turns if chat else ():
            if side in each.answers:
                said.append({"role": "user", "content": each.question})
                said.append({"role": "assistant", "content": each.answers[side]})
        return [*said, {"role": "user", "content": turn.question}]

    def _start(self, run: Path) -> None:
        if not self._child.alive:
            self.loading = True
            self._child.start("chat", str(run), "--json")

    def _hear(self, document: dict[str, Any]) -> None:
        if "ready" in document:
            self.loading = False
            self.ready.emit()
        elif "answer" in document and self._asked:
            turn, side = self._asked.popleft()
            turn.answers[side] = str(document["answer"])
            turn.waiting.discard(side)
            self.changed.emit()
        elif "error" in document and self._asked and not self.loading:
            turn, side = self._asked.popleft()
            turn.waiting.discard(side)
            self.failed.emit(as_error(document["error"]))
            self.changed.emit()

    def _end(self, error: StudioError | None) -> None:
        self.loading = False
        if self._asked:
            self._give_up(error)

    def _give_up(self, error: StudioError | None) -> None:
        for turn in self.turns:
            turn.waiting.clear()
        self._asked.clear()
        if error is not None:
            self.failed.emit(error)
        self.changed.emit()
