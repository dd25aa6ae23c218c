"""Work in processes beside the window, whose thread no busy one can hold up then.

A call to numpy, Arrow or a tokenizer may keep Python's one lock for seconds; so what reads all rows
runs here. There are a few lanes, each one process that is started when it is first needed, keeps
what it has loaded, and does one thing at a time. One that was ended begins again as a copy of a
process that has loaded everything, on Linux, where that is safe. Knows no widget.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from finetune_studio.errors import StudioError
from finetune_studio.i18n import tr
from finetune_studio.speech import VARIABLE

Made = TypeVar("Made")
BEAT = 0.05  # seconds between two looks whether the process still lives
SHARED = ("FINETUNE_STUDIO_", "HF_", "HUGGING_FACE_", "XDG_")
"""Beginnings of the variables that may have changed since the process began."""
LIBRARIES = ("HF_", "HUGGING_FACE_")
"""Beginnings of those that the Hub's libraries read while they are loaded."""
COPIES = sys.platform == "linux"  # macOS's own libraries do not survive a copy
LOADED = (
    "datasets",
    *(f"finetune_studio.data.{each}" for each in ("check", "reading", "saving", "usable")),
    *(f"finetune_studio.gui.{each}" for each in ("counted", "preflight", "quality", "token_views")),
    *(f"finetune_studio.tokens.{each}" for each in ("lengths", "preflight")),
)
"""What they need, which takes a second or two to load."""

_loaded = threading.Event()


class Lane:
    """One process.

    Attributes:
        share: How far its work is, from 0 to 1, where it says so by `tell`.
    """

    def __init__(self, nice: int = 0, *, copied: bool = False) -> None:
        """Make one, whose process is to be started.

        Args:
            nice: How much it gives way to the window where both want a core, from 0.
            copied: Whether it begins as a copy of a process that has to be made and to load first;
                others begin so once there is one.
        """
        self._copied, self._nice = copied, nice
        self._turn, self._guard = threading.Lock(), threading.Lock()
        self._told = get_context("spawn").Value("d", 0.0, lock=False)
        self._process: Any = None
        self._pipe: Connection | None = None
        self._key, self._killed = "", False

    @property
    def share(self) -> float:
        """How far its work is."""
        return float(self._told.value)

    def do(self, key: str, work: Callable[..., Made], *arguments: Any) -> Made:
        """Do it there, after what is being done; to be called from a job's thread.

        Args:
            key: Its name, for `drop`.
            work: A function of a module, of what can be pickled.
            arguments: Of the function.

        Raises:
            StudioError: The work raises one, or the process has died or was dropped.
        """
        with self._turn:
            with self._guard:
                self._key, self._killed = key, False
            self._told.value = 0.0
            pipe = self._started()
            try:
                pipe.send((_variables(), work, arguments))
                while not pipe.poll(BEAT):
                    if not self._process.is_alive() and not pipe.poll(0):
                        raise EOFError
                error, made = pipe.recv()
                if self._copied:
                    _loaded.set()
            except (EOFError, OSError) as gone:
                self._end()
                raise _died() from gone
            finally:
                with self._guard:
                    self._key = ""
                    if self._killed:
                        self._end()
            if error is not None:
                raise error
            return made  # type: ignore[no-any-return]

    def drop(self, key: str = "") -> None:
        """End the work of a name at once, or whatever is done; nothing of it is heard."""
        with self._guard:
            if self._key and key in ("", self._key):
                self._killed = True
                if self._process is not None:
                    self._process.kill()

    def close(self) -> None:
        """End the process, after what it does."""
        with self._turn:
            if self._process is not None:
                self._process.kill()
                self._end()

    def _started(self) -> Connection:
        if self._pipe is None or not self._process.is_alive():
            context = _context(_as_then() and (self._copied or _loaded.is_set()))
            ours, theirs = context.Pipe()
            made = context.Process(
                target=_serve, args=(theirs, self._told, self._nice), daemon=True
            )
            made.start()
            theirs.close()
            with self._guard:
                self._process, self._pipe = made, ours
                if self._killed:  # while it was starting
                    made.kill()
        assert self._pipe is not None
        return self._pipe

    def _end(self) -> None:
        if self._process is not None:
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


def _context(copies: bool) -> Any:
    if not (copies and COPIES):
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload([*LOADED])
    return context


def _as_then() -> bool:
    """Whether libraries that read their variables once would read the same as in the copied one."""
    now = {name: value for name, value in os.environ.items() if name.startswith(LIBRARIES)}
    return _then.setdefault("variables", now) == now


_then: dict[str, dict[str, str]] = {}

ROWS, CHECKS, VIEWS = Lane(nice=10, copied=True), Lane(nice=10, copied=True), Lane(nice=5)
"""What reads all rows; what counts all tokens; what shows single ones."""
TOOLS = Lane(nice=10)
"""What is fetched and built once, for minutes."""


def drop_all() -> None:
    """End whatever is being done."""
    for lane in (ROWS, CHECKS, VIEWS, TOOLS):
        lane.drop()


def _variables() -> dict[str, str]:
    from finetune_studio.gui.language import current

    found = {name: value for name, value in os.environ.items() if name.startswith(SHARED)}
    return found | {VARIABLE: current()}


def _died() -> StudioError:
    return StudioError(
        tr("The work on the data ended before its time."),
        tr("Its process is gone; often that is for want of memory."),
        tr("Close other programs, or take fewer rows, and choose the data again."),
    )


# in the process


_progress: Any = None


def tell(share: float) -> None:
    """Say how far the work is, from 0 to 1."""
    if _progress is not None:
        _progress.value = share


def _serve(pipe: Connection, told: Any, nice: int) -> None:
    global _progress
    from finetune_studio import speech

    _progress = told
    _give_way(nice)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is for the window
    # The lock that tqdm would make is one of the system's, left behind where this process is ended.
    import_module("tqdm").tqdm.set_lock(threading.RLock())
    spoken = ""
    while True:
        try:
            variables, work, arguments = pipe.recv()
        except (EOFError, OSError):
            return  # the window is gone
        for name in [each for each in os.environ if each.startswith(SHARED)]:
            del os.environ[name]
        os.environ.update(variables)
        if spoken != variables[VARIABLE]:
            spoken = variables[VARIABLE]
            speech.speak(spoken)
        try:
            answer: tuple[BaseException | None, Any] = (None, work(*arguments))
        except Exception as error:  # noqa: BLE001  (the window's door tells what it is)
            answer = (error, None)
        _answer(pipe, answer)


def _give_way(nice: int) -> None:
    import psutil

    below = getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", None)  # Windows has classes, no numbers
    me = psutil.Process()
    me.nice(min(19, me.nice() + nice) if below is None else below)


def _answer(pipe: Connection, answer: tuple[BaseException | None, Any]) -> None:
    try:
        pipe.send(answer)
    except (EOFError, OSError):
        return
    except Exception as error:  # noqa: BLE001  (an exception that cannot be pickled)
        pipe.send((RuntimeError(f"{type(error).__name__}: {error}; {answer[0]!r}"), None))
