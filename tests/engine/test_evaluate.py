"""What is measured does not depend on how it is batched."""

import math

import pytest
import torch
from datasets import Dataset
from torch.nn import functional as F

from finetune_studio.engine.collating import Collator, batches_of
from finetune_studio.engine.device import Device
from finetune_studio.engine.evaluate import evaluate, macro_f1
from tests.engine.test_loss import rows_of
from tests.helpers.families import make_family

CPU = Device("cpu", 0, 0, 1, "fp32")


def measured(model, rows, size, labels=0):
    batches = batches_of(Dataset.from_list(rows), Collator(0), size, CPU)
    return evaluate(model, batches(), CPU, labels)


@pytest.mark.parametrize("size", [1, 3, 8])
def test_tokens_are_measured_alike_in_every_batch_size(size):
    model, rows = make_family("qwen3"), rows_of()
    losses, right = [], []
    for row in rows:
        ids, labels = torch.tensor([row["input_ids"]]), torch.tensor(row["labels"])
        with torch.no_grad():
            logits = model(input_ids=ids).logits[0, :-1]
        learned = labels[1:] != -100
        losses.append(F.cross_entropy(logits, labels[1:], reduction="none")[learned])
        right.append((logits.argmax(-1) == labels[1:])[learned].float())
    found = measured(model, rows, size)
    expected = torch.cat(losses).mean().item()
    assert found["loss"] == pytest.approx(expected, rel=1e-5)
    assert found["perplexity"] == pytest.approx(math.exp(expected), rel=1e-4)
    assert found["token_accuracy"] == pytest.approx(torch.cat(right).mean().item())


@pytest.mark.parametrize("size", [1, 3, 8])
def test_labels_are_measured_alike_in_every_batch_size(size):
    model, rows = make_family("llama", labels=3), rows_of(classes=True)
    guesses = []
    for row in rows:
        with torch.no_grad():
            guesses.append(int(model(input_ids=torch.tensor([row["input_ids"]])).logits.argmax()))
    truths = [row["labels"] for row in rows]
    found = measured(model, rows, size, labels=3)
    hits = [guess == truth for guess, truth in zip(guesses, truths, strict=True)]
    assert found["accuracy"] == sum(hits) / len(hits)
    table = [[0] * 3 for _ in range(3)]
    for truth, guess in zip(truths, guesses, strict=True):
        table[truth][guess] += 1
    assert found["macro_f1"] == pytest.approx(macro_f1(table))


def test_macro_f1_is_the_mean_over_the_labels_that_occur():
    # two labels: F1 of 2*3/(4+4) and 2*2/(3+3); the third is neither true nor guessed
    assert macro_f1([[3, 1, 0], [1, 2, 0], [0, 0, 0]]) == pytest.approx((6 / 8 + 4 / 6) / 2)
    assert macro_f1([[0, 0], [0, 0]]) == 0.0


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_in_its_mode(training):
    model = make_family("llama").train(training)
    measured(model, rows_of(), 4)
    assert model.training is training
