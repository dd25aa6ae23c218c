"""A small real child that stands in for the trainer: it writes the same files, and ends as told."""

import sys
import textwrap

from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs import process
from finetune_studio.runs.folder import RunFolder

PREAMBLE = """
import sys, time
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
    say("Phase", name="loading")
    say("Started", recipe_hash="h", asked={}, in_use={"device": "cpu"} | in_use, versions={})
    say("Phase", name="training")

def step(n, steps=100, loss=None):
    loss = 2.5 / (1 + n / 20) if loss is None else loss
    say("Metrics", step=n, loss=loss, learning_rate=2e-4, grad_norm=1.0,
        tokens_per_second=900.0, token_accuracy=min(0.9, n / steps))
    say("Progress", step=n, steps=steps, epoch=3 * n / steps, seconds_left=float(steps - n))

def obey():
    for order in list(orders.read()):
        if order == "pause":
            say("Phase", name="paused")
            while "go-on" not in list(orders.read()):
                time.sleep(0.01)
            say("Phase", name="training")
        if order == "stop-and-save":
            say("Checkpoint", step=n, path="checkpoints/x", best=True, sha256="0" * 64)
            say("Stopped", step=n, reason="asked")
            sys.exit(0)
        if order == "cancel":
            say("Stopped", step=n, reason="cancelled")
            sys.exit(0)
"""
ENDLESS = """
begin()
n = 0
while True:
    n += 1
    step(n, 100_000)
    obey()
    time.sleep(0.01)
"""
WHOLE = """
begin()
print("a line for the log", flush=True)
for n in range(1, 101):
    step(n)
    if n in (1, 50, 100):
        say("Evaluated", step=n, metrics={"loss": 2.6 / (1 + n / 25)})
        say("Sample", step=n, prompt="오늘 뭐 먹지?", text=f"{n}번째 답이에요.")
        say("Checkpoint", step=n, path=f"checkpoints/{n}", best=True, sha256="0" * 64)
say("Memory", used=2**30, total=8 * 2**30, utilisation=71.0, temperature=64.0)
say("Finished", step=100, reason="")
"""


def make_run(folder, code, name="실험 하나", recipe=None):
    """A run whose trainer is a script of its own; returns the folder and what starts it."""
    run = RunFolder.create(folder / name, name)
    store.save(recipe or Recipe(), run.recipe)
    script = folder / f"{name}.py"
    script.write_text(PREAMBLE + textwrap.dedent(code), encoding="utf-8")
    return run, lambda: process.start(run, command=[sys.executable, str(script), str(run.path)])
