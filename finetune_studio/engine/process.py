"""The door of an engine process: every end is a sentence and an exit code.

Torch and transformers are asked for where the program has loaded them: some need neither.
"""

import json
import os
import re
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from finetune_studio import interrupts, paths
from finetune_studio.errors import WINDOW, RefusedError, StudioError
from finetune_studio.i18n import keep_sources, sources_of, tr
from finetune_studio.speech import language, speak

DISK = re.compile(
    r"No space left|File too large|quota exceeded|Read-only file system|Input/output error"
    r"|I/O error|file write failed|inline_container"
)
"""What libraries that write files themselves say of a full disk; theirs are no OSErrors."""


def run_as_process(work: Callable[[list[str]], int]) -> int:
    """Run `work` on the command line's arguments; 0 done, 1 failed, 2 refused, 130 interrupted."""
    code = 130
    with suppress(KeyboardInterrupt):
        code = _run(work, sys.argv[1:])
    interrupts.end_silently()
    return code


def _run(work: Callable[[list[str]], int], arguments: list[str]) -> int:
    quiet()
    try:
        interrupts.raise_interrupts()
        return work(arguments)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has had enough
        return 0
    except Exception as error:  # noqa: BLE001  (the last door)
        told = as_studio_error(error, paths.data() / "last-error.txt")
        if "--json" in arguments:
            print(json.dumps({"error": as_told(told)}, ensure_ascii=False))  # noqa: T201
        print(tr("error: {text}").format(text=told), file=sys.stderr)  # noqa: T201
        return 2 if isinstance(told, RefusedError) else 1


def quiet() -> None:
    """Speak the person's language; keep the libraries' advice and progress bars out of it."""
    speak(language())
    if os.environ.get(WINDOW):
        keep_sources()  # the window may speak another language by the time it shows them
    if "transformers" in sys.modules:
        from transformers import logging

        logging.set_verbosity_error()
        logging.disable_progress_bar()


def as_told(error: StudioError) -> dict[str, Any]:
    """An error as the window reads it: with the English of those of its parts that know theirs."""
    parts = error.as_dict()
    sources = sources_of(parts)
    return {**parts, "sources": sources} if sources else {**parts}


def as_studio_error(error: BaseException, details: Path | None = None) -> StudioError:
    """Any failure as a sentence; what was not foreseen also leaves its traceback.

    Args:
        error: What was raised.
        details: The file for the traceback; None for a process whose stderr is a log.
    """
    if isinstance(error, StudioError):
        return error
    if "torch" in sys.modules and _is_out_of_memory(error):
        return _out_of_memory(error)
    kept = _keep(details)
    if isinstance(error, OSError) or DISK.search(str(error)):
        return _system(error)
    return StudioError(
        tr("The engine failed."),
        f"{type(error).__name__}: {' '.join(str(error).split())}"[:500],
        tr("{file} holds the details.").format(file=kept),
    )


def _is_out_of_memory(error: BaseException) -> bool:
    import torch

    return isinstance(error, torch.OutOfMemoryError)


def _keep(details: Path | None) -> str:
    """Write the traceback down; where."""
    if details is None:
        traceback.print_exc()
        return "trainer.log"
    try:
        details.parent.mkdir(parents=True, exist_ok=True)
        details.write_text(traceback.format_exc(), encoding="utf-8")
    except OSError:
        traceback.print_exc()  # a full disk must not hide it
    return str(details)


def _out_of_memory(error: BaseException) -> StudioError:
    return StudioError(
        tr("The GPU ran out of memory."),
        str(error).split(". ")[0] + ".",
        tr("Lower training.batch_size or training.sequence_length, or choose qlora; then resume."),
    )


def _system(error: BaseException) -> StudioError:
    return StudioError(
        tr("The system refused a file operation."),
        " ".join(str(error).split())[:500] + ".",
        tr("Check free disk space and the rights of the folder; then try again."),
    )
