"""Runs one program of the engine on this terminal and waits for its end, also when interrupted.

Knows neither what the program does nor torch.
"""

import subprocess
import threading
from pathlib import Path
from typing import Any

from finetune_studio.interrupts import held
from finetune_studio.runs.programs import engine_command, engine_environment

LEAVING = 30.0  # seconds that an interrupted program gets to put away what it had half written


def run_engine(
    name: str, *arguments: str, recipe: Path | None = None, **options: Any
) -> "subprocess.CompletedProcess[str]":
    """Run it to its end.

    Ctrl+C reaches the program from the terminal itself; here it is only waited for, and ended where
    it does not react.

    Args:
        name: The program, such as "chat" or "export".
        arguments: Its command line.
        recipe: The file of the recipe that it trains, where it trains one.
        options: More for `subprocess.Popen`, such as `stdout`.

    Raises:
        StudioError: Training is not set up.
        KeyboardInterrupt: The person interrupted; the program has ended.
    """
    command = engine_command(name, *arguments, recipe=recipe)
    child: subprocess.Popen[str] | None = None
    try:
        with held():
            child = subprocess.Popen(
                command,
                env={"PYTHONWARNINGS": "ignore"} | engine_environment(),  # for developers
                encoding="utf-8",
                errors="replace",
                **options,
            )
        out, told = child.communicate()
    except KeyboardInterrupt:
        if child:
            _see_out(child)
        raise
    return subprocess.CompletedProcess(child.args, child.returncode, out, told)


def _see_out(child: "subprocess.Popen[str]") -> None:
    """Wait for the end of a program that was interrupted, whatever else is pressed meanwhile."""
    killer = threading.Timer(LEAVING, child.kill)
    killer.start()
    try:
        while child.poll() is None:
            try:
                child.communicate()
            except KeyboardInterrupt:
                child.kill()  # twice: at once
    finally:
        killer.cancel()
