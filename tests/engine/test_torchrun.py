"""Several processes on one computer learn what one process learns, and speak with one voice."""

import subprocess
import sys
from collections import Counter
from itertools import chain

import pytest
import torch
from datasets import Dataset

from finetune_studio.engine.device import Device
from finetune_studio.engine.sharing import NOTHING, Grouping, Share, lengths_of
from finetune_studio.recipe import store
from finetune_studio.runs.events import EventReader
from tests.helpers.command import environment
from tests.helpers.running import losses, make_run, state_of

METHODS = {"chat": "lora", "text": "full", "classify": "lora"}


def torchrun(run, processes, *more):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
            f"--nproc-per-node={processes}",
            *("-m", "finetune_studio.engine.train", str(run.path), *more),
        ],
        capture_output=True,
        text=True,
        env=environment() | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return state_of(run)


def measured(state):
    return [each.metrics for each in state.evaluations]


@pytest.mark.slow
@pytest.mark.parametrize("task", METHODS)
def test_two_processes_come_to_the_losses_of_one(tmp_path, tiny, task):
    """The rows do not divide by the batch, so at the end of an epoch one process has none."""
    same = {
        "training__epochs": 2,
        "data__max_rows": 40 if task == "classify" else 36,
        "data__split__validation": 0.1,
    }
    same |= {"method__dropout": 0.0} if METHODS[task] == "lora" else {}
    one = make_run(tmp_path / "1", tiny, task, METHODS[task], training__batch_size=8, **same)
    two = make_run(tmp_path / "2", tiny, task, METHODS[task], training__batch_size=4, **same)
    alone, together = torchrun(one, 1), torchrun(two, 2)
    assert alone.started.in_use["rows"] % 8 in (1, 2, 3, 4)
    assert len(losses(alone)) == alone.started.in_use["steps"]
    assert losses(together) == pytest.approx(losses(alone), rel=1e-5)
    assert together.started.in_use["processes"] == 2
    for shared, single in zip(measured(together), measured(alone), strict=True):
        assert shared == pytest.approx(single, rel=1e-5)


@pytest.mark.slow
def test_accumulation_is_shared_too_and_only_the_first_process_writes(tmp_path, tiny):
    same = {"method__dropout": 0.0, "training__batch_size": 2}
    one = make_run(tmp_path / "1", tiny, training__accumulation=4, **same)
    two = make_run(tmp_path / "2", tiny, training__accumulation=2, **same)
    alone, together = torchrun(one, 1), torchrun(two, 2)
    assert losses(together) == pytest.approx(losses(alone), rel=1e-5)
    said = [Counter(each.kind for each in EventReader(run.events).read()) for run in (one, two)]
    del said[0]["memory"], said[1]["memory"]  # looked at by the clock
    assert said[0] == said[1]
    assert said[1]["started"] == said[1]["finished"] == 1


@pytest.mark.slow
def test_two_processes_go_on_where_they_were(tmp_path, tiny):
    """In the middle of the second epoch: the order of that epoch is taken up again."""
    options = {"method__dropout": 0.0, "training__batch_size": 2, "checkpoints__every": 6}
    options |= {"training__schedule": "constant"}
    whole, cut = (make_run(tmp_path / name, tiny, **options) for name in "ab")
    expected = torchrun(whole, 2)
    assert 6 < expected.started.in_use["steps_per_epoch"] < 12
    store.save(store.with_changes(store.load(cut.recipe), {"training.max_steps": 13}), cut.recipe)
    torchrun(cut, 2)
    (cut.checkpoints / "checkpoint-13" / "checkpoint.json").unlink()
    store.save(store.load(whole.recipe), cut.recipe)
    resumed = torchrun(cut, 2, "--resume")
    assert resumed.started.in_use["resumed_from_step"] == 12
    assert losses(resumed)[12:] == losses(expected)[12:]


def share(rows, size, world, epoch=0):
    shares = [Share(rows, size, 42, Device("cpu", 0, rank, world, "fp32")) for rank in range(world)]
    for each in shares:
        each.set_epoch(epoch)
    return [list(each) for each in shares]


@pytest.mark.parametrize(("rows", "size", "world"), [(37, 4, 2), (9, 2, 4), (1, 8, 3), (16, 4, 2)])
def test_every_row_is_learned_once_by_one_process(rows, size, world):
    shares = share(rows, size, world)
    assert len({len(each) for each in shares}) == 1
    taken = [row for each in shares for batch in each for row in batch if row != NOTHING]
    assert sorted(taken) == list(range(rows))
    (alone,) = share(rows, size * world, 1)
    for turn, batch in enumerate(alone):
        assert [row for each in shares for row in each[turn] if row != NOTHING] == batch


@pytest.mark.parametrize("world", [1, 2])
def test_grouped_rows_are_each_learned_once_in_steps_of_like_length(world):
    lengths = torch.arange(500) * 37 % 101
    size = 8 // world
    grouping = Grouping(lengths, 8)
    shares = [
        list(Share(500, size, 1, Device("cpu", 0, rank, world, "fp32"), grouping))
        for rank in range(world)
    ]
    steps = [[row for share in shares for row in share[turn]] for turn in range(len(shares[0]))]
    assert sorted(row for step in steps for row in step if row != NOTHING) == list(range(500))
    spread = [int(lengths[step].max() - lengths[step].min()) for step in steps[:-1]]
    assert max(spread) < 20
    alone = list(Share(500, 8, 1, Device("cpu", 0, 0, 1, "fp32"), grouping))
    assert [row for step in steps for row in step if row != NOTHING] == list(chain(*alone))


def test_lengths_follow_a_selection():
    rows = Dataset.from_dict({"input_ids": [[1], [1, 2], [1, 2, 3]]})
    assert lengths_of(rows).tolist() == [1, 2, 3]
    assert lengths_of(rows.select([2, 0])).tolist() == [3, 1]


def test_every_epoch_has_its_order():
    assert share(37, 4, 1, 0) != share(37, 4, 1, 1)
    assert share(37, 4, 1, 1) == share(37, 4, 1, 1)
