"""Rows that share a line learn what they learn alone: same loss, same gradients, in every family.

The kernel itself needs a GPU; here its arithmetic is done by plain operations, and everything
around it is real.
"""

import pytest
import torch
import transformers
from torch.nn.attention import SDPBackend

from finetune_studio.engine import lines
from finetune_studio.engine.collating import Collator
from finetune_studio.engine.device import Device
from finetune_studio.engine.lines import keeps_apart
from finetune_studio.engine.loss import sums_of
from finetune_studio.engine.speed import attention, even
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.engine.test_loss import rows_of
from tests.helpers.families import FAMILIES, make_family
from tests.helpers.running import losses, make_run, train
from tests.helpers.varlen import varlen_attn

CPU = Device("cpu", 0, 0, 1, "fp32")
ZOO = [*FAMILIES, "gemma3-vision"]
UNCAPPED = [name for name in ZOO if name != "gemma2"]


def learned(model, batches):
    """The loss over some batches, and every gradient."""
    for weight in model.parameters():
        weight.grad = None
    found = [sums_of(model, batch, False) for batch in batches]
    total = sum(each[0] for each in found) / sum(each[2] for each in found)
    total.backward()
    return total.item(), {
        n: w.grad.clone() for n, w in model.named_parameters() if w.grad is not None
    }


def assert_same(found, expected):
    assert found[0] == pytest.approx(expected[0], rel=1e-5)
    assert found[1].keys() == expected[1].keys()
    for name, gradient in expected[1].items():
        torch.testing.assert_close(found[1][name], gradient, rtol=2e-4, atol=2e-6)


def packed(rows):
    """Two lines of unlike length, so that the shorter is filled up."""
    parts = rows[:5], rows[5:]
    return [
        {
            "input_ids": [token for row in part for token in row["input_ids"]],
            "labels": [token for row in part for token in row["labels"]],
            "seq_lengths": [len(row["input_ids"]) for row in part],
        }
        for part in parts
    ]


@pytest.mark.parametrize("family", ZOO)
def test_a_shared_line_learns_what_rows_learn_alone(family):
    model, rows = make_family(family), rows_of()
    alone = learned(model, [Collator(0)([row]) for row in rows])
    assert_same(learned(model, [Collator(0, flat=True)(rows)]), alone)
    assert_same(learned(model, [Collator(0)(packed(rows))]), alone)
    assert_same(learned(model, [Collator(0, flat=True, length=200)(rows)]), alone)
    assert keeps_apart(model, CPU, edges=False)


@pytest.fixture
def kernel(monkeypatch):
    """The variable-length attention by plain operations."""
    monkeypatch.setattr(attention, "kernel", lambda: varlen_attn)


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("family", UNCAPPED)
def test_attention_without_a_mask_learns_the_same(family):
    model, rows = make_family(family), rows_of()
    ids = torch.arange(20)[None]
    before = model(input_ids=ids).logits
    alone = learned(model, [Collator(0)([row]) for row in rows])
    attention.install(model)
    assert keeps_apart(model, CPU, edges=True)
    assert_same(learned(model, [Collator(0, flat=True, edges=True)(rows)]), alone)
    assert_same(learned(model, [Collator(0, edges=True)(packed(rows))]), alone)
    assert torch.allclose(model(input_ids=ids).logits, before, atol=1e-5)  # no edges: as before


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("family", UNCAPPED)
def test_full_rows_are_a_batch_of_their_own_and_learn_the_same(monkeypatch, family):
    """By PyTorch's plain attention here, in place of cuDNN's."""
    rows, taken = [row for row in rows_of() if len(row["input_ids"]) >= 7], []
    full = [{name: value[:7] for name, value in row.items()} for row in rows]
    attend = even.attend

    def noted(given, length, scaling, _backend):
        taken.append(length)
        return attend(given, length, scaling, SDPBackend.MATH)

    monkeypatch.setattr(even, "attend", noted)
    monkeypatch.setattr(even, "serves", lambda *_: True)
    model = make_family(family)
    alone = learned(model, [Collator(0)([row]) for row in full])
    remove = attention.install(model, full=7)
    assert_same(learned(model, [Collator(0, flat=True, edges=True)(full)]), alone)
    assert_same(learned(model, [Collator(0, edges=True)(packed(full))]), alone)
    assert set(taken) == {7}
    taken.clear()
    uneven = [*full[1:], {name: value[:5] for name, value in full[0].items()}]
    learned(model, [Collator(0, flat=True, edges=True)(uneven)])
    assert not taken
    remove()
    attention.install(model, full=512)
    learned(model, [Collator(0, flat=True, edges=True)(full)])
    assert not taken


