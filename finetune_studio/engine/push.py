"""The upload's own process: `python -m finetune_studio.engine.push PATH --repo NAME …`.

It prints JSON lines: `{"findings"}`, `{"phase"}`, `{"progress"}`, `{"waits"}` and `{"notice"}`,
then what came of it, or `{"error"}`. Ended at any moment it leaves nothing half made on the Hub.
With `--told` whoever started it looks at the licences and files, and tells on the first line of the
input what goes up; meanwhile this process asks the Hub, and changes nothing there.
Loads no torch. Meanwhile the weights are being hashed already, where Xet does not do that itself.
"""

import argparse
import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune_studio import collector
from finetune_studio.engine.process import as_told, run_as_process
from finetune_studio.errors import StudioError
from finetune_studio.export.hashing import Hashes
from finetune_studio.export.transport import by_xet
from finetune_studio.i18n import tr

if TYPE_CHECKING:
    from finetune_studio.export.items import Contents
    from finetune_studio.export.repository import Order

STALLED = 300.0
"""Seconds without a byte after which nothing more is expected."""
LOOK = 1.0  # seconds between two looks


def push(arguments: list[str]) -> int:
    """Upload a run or an export."""
    options = _parser().parse_args(arguments)
    folders = () if by_xet() else (options.path, options.path / "result")
    hashes, heard, speaker = Hashes(folders), _Input(), _Speaker(options.stalled)
    if options.told:
        threading.Thread(target=heard.read, daemon=True).start()
    with collector.at_rest(for_good=True):
        from finetune_studio.export.hub import opened, send
        from finetune_studio.export.repository import Order

        order = Order(options.repo, options.public, options.branch, options.pull_request)
        contents = None if options.told else _looked(options, order, speaker)
        threading.Thread(target=speaker.watch, daemon=True).start()
        there = opened(order, speaker.say)
    speaker.say(send(there, contents or heard.contents(speaker.rest), speaker.say, hashes.of))
    return 0


def _looked(options: argparse.Namespace, order: "Order", speaker: "_Speaker") -> "Contents":
    """Decide here what goes up."""
    from finetune_studio.export.publish import prepare

    publication = prepare(options.path, order, options.language, options.run)
    speaker.say({"findings": [each.as_dict() for each in publication.findings]})
    return publication.contents


class _Input:
    """What whoever started this process says: perhaps what goes up, and that they have ended."""

    def __init__(self) -> None:
        self._first: queue.Queue[str] = queue.Queue()

    def read(self) -> None:
        """Take the first line, then end with them: nothing half made can come of it.

        Not by `sys.stdin`: a thread that waits in its lock keeps Python from ending.
        """
        said = b""
        while piece := os.read(0, 1 << 16):
            said += piece
            if piece.endswith(b"\n"):
                self._first.put(said.decode())
        os._exit(130)

    def contents(self, waiting: Callable[[], None]) -> "Contents":
        """What goes up, once it was said.

        Args:
            waiting: Called now and then until it is.
        """
        from finetune_studio.export.items import Contents

        while True:
            try:
                return Contents.of_line(self._first.get(timeout=LOOK))
            except queue.Empty:
                waiting()


class _Speaker:
    """Prints what happens, and ends the process where nothing does."""

    def __init__(self, patience: float) -> None:
        self._patience, self._spoke = patience, time.monotonic()
        self._lock = threading.Lock()

    def say(self, document: Mapping[str, Any]) -> None:
        """Print one line; several threads speak."""
        with self._lock:
            print(json.dumps(document, ensure_ascii=False), flush=True)  # noqa: T201
            self._spoke = time.monotonic()
        if "waits" in document:
            self._refuse_long(document["waits"])

    def rest(self) -> None:
        """Nothing is expected of the Hub now."""
        self._spoke = time.monotonic()

    def watch(self) -> None:
        """End the process once nothing was said for too long: a library may wait for ever."""
        while time.monotonic() - self._spoke < self._patience:
            time.sleep(LOOK)
        from finetune_studio.export.hub_failures import stalled

        self._give_up(stalled(self._patience))

    def _refuse_long(self, seconds: float) -> None:
        from finetune_studio.catalog.connection import LONGEST_WAIT
        from finetune_studio.export.hub_failures import too_busy

        if seconds > LONGEST_WAIT:
            self._give_up(too_busy(seconds))

    def _give_up(self, error: StudioError) -> None:
        print(json.dumps({"error": as_told(error)}, ensure_ascii=False), flush=True)  # noqa: T201
        print(tr("error: {text}").format(text=error), file=sys.stderr, flush=True)  # noqa: T201
        os._exit(1)  # the library's threads cannot be interrupted


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("path", type=Path)
    parser.add_argument("--repo", required=True)
    parser.add_argument("--public", action="store_true")
    parser.add_argument("--branch", default="")
    parser.add_argument("--pull-request", action="store_true")
    parser.add_argument("--language", choices=("en", "ko"))
    parser.add_argument("--run", type=Path)
    parser.add_argument("--stalled", type=float, default=STALLED)
    parser.add_argument("--told", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    code = run_as_process(push)
    sys.stdout.flush()
    os._exit(code)  # all is said: to take the libraries apart would take a tenth of a second
