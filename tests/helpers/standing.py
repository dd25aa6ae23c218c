"""A limit for every test, and a word of where it stands or breaks that outlives its process.

Hooks of pytest, taken in by tests/conftest.py. pytest's own limit ends with the first failure, so
that a fixture which stands still after one would never be told; and it writes to stderr alone,
where nobody finds it among the rest.
"""

import faulthandler
import os
import sys
from pathlib import Path

import pytest

LIMIT = float(os.environ.get("FINETUNE_STUDIO_TEST_LIMIT", "900"))
"""Seconds for a test, and again for what takes it down, on a machine that others use as well;
studio.sh, which has it alone, sets less."""
FOLDER = os.environ.get("FINETUNE_STUDIO_TRACES", "")
"""Where each process writes its file, which is left over by one that did not end well."""
_told = pytest.StashKey()


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    """Open the file; what breaks the process is written there, too."""
    if FOLDER:
        config.stash[_told] = _file().open("w", encoding="utf-8")
        faulthandler.enable(config.stash[_told])
    else:  # while a test runs, pytest puts a file of its own in stderr's place
        config.stash[_told] = os.fdopen(os.dup(sys.__stderr__.fileno()), "w")


def pytest_unconfigure(config):
    """Nothing has to be told of this process any more."""
    faulthandler.disable()
    config.stash[_told].close()
    if FOLDER:
        _file().unlink()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """Begin to count; the file says of which test."""
    told = item.config.stash[_told]
    if FOLDER:
        told.seek(0)
        told.truncate()
        print(item.nodeid, file=told, flush=True)
    faulthandler.dump_traceback_later(LIMIT, exit=True, file=told)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item):
    """Count anew: a failure has ended what was begun."""
    faulthandler.dump_traceback_later(LIMIT, exit=True, file=item.config.stash[_told])
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


def _file():
    return Path(FOLDER) / f"{os.getpid()}.txt"
