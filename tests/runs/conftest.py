"""Small real children that stand in for the trainer: they write the same files, and end as told."""

import os
import sys
import textwrap
from collections import namedtuple

import psutil
import pytest

from finetune_studio.runs import process
from finetune_studio.runs.folder import RunFolder

PREAMBLE = """
import os, signal, subprocess, sys, time
from pathlib import Path
from finetune_studio.runs import events
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.orders import OrderReader

run = RunFolder(Path(sys.argv[1]))
writer = events.EventWriter(run.events)
orders = OrderReader(run.orders)

def say(kind, **fields):
    writer.append(getattr(events, kind)(**fields))

def begin(**in_use):
    say("Started", recipe_hash="h", asked={}, in_use=in_use, versions={})
    say("Phase", name="training")

def step(n, steps=100):
    say("Metrics", step=n, loss=1 / n, learning_rate=1e-4, grad_norm=1.0, tokens_per_second=9.0)
    say("Progress", step=n, steps=steps, epoch=n / steps)

def forever():
    while True:
        time.sleep(0.02)
"""

Child = namedtuple("Child", "run start")


@pytest.fixture
def child(tmp_path):
    """Makes a run whose trainer is a small script of its own: `child(code).start()`."""
    begun = []

    def make(code, name="실험 하나"):
        run = RunFolder.create(tmp_path / name)
        run.recipe.write_text("version: 1\n", encoding="utf-8")
        script = tmp_path / f"{name}.py"
        script.write_text(PREAMBLE + textwrap.dedent(code), encoding="utf-8")

        def start(**env):
            command = [sys.executable, str(script), str(run.path)]
            trainer = process.start(run, command=command, env=env)
            begun.append(psutil.Process(trainer.pid))
            return trainer

        return Child(run, start)

    yield make
    for each in begun:
        if each.is_running():
            for one in [*each.children(recursive=True), each]:
                one.kill()
    psutil.wait_procs(begun, timeout=10)


@pytest.fixture
def until():
    """Waits until something is so; fails after a minute."""
    import time

    def wait(so, seconds=60.0):
        end = time.monotonic() + seconds
        while not so():
            assert time.monotonic() < end, "it did not come to be"
            time.sleep(0.02)

    return wait


@pytest.fixture
def own_environment(monkeypatch):
    """No setting of the machine's decides which Python is used."""
    monkeypatch.delenv(process.PYTHON, raising=False)
    return os.environ