def test_the_kernel_for_full_rows_is_for_long_rows_on_a_gpu():
    query = torch.zeros(1, 4, 1024, 16)
    assert not even.serves(query, query, 1024)


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("family", ["llama", "gemma3", "smollm3"])
def test_it_holds_when_activations_are_computed_again_and_with_an_adapter(family):
    from finetune_studio.engine.adapters import with_adapter
    from finetune_studio.engine.loading import keep_fewer_activations

    rows, results = rows_of(), []
    for installed in (False, True):
        model = make_family(family)
        if installed:
            attention.install(model)
            keep_fewer_activations(model)
        model = with_adapter(model, Recipe()).train()
        batch = Collator(0, flat=installed, edges=installed)(rows)
        results.append(learned(model, [batch]))
    assert results[1][1]
    assert_same(*results)


@pytest.mark.usefixtures("kernel")
def test_generation_and_the_saved_model_know_nothing_of_it(tmp_path):
    model = make_family("gemma3")
    options = {"max_new_tokens": 20, "do_sample": False}
    before = model.generate(torch.arange(3, 23)[None], **options)
    attention.install(model)
    learned(model, [Collator(0, flat=True, edges=True)(rows_of())])
    assert torch.equal(model.generate(torch.arange(3, 23)[None], **options), before)
    model.save_pretrained(tmp_path)
    assert attention.NAME not in (tmp_path / "config.json").read_text()


def test_a_model_that_carries_a_state_does_not_keep_rows_apart():
    torch.manual_seed(0)
    config = transformers.MambaConfig(vocab_size=200, hidden_size=32, num_hidden_layers=1)
    assert not keeps_apart(transformers.MambaForCausalLM(config), CPU, edges=False)


def test_a_model_that_knows_no_positions_does_not_either():
    class Plain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = make_family("llama")

        def get_input_embeddings(self):
            return self.model.get_input_embeddings()

        def forward(self, input_ids, attention_mask=None, use_cache=True):
            return self.model(input_ids=input_ids, attention_mask=attention_mask)

    assert not keeps_apart(Plain(), CPU, edges=False)


GPU = Device("cuda", 0, 0, 1, "bf16")
CASES = {
    "": ("llama", GPU, (9, 0)),
    "the kernel runs on NVIDIA GPUs": ("llama", CPU, (9, 0)),
    "it needs compute capability 8.0": ("llama", Device("cuda", 0, 0, 1, "fp16"), (7, 5)),
    "it computes in 16 bits": ("llama", Device("cuda", 0, 0, 1, "fp32"), (9, 0)),
    "it has no soft cap": ("gemma2", GPU, (9, 0)),
}


@pytest.mark.parametrize("why", CASES)
def test_what_stands_in_the_kernels_way_is_said(monkeypatch, why):
    """GPUs are simulated: their compute capability is said, nothing runs on them."""
    family, device, capability = CASES[why]
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda index: capability)
    choice = attention.choose_attention(Recipe(), device, make_family(family).config)
    assert (bool(choice), choice.why) == (not why, why or "auto")


