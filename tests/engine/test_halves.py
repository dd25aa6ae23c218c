"""Models that answer from weights of 16 bits on a CPU say what they say in fp32."""

import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM, Gemma3ForCausalLM, Gemma3TextConfig

from finetune_studio.engine import halves
from finetune_studio.engine.device import find_device
from finetune_studio.engine.halves import HalfEmbedding, HalfLinear, keep_halves, load_to_answer
from finetune_studio.engine.sides import Sides
from finetune_studio.engine.tuned import load_whole, open_tuned
from finetune_studio.recipe.schema import Recipe
from tests.helpers.running import make_run, train
from tests.helpers.tiny import make_model

pytestmark = pytest.mark.skipif(
    not halves.has_products(), reason="needs_fbgemm: torch has no such products here"
)
IDS = torch.arange(3, 43)[None]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(halves, "LEAST", 1)


def stored(folder, dtype):
    """A tiny model, stored in a type; returns its folder."""
    model = AutoModelForCausalLM.from_pretrained(make_model(folder), dtype=dtype)
    model.save_pretrained(folder)
    return folder


def kinds(model):
    return [type(each) for each in model.modules()]


@torch.inference_mode()
def logits(model):
    return model(input_ids=IDS).logits


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_model_of_16_bits_says_what_it_says_in_fp32(tmp_path, dtype):
    folder = stored(tmp_path, dtype)
    wide = load_whole(folder, False, find_device(Recipe()))
    lean = load_to_answer(folder, find_device(Recipe()))
    assert kinds(lean).count(HalfLinear) == kinds(wide).count(nn.Linear) == 15
    assert nn.Linear not in kinds(lean)
    assert kinds(lean).count(HalfEmbedding) == 1
    assert {each.dtype for each in lean.parameters()} == {torch.float32}
    found, wanted = logits(lean), logits(wide)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
    with torch.inference_mode():
        said = [each.generate(IDS, max_new_tokens=24, do_sample=False) for each in (lean, wide)]
    assert torch.equal(*said)


def test_what_was_stored_in_fp32_stays_so(tmp_path):
    model = load_to_answer(make_model(tmp_path), find_device(Recipe()))
    assert not {HalfLinear, HalfEmbedding} & set(kinds(model))
    wide = load_whole(tmp_path, False, find_device(Recipe()))
    assert torch.equal(logits(model), logits(wide))


def test_elsewhere_a_model_is_loaded_as_ever(tmp_path, monkeypatch):
    folder = stored(tmp_path, torch.bfloat16)
    monkeypatch.setattr(halves, "has_products", lambda: False)
    model = load_to_answer(folder, find_device(Recipe()))
    assert not {HalfLinear, HalfEmbedding} & set(kinds(model))
    assert {each.dtype for each in model.parameters()} == {torch.float32}


def test_small_numbers_are_kept_to_fp16s_last_place():
    layer = nn.Linear(64, 64)
    layer.weight.data = (torch.randn(64, 64) * 2.0 ** torch.randint(-40, 8, (64, 64))).bfloat16()
    holder = nn.Sequential(layer)
    keep_halves(holder)
    assert isinstance(holder[0], HalfLinear)
    wanted = layer.weight.float()
    assert "weight" not in dir(holder[0])  # or whoever lists its attributes makes it, too
    assert (holder[0].weight - wanted).abs().max() <= 2.0**-25
    exact = wanted.abs() >= 2.0**-17
    assert torch.equal(holder[0].weight[exact], wanted[exact])


@pytest.mark.parametrize("number", [70_000.0, 1 / 3, float("nan"), float("inf")])
def test_a_number_that_fp16_does_not_hold_keeps_its_matrix_wide(number):
    layer = nn.Linear(64, 64, bias=False)
    layer.weight.data = layer.weight.data.bfloat16().float()
    layer.weight.data[3, 5] = number
    holder = nn.Sequential(layer)
    keep_halves(holder)
    assert holder[0] is layer


def test_a_model_whose_constants_16_bits_would_round_is_loaded_wide_first(tmp_path):
    """Gemma multiplies its embeddings by a root that bf16 does not hold."""
    torch.manual_seed(0)
    config = Gemma3TextConfig(
        vocab_size=600, hidden_size=72, intermediate_size=128, num_hidden_layers=2, head_dim=16,
        num_attention_heads=4, num_key_value_heads=2, sliding_window=16,
    )  # fmt: skip
    Gemma3ForCausalLM(config).to(torch.bfloat16).save_pretrained(tmp_path)
    wide = load_whole(tmp_path, False, find_device(Recipe()))
    lean = load_to_answer(tmp_path, find_device(Recipe()))
    assert HalfLinear in kinds(lean)
    torch.testing.assert_close(logits(lean), logits(wide), rtol=1e-5, atol=1e-5)


def test_an_adapter_keeps_its_own_numbers(tmp_path):
    run = make_run(tmp_path / "run", stored(tmp_path / "model", torch.bfloat16))
    assert train(run)[0] == 0
    tuned = open_tuned(run)
    usual, lean = Sides(tuned), Sides(tuned, answers=True)
    for base in (False, True):
        with usual.side(base) as wide, lean.side(base) as model:
            torch.testing.assert_close(logits(model), logits(wide), rtol=1e-5, atol=1e-5)
            adapters = [n for n, each in model.named_modules() if type(each) is nn.Linear]
            assert adapters
            assert all(".lora_" in name for name in adapters)
            assert HalfLinear in kinds(model)


def test_doras_base_stays_wide(tmp_path):
    run = make_run(tmp_path / "run", make_model(tmp_path / "model"), method__dora=True)
    assert train(run)[0] == 0
    assert not halves.serves(open_tuned(run).model())
    assert halves.serves(open_tuned(run).base())
