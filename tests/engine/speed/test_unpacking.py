"""4-bit weights by plain operations: what bitsandbytes says they are, and in 8-bit floats."""

import pytest
import torch
from bitsandbytes.functional import dequantize_4bit, quantize_4bit

from finetune_studio.engine.adapters import with_adapter
from finetune_studio.engine.collating import Collator
from finetune_studio.engine.device import Device
from finetune_studio.engine.loading import load_model
from finetune_studio.engine.speed import eighths, unpacking
from finetune_studio.engine.speed.adapter import fuse_adapters
from finetune_studio.engine.speed.eighths import multiply_in_float8
from finetune_studio.engine.speed.fp8 import rounded
from finetune_studio.engine.speed.joined import join_layers
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.engine.speed.test_adapter import stirred
from tests.engine.speed.test_lines import learned
from tests.engine.test_loss import rows_of

CPU = Device("cpu", 0, 0, 1, "fp32")
ASKED = {"method.kind": "qlora", "training.speed.float8_products": "on"}


def packed_weight(shape=(48, 128), *, nested=True):
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    return quantize_4bit(weight, quant_type="nf4", compress_statistics=nested, blocksize=64)


@pytest.mark.parametrize("nested", [True, False])
def test_plain_operations_unpack_what_was_packed(nested):
    packed, state = packed_weight(nested=nested)
    assert torch.allclose(unpacking.in_fp32(packed, state), dequantize_4bit(packed, state))
    assert torch.equal(
        unpacking.unpacked(packed, state, torch.bfloat16),
        dequantize_4bit(packed, state).to(torch.bfloat16),
    )


@pytest.mark.parametrize("nested", [True, False])
def test_a_rows_scale_is_known_before_it_is_unpacked(nested):
    packed, state = packed_weight(nested=nested)
    kept, scales = unpacking.in_float8(packed, state, turned=False)
    expected, its_scales = rounded(unpacking.in_fp32(packed, state))
    assert torch.allclose(scales, its_scales, rtol=1e-6)
    assert torch.allclose(kept.float() * scales, expected.float() * its_scales, rtol=0.07)
    turned, same = unpacking.in_float8(packed, state, turned=True)
    assert torch.equal(turned.float(), kept.float().t())
    assert torch.equal(same, scales)


def test_rows_that_share_a_block_have_no_scale_of_their_own():
    _, state = packed_weight((64, 80))
    assert not unpacking.takes_rows(state)


@pytest.mark.parametrize("together", [False, True])
def test_a_four_bit_base_multiplied_in_8_bit_floats_learns_nearly_the_same(tiny, together):
    recipe = store.with_changes(Recipe(), ASKED)
    model = stirred(with_adapter(load_model(recipe, tiny, CPU, None, 0), recipe)).train()
    batch = Collator(0)(rows_of())
    expected = learned(model, [batch])
    assert fuse_adapters(recipe, model).used
    choice = multiply_in_float8(recipe, model, CPU)
    assert choice.used
    assert "in plain operations" in choice.why
    if together:
        assert join_layers(recipe, model, CPU, compiled=False).used
    found = learned(model, [batch])
    assert found[0] != expected[0]
    assert found[0] == pytest.approx(expected[0], rel=0.01)
    one, other = (torch.cat([g.flatten() for _, g in sorted(each[1].items())])
                  for each in (found, expected))  # fmt: skip
    assert (one - other).norm() <= 0.15 * other.norm()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"training.speed.float8_products": "auto"}, "it rounds more, so it is asked for"),
        ({"training.speed.float8_products": "off"}, "the recipe says off"),
        ({"method.kind": "lora"}, "the base is not in 4 bits"),
        ({"method.bits": 8}, "the base is not in 4 bits"),
        ({"method.dora": True}, "no adapter is in one product with its layer"),
    ],
)
def test_it_is_asked_for_and_says_what_stands_in_the_way(tiny, changes, why):
    recipe = store.with_changes(Recipe(), ASKED | changes)
    model = with_adapter(load_model(recipe, tiny, CPU, None, 0), recipe)
    fuse_adapters(recipe, model)
    choice = multiply_in_float8(recipe, model, CPU)
    assert (choice.used, choice.why) == (False, why)


def test_old_gpus_have_no_such_products(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: (8, 6))
    recipe = store.with_changes(Recipe(), ASKED)
    choice = eighths._obstacle(recipe, Device("cuda", 0, 0, 1, "bf16"), [object()])
    assert choice == "it needs compute capability 8.9"
