"""The loss of a step is the mean over all its learned tokens, however it is cut into batches."""

from collections import deque

import pytest
import torch
from datasets import Dataset
from torch.nn import functional as F
from transformers import TrainerCallback

from finetune_studio.engine import figures
from finetune_studio.engine.arguments import training_arguments
from finetune_studio.engine.collating import Collator
from finetune_studio.engine.device import Device
from finetune_studio.engine.figures import Figures, Meter
from finetune_studio.engine.loss import Loss, label_sums, token_sums
from finetune_studio.engine.sharing import SharingTrainer, batches_to_learn
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.recipe.steps import Steps
from tests.helpers.families import make_family

CPU = Device("cpu", 0, 0, 1, "fp32")
LENGTHS = (3, 31, 5, 17, 2, 40, 9, 1)
"""Learned tokens of each row: as different as instruction data's."""


def rows_of(classes=False):
    made = torch.Generator().manual_seed(3)
    rows = []
    for number, learned in enumerate(LENGTHS):
        ids = torch.randint(3, 200, (learned + 4,), generator=made).tolist()
        labels = number % 3 if classes else [-100] * 4 + ids[4:]
        rows.append({"input_ids": ids, "labels": labels})
    return rows


class Gradients(TrainerCallback):
    """Keeps the gradients that the optimiser would be given."""

    def on_pre_optimizer_step(self, args, state, control, model=None, **_):
        self.found = {n: w.grad.clone() for n, w in model.named_parameters() if w.grad is not None}


def step(tmp_path, model, rows, batch, kind="text", head=None):
    """One optimiser step of our trainer over all rows."""
    recipe = store.with_changes(
        Recipe(),
        {"task.kind": kind, "training.batch_size": batch, "training.max_grad_norm": 0.0}
        | {"training.accumulation": len(rows) // batch, "training.optimizer": "adamw"},
    )
    meter, kept = Meter(), Gradients()
    data = Dataset.from_list(rows)
    trainer = SharingTrainer(
        batches_to_learn(data, Collator(0).counting(meter.fed), batch, 1, CPU),
        Loss(kind, meter, head),
        model=model,
        args=training_arguments(recipe, Steps(1, 1, len(rows)), CPU, tmp_path),
        callbacks=[kept],
    )
    trainer.train()
    return kept.found, meter.close().read().loss


@pytest.mark.parametrize("batch", [1, 2, 4, 8])
@pytest.mark.parametrize("kind", ["text", "classify"])
def test_accumulated_batches_give_the_gradient_of_the_whole_step(tmp_path, kind, batch):
    """Not the mean of the batches' means: short answers would weigh more than long ones."""
    labels = 3 if kind == "classify" else 0
    rows = rows_of(classes=bool(labels))
    model = make_family("llama", labels=labels)
    whole = Collator(0)(rows)
    targets = whole.pop("labels")
    logits = model(**whole).logits
    if labels:
        expected = F.cross_entropy(logits, targets[:, 1])
    else:
        expected = F.cross_entropy(logits[:, :-1].flatten(0, 1), targets[:, 1:].flatten())
    expected.backward()
    plain = {n: w.grad.clone() for n, w in model.named_parameters() if w.grad is not None}
    found, loss = step(tmp_path, make_family("llama", labels=labels), rows, batch, kind)
    assert loss == pytest.approx(expected.item(), rel=1e-6)
    assert found.keys() == plain.keys()
    for name, gradient in plain.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-4, atol=1e-6)


def test_token_sums_count_what_is_learned():
    logits = torch.full((1, 4, 5), -9.0)
    logits[0, 0, 3] = logits[0, 1, 1] = logits[0, 2, 2] = 9.0
    loss, right, counted = token_sums(logits, torch.tensor([[-100, 3, -100, 4]]))
    assert (int(right), int(counted)) == (1, 2)
    assert loss.item() == pytest.approx(18.0, rel=1e-4)


def test_label_sums_leave_out_rows_without_a_label():
    logits = torch.tensor([[9.0, -9.0], [9.0, -9.0], [-9.0, 9.0]])
    loss, right, counted = label_sums(logits, torch.tensor([[-100, 0], [-100, 1], [-100, -100]]))
    assert (int(right), int(counted)) == (1, 2)
    assert loss.item() == pytest.approx(18.0, rel=1e-4)


def test_the_meter_tells_a_step_and_forgets_it():
    meter = Meter()
    meter.fed = deque([5, 7, 9])
    meter.grad_norm = torch.tensor(2.5)
    meter.add(torch.tensor(0.5), torch.tensor(3), torch.tensor(4))
    meter.add(torch.tensor(0.25), torch.tensor(0), torch.tensor(4))
    assert meter.close().read() == Figures(0.75, 2.5, 3 / 8, 12)
    meter.add(torch.tensor(1.0), torch.tensor(0), torch.tensor(0))
    assert meter.close().read() == Figures(1.0, 2.5, None, 9)


def test_a_step_of_two_processes_is_told_by_what_both_were_fed(monkeypatch):
    """The last step of an epoch may feed one of them nothing."""
    other = torch.tensor([0.25, 1.0, 4.0, 3.0])
    monkeypatch.setattr(figures.distributed, "all_reduce", lambda sums: sums.add_(other))
    meter = Meter()
    meter.fed = deque([5])
    meter.grad_norm = 2.5
    meter.add(torch.tensor(0.5), torch.tensor(3), torch.tensor(4))
    assert meter.close(2).read() == Figures(0.75, 2.5, 0.5, 8)
