"""Free memory is filled with activations, to the layer; what is learned stays the same."""

import pytest
import torch

from finetune_studio.catalog.architecture import read_architecture
from finetune_studio.engine.collating import Collator
from finetune_studio.engine.device import Device
from finetune_studio.engine.loading import keep_fewer_activations
from finetune_studio.engine.speed.selective import choose_selective, keep_activations
from finetune_studio.hardware.memory import FITS, plan_memory
from finetune_studio.hardware.setup import setup_of
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.engine.speed.test_lines import assert_same, learned
from tests.engine.test_loss import rows_of
from tests.helpers.families import make_family

GPU = Device("cuda", 0, 0, 1, "bf16")
CONFIG = {
    "model_type": "llama",
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 8,
    "num_attention_heads": 16,
    "num_key_value_heads": 4,
    "vocab_size": 32_000,
}


@pytest.fixture(autouse=True)
def ampere(monkeypatch):
    """A GPU that is asked, and not used."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda index: (8, 0))


def chosen(free, **changes):
    recipe = store.with_changes(Recipe(), {n.replace("__", "."): v for n, v in changes.items()})
    return choose_selective(recipe, GPU, CONFIG, 1024, 0, room=lambda _: free)


def planned(**changes):
    setup = setup_of(store.with_changes(Recipe(), changes), (8, 0), 1024)
    return plan_memory(read_architecture(CONFIG), setup).total


def test_much_memory_keeps_all_and_little_keeps_none():
    kept, choice = chosen(80 << 30)
    assert (kept, choice.used) == (8, True)
    assert choice.why == "8 of 8 layers keep their activations"
    kept, choice = chosen(int(planned() / FITS))
    assert (kept, choice.used) == (0, False)


def test_memory_between_is_filled_to_the_layer():
    none, whole = planned(), planned(**{"training.gradient_checkpointing": "off"})
    halfway = int((none + whole) / 2 / FITS)
    kept, _ = chosen(halfway)
    assert 2 <= kept <= 5
    counts = [chosen(int(free / FITS))[0] for free in range(none, whole, (whole - none) // 20)]
    assert counts == sorted(counts)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"training__gradient_checkpointing": "on"}, "training.gradient_checkpointing is on"),
        ({"training__gradient_checkpointing": "off"}, "training.gradient_checkpointing is off"),
        ({"training__speed__selective_checkpointing": "off"}, "the recipe says off"),
    ],
)
def test_what_was_decided_is_left(changes, why):
    kept, choice = chosen(80 << 30, **changes)
    assert (kept, choice.used, choice.why) == (0, False, why)


def test_a_model_without_a_plan_computes_all_again():
    kept, choice = choose_selective(
        Recipe(), GPU, {"model_type": "unheard"}, 64, 0, room=lambda _: 80 << 30
    )
    assert kept == 0
    assert "no memory plan" in choice.why


def test_a_processor_keeps_as_it_did():
    kept, choice = choose_selective(Recipe(), Device("cpu", 0, 0, 1, "fp32"), CONFIG, 64, 0)
    assert (kept, choice.why) == (0, "only a GPU's memory is filled")


@pytest.mark.parametrize("family", ["llama", "gemma3", "exaone4"])
@pytest.mark.parametrize("kept", [0, 1, 2])
def test_only_the_last_layers_keep_theirs_and_gradients_are_the_same(family, kept):
    batch = Collator(0)(rows_of())
    expected = learned(make_family(family).train(), [batch])
    model = make_family(family).train()
    keep_fewer_activations(model)
    keep_activations(model, kept)
    passes = [0, 0]
    for number, layer in enumerate(model.model.layers):
        layer.self_attn.register_forward_pre_hook(
            lambda *_, number=number: passes.__setitem__(number, passes[number] + 1)
        )
    assert_same(learned(model, [batch]), expected)
    assert passes == [2 if number < 2 - kept else 1 for number in range(2)]