def test_odd_heads_other_layers_and_an_old_pytorch_fall_back(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda index: (9, 0))
    config = make_family("llama").config
    config.head_dim = 20
    assert "heads of size 20" in attention.choose_attention(Recipe(), GPU, config).why
    config = make_family("gemma3").config
    config.layer_types = ["linear_attention", "full_attention"]
    assert "no linear_attention" in attention.choose_attention(Recipe(), GPU, config).why
    monkeypatch.setattr(attention, "kernel", lambda: None)
    assert "lacks it" in attention.choose_attention(Recipe(), GPU, make_family("llama").config).why


def sharing(query, key, value, starts, _, longest, *rest, window_size):
    """A kernel that reads shared heads without being told that it may."""
    groups = query.shape[1] // key.shape[1]
    own = [each.repeat_interleave(groups, 1) for each in (key, value)]
    return varlen_attn(query, *own, starts, starts, longest, *rest, window_size=window_size)


def mistaken(query, key, value, *rest, window_size):
    """A kernel that reads the wrong heads."""
    groups = query.shape[1] // key.shape[1]
    own = [each.repeat(1, groups, 1) for each in (key, value)]
    return varlen_attn(query, *own, *rest, window_size=window_size)


def refusing(query, key, *rest, window_size):
    """A kernel that wants a head of its own for each query."""
    if query.shape[1] != key.shape[1]:
        raise RuntimeError("heads differ")
    return varlen_attn(query, key, *rest, window_size=window_size)


@pytest.mark.parametrize(("run", "takes"), [(sharing, True), (mistaken, False), (refusing, False)])
def test_shared_heads_are_copied_unless_the_kernel_reads_them_rightly(run, takes):
    with torch.no_grad():  # as where a layer is computed again later
        assert attention.takes_groups(run, torch.float32, torch.device("cpu")) is takes
    query, key = torch.randn(8, 4, 16), torch.randn(8, 2, 16)
    others, told = attention._heads([query, key, key], run)
    assert ([each.shape[1] for each in others], told) == ([2, 2] if takes else [4, 4], {})


@pytest.mark.parametrize("packing", [True, False])
def test_a_run_says_what_shares_a_line(tmp_path, tiny, packing):
    asked = {"training__packing": packing, "training__max_steps": 2}
    started = train(make_run(tmp_path, tiny, **asked))[1].started
    speed = started.in_use["speed"]
    assert started.in_use["packing"] is packing
    assert speed["varlen_attention"]["used"] is False
    assert speed["padding_free"]["used"] is False
    assert all(each["why"] for each in speed.values())


def test_rows_end_to_end_give_the_losses_of_padded_rows(tmp_path, tiny):
    one = {"training__max_steps": 6, "method__dropout": 0.0}
    padded = train(make_run(tmp_path / "a", tiny, **one))[1]
    flat = train(make_run(tmp_path / "b", tiny, training__speed__padding_free="on", **one))[1]
    assert flat.started.in_use["speed"]["padding_free"] == {"used": True, "why": "as asked"}
    assert losses(flat) == pytest.approx(losses(padded), rel=1e-5)
    assert flat.evaluations[-1].metrics == pytest.approx(padded.evaluations[-1].metrics, rel=1e-5)


def test_a_model_whose_rows_would_see_each_other_trains_unpacked_and_says_so(
    tmp_path, tiny, monkeypatch
):
    monkeypatch.setattr(lines, "keeps_apart", lambda *_, **__: False)
    plain = train(make_run(tmp_path / "a", tiny, training__max_steps=4))[1]
    asked = {"training__packing": True, "training__speed__padding_free": "on"}
    state = train(make_run(tmp_path / "b", tiny, training__max_steps=4, **asked))[1]
    assert [each.code for each in state.notices] == ["packing-off"]
    assert state.started.in_use["packing"] is False
    assert state.started.in_use["speed"]["padding_free"]["used"] is False
    assert state.evaluations[0].metrics == plain.evaluations[0].metrics


def test_the_recipe_can_switch_it_off():
    off = store.with_changes(Recipe(), {"training.speed.varlen_attention": "off"})
    choice = attention.choose_attention(off, GPU, make_family("llama").config)
    assert (choice.used, choice.why) == (False, "the recipe says off")
