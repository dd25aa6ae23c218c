"""Batches made ahead are the same batches, in the same order; errors come where they belong."""

import shutil
import threading
import time

import pytest
from torch.utils.data import DataLoader

from finetune_studio.engine import checkpoints
from finetune_studio.engine.collating import CountingCollator
from finetune_studio.engine.device import Device
from finetune_studio.engine.speed.ahead import AHEAD, Ahead, choose_ahead
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.helpers.running import losses, make_run, train

NUMBERS = list(range(37))


def test_the_order_is_kept():
    plain = [batch.tolist() for batch in DataLoader(NUMBERS, batch_size=4)]
    loader = Ahead(NUMBERS, batch_size=4)
    assert [batch.tolist() for batch in loader] == plain
    assert [batch.tolist() for batch in loader] == plain


def test_an_error_comes_after_the_batches_before_it():
    def fail(rows):
        if 12 in rows:
            raise OSError("the disk is gone")
        return rows

    seen = []
    batches = iter(Ahead(NUMBERS, batch_size=4, collate_fn=fail))
    with pytest.raises(OSError, match="the disk is gone"):
        seen.extend(batches)
    assert seen == [NUMBERS[start : start + 4] for start in (0, 4, 8)]


def test_few_are_made_ahead_and_no_thread_is_left():
    made = []
    batches = iter(Ahead(NUMBERS, batch_size=1, collate_fn=lambda rows: made.append(rows) or rows))
    next(batches)
    deadline = time.monotonic() + 10
    while len(made) < AHEAD + 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(made) == AHEAD + 1
    batches.close()
    assert not [each for each in threading.enumerate() if "batches-ahead" in each.name]


@pytest.mark.parametrize(("kind", "used"), [("cpu", False), ("cuda", True)])
def test_a_gpu_has_its_batches_made_ahead(kind, used):
    device = Device(kind, 0, 0, 1, "fp32")
    assert bool(choose_ahead(Recipe(), device)) is used
    asked = store.with_changes(Recipe(), {"training.speed.prefetch": "on"})
    assert choose_ahead(asked, device)


def test_the_rest_of_an_epoch_is_made_ahead_too(tmp_path, tiny, monkeypatch):
    """Of a run that goes on in the middle of one."""
    run = make_run(tmp_path, tiny, training__speed__prefetch="on", checkpoints__every=3)
    expected = losses(train(run)[1])
    rest = checkpoints.sealed(run.checkpoints)[-2]
    assert checkpoints.step_of(rest) % 8
    shutil.rmtree(checkpoints.sealed(run.checkpoints)[-1])
    made = set()
    batch = CountingCollator.__call__

    def watched(self, rows):
        made.add(threading.current_thread().name.partition("_")[0])
        return batch(self, rows)

    monkeypatch.setattr(CountingCollator, "__call__", watched)
    code, state = train(run, resume=True)
    assert code == 0
    assert losses(state) == expected
    assert made == {"batches-ahead"}


def test_a_run_has_the_same_losses_and_counts(tmp_path, tiny):
    plain = train(make_run(tmp_path / "a", tiny, training__accumulation=2))[1]
    ahead = train(
        make_run(tmp_path / "b", tiny, training__accumulation=2, training__speed__prefetch="on")
    )[1]
    assert ahead.started.in_use["speed"]["prefetch"]["used"] is True
    assert losses(ahead) == losses(plain)
