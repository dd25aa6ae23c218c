"""The lock that the system holds: one at a time, free again however its holder ends."""

import os
import subprocess
import sys

import pytest

from finetune_studio import lockfile

HOLD = """\
import sys, time
from pathlib import Path
from finetune_studio import lockfile
lockfile.take(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_one_at_a_time_and_free_when_closed(tmp_path):
    path = tmp_path / "잠금"
    handle = lockfile.take(path)
    with pytest.raises(lockfile.TakenError, match=str(path)):
        lockfile.take(path)
    os.close(handle)
    os.close(lockfile.take(path))
    assert path.is_file()


def test_a_killed_holder_leaves_it_free(tmp_path):
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(lockfile.TakenError):
            lockfile.take(path)
        holder.kill()
        holder.wait()
    os.close(lockfile.take(path))


def test_a_folder_that_is_not_there_is_the_systems_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        lockfile.take(tmp_path / "none" / "lock")


def test_a_refused_attempt_leaves_no_file_open(tmp_path):
    handle = lockfile.take(tmp_path / "lock")
    free = os.dup(handle)  # the lowest number that is free
    os.close(free)
    with pytest.raises(lockfile.TakenError):
        lockfile.take(tmp_path / "lock")
    again = os.dup(handle)
    assert again == free
    os.close(again)
    os.close(handle)
