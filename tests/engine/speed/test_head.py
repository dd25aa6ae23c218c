"""The loss in chunks is the plain loss: same sums, same gradients, and never the whole logits."""

import pytest
import torch

from finetune_studio.engine.adapters import with_adapter
from finetune_studio.engine.collating import Collator
from finetune_studio.engine.device import Device
from finetune_studio.engine.evaluate import evaluate
from finetune_studio.engine.loss import sums_of, with_places
from finetune_studio.engine.speed import head as chunked
from finetune_studio.engine.speed.head import choose_head, learned_places
from finetune_studio.recipe import steps, store
from finetune_studio.recipe.schema import Recipe
from tests.engine.speed.test_lines import assert_same
from tests.engine.test_loss import LENGTHS, rows_of, step
from tests.helpers.families import FAMILIES, make_family
from tests.helpers.running import losses, make_run, train

CPU = Device("cpu", 0, 0, 1, "fp32")
ZOO = [*FAMILIES, "gpt2", "gemma3-vision"]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Sixteen places a chunk: the rows here need seven."""
    monkeypatch.setattr(steps, "CHUNK", 1)


def held(model, **changes):
    recipe = store.with_changes(Recipe(), {n.replace("__", "."): v for n, v in changes.items()})
    return choose_head(recipe, model, CPU)


def learned(model, batch, head=None):
    for weight in model.parameters():
        weight.grad = None
    loss, right, counted = sums_of(model, with_places(batch, head), False, head)
    (loss / counted * 3).backward()
    gradients = {n: w.grad.clone() for n, w in model.named_parameters() if w.grad is not None}
    return (loss.item(), gradients), (int(right), int(counted))


@pytest.mark.parametrize("family", ZOO)
def test_sums_and_gradients_are_those_of_the_plain_loss(family):
    model, batch = make_family(family), Collator(0)(rows_of())
    expected, counts = learned(model, batch)
    head, choice = held(model)
    assert choice.used, choice.why
    found, counted = learned(model, batch, head)
    assert_same(found, expected)
    assert counted == counts
    assert counts[1] == sum(LENGTHS)


@pytest.mark.parametrize("family", ["llama", "gemma2", "granite"])
def test_a_frozen_head_hands_the_gradient_on(family):
    model, batch = make_family(family), Collator(0)(rows_of())
    head, _ = held(model)
    model = with_adapter(model, Recipe())
    model.base_model.model.model.layers[0].mlp.up_proj.lora_B["default"].weight.data.add_(0.01)
    expected, _ = learned(model, batch)
    found, _ = learned(model, batch, head)
    assert_same(found, expected)
    assert all("lora" in name for name in found[1])


def test_the_whole_logits_are_never_made(monkeypatch):
    model, batch = make_family("qwen3"), Collator(0)(rows_of())
    seen = []
    forward = model.lm_head.forward
    model.lm_head.forward = lambda hidden: seen.append(hidden.shape[:-1].numel()) or forward(hidden)
    head, _ = held(model)
    seen.clear()
    learned(model, batch, head)
    evaluate(model, [batch], CPU, head=head)
    assert max(seen) == 16
    assert sum(seen) == 2 * sum(LENGTHS)


def test_what_is_measured_is_the_same():
    model, batches = make_family("gemma2"), [Collator(0)(rows_of()[:3]), Collator(0)(rows_of()[3:])]
    expected = evaluate(model, batches, CPU)
    head, _ = held(model)
    assert evaluate(model, batches, CPU, head=head) == pytest.approx(expected, rel=1e-6)


def test_a_batch_with_nothing_to_learn_has_no_loss_and_no_gradient():
    model = make_family("llama")
    head, _ = held(model)
    nothing = Collator(0)([{"input_ids": [5, 6, 7], "labels": [-100] * 3}])
    loss, right, counted = sums_of(model, with_places(nothing, head), False, head)
    loss.backward()
    assert (loss.item(), int(right), int(counted)) == (0.0, 0, 0)
    assert all(not w.grad.any() for w in model.parameters() if w.grad is not None)


def test_a_step_of_the_trainer_is_the_same(tmp_path):
    expected = step(tmp_path / "a", make_family("granite"), rows_of(), 2)
    model = make_family("granite")
    head, _ = held(model)
    found = step(tmp_path / "b", model, rows_of(), 2, head=head)
    assert_same(found[::-1], expected[::-1])


def test_a_family_that_does_more_to_its_logits_keeps_the_plain_loss():
    model = make_family("llama")
    model.register_forward_hook(lambda _m, _a, out: setattr(out, "logits", out.logits * 1.1))
    head, choice = held(model)
    assert head is None
    assert (choice.used, choice.why) == (
        False, "this family does more to its logits than is known here",
    )  # fmt: skip
    assert model(input_ids=torch.arange(5)[None]).logits.shape[-1] == 200


def test_generation_has_its_logits():
    model = make_family("gemma3")
    options = {"max_new_tokens": 8, "do_sample": False}
    before = model.generate(torch.arange(3, 9)[None], **options)
    head, _ = held(model)
    learned(model, Collator(0)(rows_of()), head)
    assert torch.equal(model.generate(torch.arange(3, 9)[None], **options), before)


def test_places_are_where_the_next_token_is_learned():
    labels = torch.tensor([[-100, 4, -100, 5], [-100, -100, -100, 6]])
    assert learned_places(labels).tolist() == [0, 2, 6]


def test_fp16_gradients_survive_a_scale_that_fp16_cannot_hold():
    model = make_family("llama").half()
    head = chunked.Head(model.lm_head, model.config, CPU)
    hidden = (torch.randn(20, 64, dtype=torch.float16) / 1e3).requires_grad_()
    for weight in model.lm_head.parameters():
        weight.requires_grad_(False)
    head._kept = hidden[None]
    labels = torch.arange(20)[None]
    loss, _, _ = head.sums(labels, learned_places(labels))
    (loss * (100_000 / 1e5)).backward()
    assert hidden.grad.isfinite().all()
    expected = hidden.grad.clone()
    hidden.grad, head._kept = None, hidden[None]
    loss, _, _ = head.sums(labels, learned_places(labels))
    (loss * 100_000 / 1e5).backward()
    torch.testing.assert_close(hidden.grad, expected)


@pytest.mark.parametrize(("task", "method"), [("chat", "lora"), ("text", "full")])
def test_a_run_has_the_losses_of_the_plain_loss(tmp_path, tiny, task, method):
    runs = {}
    for asked in ("off", "auto"):
        run = make_run(
            tmp_path / asked, tiny, task, method,
            training__max_steps=6, training__speed__chunked_loss=asked,
        )  # fmt: skip
        runs[asked] = train(run)[1]
    plain, ours = runs["off"], runs["auto"]
    assert ours.started.in_use["speed"]["chunked_loss"] == {"used": True, "why": "auto"}
    assert plain.started.in_use["speed"]["chunked_loss"]["used"] is False
    assert losses(ours) == pytest.approx(losses(plain), rel=1e-4)
    assert ours.metrics[-1].token_accuracy == pytest.approx(plain.metrics[-1].token_accuracy)
    for mine, theirs in zip(ours.evaluations, plain.evaluations, strict=True):
        assert mine.metrics == pytest.approx(theirs.metrics, rel=1e-4)
