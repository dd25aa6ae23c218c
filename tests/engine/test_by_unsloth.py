"""A run whose layers are Unsloth's: the same recipe, events and result; without it, one sentence.

Where Unsloth is installed it trains on a processor, too, so that its way is tried without a GPU.
"""

import os
import subprocess

import pytest

from finetune_studio.runs.process import engine_environment, trainer_command
from tests.helpers.command import call, document
from tests.helpers.running import losses, make_run, state_of, train

CHANGES = {"training__max_steps": 4, "evaluation__every": 2, "evaluation__prompts": ["1"]}
BY_UNSLOTH = CHANGES | {"training__engine": "unsloth"}
NOT_THERE = """
import importlib.util as u
find = u.find_spec
u.find_spec = lambda name, *more: None if name == "unsloth" else find(name, *more)
"""


def train_apart(run, **more):
    """Train it in a process of its own, as the program does; the exit code and what was said."""
    env = engine_environment() | more
    done = subprocess.run(
        trainer_command(run.path), env=env, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_without_it_a_run_is_refused_with_the_way_out(tmp_path, tiny):
    run = make_run(tmp_path, tiny, **BY_UNSLOTH)
    (tmp_path / "sitecustomize.py").write_text(NOT_THERE, encoding="utf-8")
    kept = engine_environment().get("PYTHONPATH", "")
    code, said = train_apart(run, PYTHONPATH=os.pathsep.join([str(tmp_path), kept]))
    assert code == 2
    told = str(state_of(run).outcome)
    assert "Unsloth is not installed" in told
    assert "training.engine" in told
    assert "Traceback" not in said


@pytest.mark.needs_unsloth
@pytest.mark.parametrize("packing", [False, True])
def test_it_learns_what_our_own_layers_learn(tmp_path, tiny, packing):
    changes = CHANGES | {"training__packing": packing}
    ours = make_run(tmp_path / "ours", tiny, **changes)
    theirs = make_run(tmp_path / "theirs", tiny, **changes | {"training__engine": "unsloth"})
    assert (train_apart(theirs)[0], train(ours)[0]) == (0, 0)
    assert losses(state_of(theirs)) == pytest.approx(losses(state_of(ours)), rel=1e-4)
    started = state_of(theirs).started
    assert started.in_use["engine"] == "unsloth"
    assert started.in_use["packing"] is packing
    assert "unsloth" in started.versions


@pytest.mark.needs_unsloth
def test_its_result_is_evaluated_without_it(tmp_path, tiny):
    run = make_run(tmp_path, tiny, **BY_UNSLOTH)
    assert train_apart(run)[0] == 0
    told = document(call("evaluate", run.path, "--json"))
    last = state_of(run).evaluations[-1].metrics["loss"]
    assert told["tuned"]["loss"] == pytest.approx(last, rel=1e-4)
