"""A conversation with the tuned and the base model, through the engine's process. Knows no widget.

The process is started by the first question and ends when nobody has asked for a while, so that its
memory is free again; the next question starts another. Each side keeps a history of its own.
"""

import random
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from finetune_studio.errors import StudioError
from finetune_studio.gui.child import Child
from finetune_studio.gui.retelling import as_error
from finetune_studio.gui.waiting import Waiting
from finetune_studio.runs.votes import Side

IDLE = 300_000  # milliseconds until a model that nobody talks to is let go
BASE, TUNED = True, False


@dataclass(frozen=True)
class Manner:
    """How both models are to answer.

    Attributes:
        system: The system prompt; empty for the run's own.
        tokens: The longest answer.
        temperature: 0 says the likeliest.
        top_p: Only the likeliest share is drawn from.
        seed: Of what is drawn.
        stop: Texts that end an answer.
    """

    system: str = ""
    tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """What the engine is told of it."""
        return {
            "tokens": self.tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "seed": self.seed,
            "stop": list(self.stop),
        }


@dataclass
class Turn:
    """A question and what became of it.

    Attributes:
        question: What was asked.
        order: The sides as they are shown: True the base model's, False the tuned one's.
        blind: Whether it is hidden whose answer is whose.
        answers: By side; they grow while they come.
        waiting: The sides that are not done yet.
        liked: Whose answer was liked better; None where nobody has said.
        ended: Whether the person has had enough of it.
    """

    question: str
    order: tuple[bool, ...] = (TUNED,)
    blind: bool = False
    answers: dict[bool, str] = field(default_factory=dict)
    waiting: set[bool] = field(default_factory=set)
    liked: Side | None = None
    ended: bool = False

    @property
    def hidden(self) -> bool:
        """Whether it may not be said yet whose answer is whose."""
        return self.blind and self.liked is None

    @property
    def open(self) -> bool:
        """Whether a vote is waited for."""
        return self.hidden and not self.waiting and len(self.answers) > 1


class Talk(QObject):
    """One conversation about one run.

    Attributes:
        changed: A turn is new, done or voted on.
        grew: An answer has got longer: its turn, and its side.
        failed: A StudioError: an answer did not come.
        ready: The model is loaded.
        waiting: How long the model has been loading.
        rested: The process has ended, and its memory is free.
    """

    changed = Signal()
    grew = Signal(object, bool)
    failed = Signal(object)
    ready = Signal()
    rested = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.turns: list[Turn] = []
        self.loading = False
        self.waiting = Waiting(self)
        self._run: Path | None = None
        self._asked: deque[tuple[Turn, bool]] = deque()
        self._child = Child(self)
        self._child.said.connect(self._hear)
        self._child.ended.connect(self._end)
        self._idle = QTimer(self, singleShot=True, interval=IDLE)
        self._idle.timeout.connect(self.close)

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._asked)

    @property
    def awake(self) -> bool:
        """Whether a model is in memory."""
        return self._child.alive

    def ask(
        self,
        run: Path,
        question: str,
        *,
        base: bool,
        chat: bool,
        blind: bool = False,
        manner: Manner | None = None,
    ) -> None:
        """Ask the tuned model, and the base model beside it.

        Args:
            run: The run's folder.
            question: What is asked.
            base: Whether to ask the base model too.
            chat: Whether what was said before counts; other tasks take each text for itself.
            blind: Whether to hide whose answer is whose, until a vote.
            manner: How to answer.
        """
        if run != self._run:
            self.close()
            self.clear()
            self._run = run
        manner = manner or Manner()
        sides = [BASE, TUNED] if base else [TUNED]
        order = random.sample(sides, len(sides)) if blind else sides
        turn = Turn(question, tuple(order), blind and base, waiting=set(sides))
        asked = [self._messages(turn, side, chat, manner.system) for side in order]
        self.turns.append(turn)
        self._idle.stop()
        try:
            self._start(run)
        except StudioError as error:
            self._give_up(error)
            return
        for side, messages in zip(order, asked, strict=True):
            self._asked.append((turn, side))
            self._child.tell({"messages": messages, "base": side, **manner.document()})
        self.changed.emit()

    def enough(self) -> None:
        """End the answers to the last question; what was said of them stays.

        While the model is loaded, that ends, too.
        """
        if self.loading:
            self.close()
            self.changed.emit()
        elif self.busy:
            self._asked[-1][0].ended = True
            self._child.tell({"enough": True})

    def like(self, turn: Turn, choice: Literal["first", "second", "neither"]) -> Side:
        """Take a vote on a turn; whose answer it was for."""
        side: Side = "tie"
        if choice != "neither":
            chosen = turn.order[0 if choice == "first" else 1]
            side = "base" if chosen == BASE else "tuned"
        turn.liked = side
        self.changed.emit()
        return side

    def clear(self) -> None:
        """Begin anew."""
        self.turns.clear()
        self.changed.emit()

    def close(self) -> None:
        """End the process, and free its memory."""
        self._idle.stop()
        self._asked.clear()
        for turn in self.turns:
            turn.waiting.clear()
        self.loading = False
        self.waiting.stop()
        self._child.close()
        self.rested.emit()

    def _messages(self, turn: Turn, side: bool, chat: bool, system: str) -> list[dict[str, str]]:
        said: list[dict[str, str]] = []
        if system and chat:
            said.append({"role": "system", "content": system})
        for each in self.turns if chat else ():
            if side in each.answers:
                said.append({"role": "user", "content": each.question})
                said.append({"role": "assistant", "content": each.answers[side]})
        return [*said, {"role": "user", "content": turn.question}]

    def _start(self, run: Path) -> None:
        if not self._child.alive:
            self.loading = True
            self.waiting.start()
            self._child.start("chat", str(run), "--json")

    def _hear(self, document: dict[str, Any]) -> None:
        if "ready" in document:
            self.loading = False
            self.waiting.stop()
            self.ready.emit()
        elif not self._asked:
            return
        elif "piece" in document:
            turn, side = self._asked[0]
            if turn.ended:  # the other side's answer had not begun when that was asked
                self._child.tell({"enough": True})
            turn.answers[side] = turn.answers.get(side, "") + str(document["piece"])
            self.grew.emit(turn, side)
        elif "answer" in document:
            turn, side = self._done()
            turn.answers[side] = str(document["answer"])
            self.changed.emit()
        elif "error" in document and not self.loading:
            self._done()
            self.failed.emit(as_error(document["error"]))
            self.changed.emit()

    def _done(self) -> tuple[Turn, bool]:
        turn, side = self._asked.popleft()
        turn.waiting.discard(side)
        if not self._asked:
            self._idle.start()
        return turn, side

    def _end(self, error: StudioError | None) -> None:
        self.loading = False
        self.waiting.stop()
        self._idle.stop()
        if self._asked:
            self._give_up(error)
        self.rested.emit()

    def _give_up(self, error: StudioError | None) -> None:
        self.loading = False
        self.waiting.stop()
        for turn in self.turns:
            turn.waiting.clear()
        self._asked.clear()
        if error is not None:
            self.failed.emit(error)
        self.changed.emit()
