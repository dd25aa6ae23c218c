"""Whether the installed program runs: its windows, trainings and set-ups.

A process of ours is known by its first word, the Python of an environment that is asked about; what
that file resolves to is somebody else's Python. The system's processes and other people's, which it
does not show, are passed over.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from finetune_studio import installed, paths
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.setup.claim import claimed


def refuse_while_it_runs() -> None:
    """Refuse to go on while a window, a training or a set-up of this person's is at work.

    Raises:
        RefusedError: One is; the text names the processes' numbers.
    """
    folders = {paths.data(), installed.training_folder()}
    if found := users_of(each / name for each in folders for name in ("window", "environment")):
        raise RefusedError(
            tr("Finetune Studio is running."),
            _numbers(found),
            tr("Close its windows, stop its trainings, and try again."),
        )
    for folder in filter(Path.is_dir, folders):
        with claimed(folder):  # a first start runs in another Python
            pass


def refuse_while_used(environment: Path) -> None:
    """Refuse to take a training environment away from what runs in it.

    Raises:
        RefusedError: A training, a chat or a server does; the text names the processes' numbers.
    """
    if found := users_of([environment]):
        raise RefusedError(
            tr("A training, a chat or a server is running."),
            _numbers(found),
            tr("Stop it or let it end, and try again."),
        )


def users_of(environments: Iterable[Path]) -> list[int]:
    """The numbers of the processes that run from these environments, but for this one."""
    starts = tuple(os.path.normcase(f"{each.absolute()}{os.sep}") for each in environments)
    this = psutil.Process()
    own = {this.pid, *(each.pid for each in this.parents())}
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, IndexError):
            if process.pid not in own and os.path.normcase(process.cmdline()[0]).startswith(starts):
                found.append(process.pid)
    return found


def _numbers(found: list[int]) -> str:
    return tr("Its processes: {numbers}.").format(numbers=", ".join(map(str, found)))
