"""How a run ended, as a sentence. Reads exit codes and the last words of a log; starts nothing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from finetune_studio.i18n import mark, tr
from finetune_studio.runs.events import EARLY_STOPPING, Failed, Finished, Stopped, Terminal
from finetune_studio.runs.log import without_warnings

Kind = Literal[
    "finished",
    "early-stop",
    "stopped",
    "failed",  # in the trainer's own words
    "forced",
    "out-of-gpu-memory",
    "out-of-memory",
    "disk-full",
    "killed",
    "interrupted",
    "power-loss",
    "crashed",
    "exit-code",
    "silent",
    "unknown",
]
GOOD: frozenset[Kind] = frozenset({"finished", "early-stop", "stopped"})
SHOWN_LINES = 20

_GPU_MEMORY = re.compile(
    r"OutOfMemoryError|(CUDA|HIP)( error:)? out of memory|CU(BLAS|DNN)_STATUS_ALLOC_FAILED"
)
_MAIN_MEMORY = re.compile(r"can't allocate memory|std::bad_alloc|^MemoryError\b", re.MULTILINE)
_DISK = re.compile(r"No space left on device|Disk quota exceeded|not enough space on the disk")
_INTERRUPTS = {"SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"}
_WINDOWS = {0xC000013A: "SIGINT", 0xC0000005: "SIGSEGV", 0xC0000409: "SIGABRT"}

_RESUME = mark("Resume it from its last checkpoint.")
_SEE_LOG = mark("The last lines of trainer.log say more.")
# What happened, and what to try.
_TEXTS: dict[Kind, tuple[str, str]] = {
    "finished": (mark("Training finished."), ""),
    "early-stop": (mark("Training stopped early: the validation loss no longer fell."), ""),
    "stopped": (mark("Training was stopped at step {step}."), ""),
    "forced": (
        mark("Training was ended by force, for it did not react to the request to stop."),
        _RESUME,
    ),
    "out-of-gpu-memory": (
        mark("The GPU ran out of memory."),
        mark("Make the batch or the sequence length smaller, or choose QLoRA; then resume."),
    ),
    "out-of-memory": (
        mark("The computer ran out of main memory."),
        mark("Close other programs, or choose a smaller model; then resume."),
    ),
    "disk-full": (
        mark("The disk is full."),
        mark("Free space on it; then resume from the last checkpoint."),
    ),
    "killed": (
        mark("The system killed the trainer (signal 9), probably because main memory ran out."),
        mark("Close other programs, or choose a smaller model; then resume."),
    ),
    "interrupted": (mark("Training was interrupted ({signal})."), _RESUME),
    "power-loss": (mark("The computer was switched off or restarted while it trained."), _RESUME),
    "crashed": (mark("The trainer crashed ({signal})."), _SEE_LOG),
    "exit-code": (mark("The trainer ended with exit code {code}."), _SEE_LOG),
    "silent": (mark("The trainer ended without saying how the training went."), _SEE_LOG),
    "unknown": (
        mark("The trainer is no longer running, and nobody saw how it ended."),
        mark("The last lines of trainer.log say more; resume from the last checkpoint."),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The end of a run.

    Attributes:
        kind: Which end it was.
        event: The trainer's own last word, if it had one.
        exit_code: How its process ended; negative for a signal, None where nobody saw it.
        log: The last lines of its log, without libraries' warnings.
    """

    kind: Kind
    event: Terminal | None = None
    exit_code: int | None = None
    log: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it ended in good order (exit code 0)."""
        return self.kind in GOOD

    def sentence(self) -> str:
        """The end in one sentence, for a person."""
        if isinstance(self.event, Failed):
            return self.event.part("title")
        return tr(_TEXTS[self.kind][0]).format(**self._values())

    def _values(self) -> dict[str, object]:
        """What a sentence may name."""
        return {
            "step": self.event.step if isinstance(self.event, Finished | Stopped) else 0,
            "signal": _signal_name(self.exit_code),
            "code": self.exit_code,
        }

    def as_failed(self, time: float) -> Failed:
        """The `failed` event that a trainer which died could not write itself."""
        if isinstance(self.event, Failed):
            return self.event
        title, hint = _TEXTS[self.kind]
        sources = {"title": {"text": title, "values": self._values()}}
        return Failed(
            time=time,
            title=self.sentence(),
            detail=self.log,
            hint=tr(hint) if hint else "",
            sources=sources | ({"hint": {"text": hint, "values": {}}} if hint else {}),
        )


def of_event(event: Terminal) -> Outcome:
    """The end that the trainer itself announced."""
    if isinstance(event, Failed):
        return Outcome(kind="failed", event=event)
    if event.reason == EARLY_STOPPING:
        return Outcome(kind="early-stop", event=event)
    return Outcome(kind="finished" if isinstance(event, Finished) else "stopped", event=event)


def of_death(
    exit_code: int | None,
    log: Sequence[str],
    *,
    forced: bool = False,
    rebooted: bool = False,
    full: bool = False,
) -> Outcome:
    """The end of a trainer that announced none.

    Args:
        exit_code: Of its process; None where nobody saw it.
        log: The last lines of its log.
        forced: The person's request to stop came to its last rungs.
        rebooted: The computer started again since.
        full: The run's disk has no room, not even for a last word.
    """
    kind: Kind = "forced" if forced else _kind_of_death(exit_code, "\n".join(log), rebooted)
    if full and kind in ("exit-code", "unknown"):
        kind = "disk-full"
    shown, _ = without_warnings(log[-SHOWN_LINES:])
    return Outcome(kind=kind, exit_code=exit_code, log="\n".join(shown))


def _kind_of_death(code: int | None, log: str, rebooted: bool) -> Kind:
    name = _signal_name(code)
    if name is not None:
        if name in _INTERRUPTS:
            return "interrupted"
        return "killed" if name == "SIGKILL" else "crashed"
    if code != 0 and _GPU_MEMORY.search(log):
        return "out-of-gpu-memory"
    if code != 0 and _MAIN_MEMORY.search(log):
        return "out-of-memory"
    if code != 0 and _DISK.search(log):
        return "disk-full"
    if code is None:
        return "power-loss" if rebooted else "unknown"
    return "exit-code" if code else "silent"


def _signal_name(code: int | None) -> str | None:
    """The signal behind an exit code: negative, as a shell tells it (128 + n), or Windows's own."""
    if code is None:
        return None
    if (unsigned := code & 0xFFFFFFFF) in _WINDOWS:
        return _WINDOWS[unsigned]
    number = -code if code < 0 else code - 128
    return _POSIX.get(number) or (f"signal {number}" if code < 0 else None)


# By number, so that a run from Linux is read rightly on Windows, where Python knows few signals.
_POSIX = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    4: "SIGILL",
    6: "SIGABRT",
    7: "SIGBUS",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    13: "SIGPIPE",
    15: "SIGTERM",
}
