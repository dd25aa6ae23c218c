"""Follows a run from its files, from the first event to its end, from whichever process."""

import threading
import time
from collections.abc import Iterator
from itertools import islice

import psutil

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.runs.events import Event, EventReader, Terminal, Unreadable
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.liveness import CLOCK_SLACK, exit_code, is_alive, last_sign, recent
from finetune_studio.runs.log import last_lines
from finetune_studio.runs.outcome import Outcome, of_death, of_event
from finetune_studio.runs.state import as_notice

POLL = 0.05  # seconds: the window wants news 10 to 20 times a second
BATCH = 250  # events; a long history comes in pieces, so that a window can breathe between them
NO_ROOM = 65_536  # bytes free on a disk: less is full
JUDGED_LINES = 40  # of the log: a traceback's last line, and what a dying interpreter adds


def follow(
    folder: RunFolder, *, poll: float = POLL, leave: threading.Event | None = None
) -> Iterator[Event]:
    """Yield a run's events from its first, waiting for new ones, until it has ended.

    The last one is `finished`, `stopped` or `failed`; of a trainer that died without a word, a
    `failed` made from how it ended. Setting `leave` ends the following, not the run.

    Raises:
        RefusedError: There is no run there, or it was never started.
    """
    for batch in follow_batches(folder, poll=poll, leave=leave):
        yield from batch


def follow_batches(
    folder: RunFolder, *, poll: float = POLL, leave: threading.Event | None = None
) -> Iterator[list[Event]]:
    """The same as `follow`, in lists of what had come together.

    Raises:
        RefusedError: There is no run there, or it was never started.
    """
    leave = leave or threading.Event()
    reader = EventReader(folder.events)
    yield from _history(folder, reader)
    while not leave.is_set():
        alive = is_alive(folder)  # asked first: what a trainer wrote before it died is read below
        batch, ended = _until_end(_take(reader))
        if batch:
            yield batch
        elif not alive:
            yield [outcome(folder).as_failed(time=last_sign(folder))]
        if ended or not (batch or alive):
            return
        if len(batch) < BATCH:
            leave.wait(poll)


def outcome(folder: RunFolder) -> Outcome:
    """How the last trainer of a run ended. Only for a run whose trainer is no longer alive.

    Raises:
        RefusedError: There is no run there.
    """
    info = folder.info()
    event = recent(folder).outcome
    if event is not None:
        return of_event(event)
    return of_death(
        exit_code(folder),
        last_lines(folder.log, JUDGED_LINES, info.log_offset),
        forced=info.forced is not None,
        rebooted=psutil.boot_time() > last_sign(folder) + CLOCK_SLACK,
        full=psutil.disk_usage(str(folder.path)).free < NO_ROOM,
    )


def _history(folder: RunFolder, reader: EventReader) -> Iterator[list[Event]]:
    """What earlier trainers of this run said; their ends are not the end."""
    info = folder.info()
    size = folder.events.stat().st_size if folder.events.exists() else 0
    if info.pid is None and not size:
        raise RefusedError(
            tr("This run was never started."), str(folder.path), tr("Start it, then follow it.")
        )
    if size >= info.events_offset:
        while batch := _take(reader, info.events_offset):
            yield batch


def _take(reader: EventReader, until: int | None = None) -> list[Event]:
    return [
        as_notice(event, time.time()) if isinstance(event, Unreadable) else event
        for event in islice(reader.read(until), BATCH)
    ]


def _until_end(batch: list[Event]) -> tuple[list[Event], bool]:
    for index, event in enumerate(batch):
        if isinstance(event, Terminal):
            return batch[: index + 1], True
    return batch, False
