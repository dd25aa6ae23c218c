"""Ctrl+C from the first moment of each of the program's processes: no traceback, one sentence.

The start of the very first Python is not ours: what a shell starts may be interrupted before the
program's first line. So it is started here as the program starts its own, with the signal waiting.
"""

import os
import signal
import subprocess
import sys
import time

import pytest

from finetune_studio import cli, interrupts
from finetune_studio.interrupts import held
from finetune_studio.runs.process import engine_command, engine_environment
from tests.helpers.command import COMMAND, environment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")


def interrupted(command, seconds, env):
    """Exit code, stdout and stderr of a command that gets the signal after so long."""
    with held():
        child = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
        )
    time.sleep(seconds)
    child.send_signal(signal.SIGINT)
    said, told = child.communicate(timeout=60)
    return child.returncode, said, told


@pytest.mark.parametrize("seconds", [0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2])
def test_a_command_that_has_just_begun_is_interrupted_in_a_sentence(tmp_path, seconds):
    waiting = tmp_path / "fifo.jsonl"  # a file that never comes
    os.mkfifo(waiting)
    code, said, told = interrupted(
        [*COMMAND, "data", "check", str(waiting)], seconds, environment()
    )
    assert (code, said, told) == (130, "", "error: Interrupted.\n")


@pytest.mark.parametrize("seconds", [0, 0.02, 0.05, 0.1, 0.3])
def test_an_engine_that_has_just_begun_ends_without_a_word(tmp_path, seconds):
    command = engine_command("merge", str(tmp_path), "merged", str(tmp_path / "out"))
    code, said, told = interrupted(command, seconds, engine_environment())
    assert (code, said, told) == (-signal.SIGINT, "", "")


AN_EXEC_IS_INTERRUPTED = """
import sys, signal
from contextlib import suppress
from finetune_studio import interrupts
with suppress(KeyboardInterrupt):
    exec("signal.raise_signal(signal.SIGINT)")
    sys.exit("the interrupt did not come")
interrupts.end_silently()
sys.exit(130)
"""


def test_an_interrupt_in_the_midst_of_an_exec_is_answered_once():
    command = [sys.executable, "-c", AN_EXEC_IS_INTERRUPTED]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")


@pytest.mark.parametrize("seconds", [0.06, 0.08, 0.1, 0.12, 0.16])
def test_whenever_it_comes_the_code_is_one_of_the_contract(tmp_path, seconds):
    code, said, told = interrupted(
        [*COMMAND, "export", str(tmp_path), "--to", "merged"], seconds, environment()
    )
    assert code in {130, 2}, told  # interrupted, or refused just before
    assert said == ""
    assert told.startswith("error: ")
    assert told.count("\n") == 1


def test_what_came_while_it_was_held_is_heard_at_its_end():
    reached = []

    def work():
        with held():
            signal.raise_signal(signal.SIGINT)
            reached.append(True)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached


def test_what_an_extension_makes_of_an_interrupt_is_still_one(monkeypatch, capsys):
    def importing(_given):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("initialization failed") from None

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(cli, "_parser", importing)
    try:
        assert cli.main(["doctor"]) == 130
    finally:
        signal.signal(signal.SIGINT, before)
        interrupts._came.clear()
    assert capsys.readouterr().err == "error: Interrupted.\n"
