"""The memory plan: against traced allocations of the trainer's own steps, and against itself."""

import itertools
from dataclasses import replace

import pytest

from finetune_studio.catalog.architecture import read_architecture
from finetune_studio.catalog.entries import entries
from finetune_studio.errors import RefusedError
from finetune_studio.hardware.memory import plan_memory
from finetune_studio.hardware.peak import fullest
from finetune_studio.hardware.setup import setup_of
from finetune_studio.hardware.weights import (
    adapter_bytes,
    gradient_bytes,
    state_bytes,
    trainable_parameters,
    weight_bytes,
)
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe

GIB = 2**30
AMPERE, TURING = (8, 6), (7, 5)
BASE = {
    "hidden_size": 256,
    "intermediate_size": 768,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 512,
    "tie_word_embeddings": True,
}
SHAPES = {
    "llama": {},
    "llama, wide vocabulary": {"vocab_size": 20_000},
    "qwen3": {"head_dim": 64},
    "gemma3_text": {"head_dim": 64, "sliding_window": 4096},
    "phi3": {},
    "olmo2": {},
    "granite": {"tie_word_embeddings": False},
    "lfm2": {"full_attn_idxs": [2], "block_multiple_of": 32},
    "qwen3_5_text": {
        "head_dim": 64,
        "linear_num_key_heads": 2,
        "linear_num_value_heads": 4,
        "linear_key_head_dim": 48,
        "linear_value_head_dim": 80,
    },
}
RUNS = [
    *itertools.product(["llama"], ("lora", "qlora", "full"), (True, False)),
    *itertools.product(list(SHAPES)[1:], ("lora",), (True, False)),
    *itertools.product(("qwen3", "gemma3_text", "qwen3_5_text"), ("full",), (False,)),
]


def recipe(**changes):
    names = {name.replace("__", "."): value for name, value in changes.items()}
    return store.with_changes(Recipe(), names)


def shape(name):
    return {"model_type": name.partition(",")[0], **BASE, **SHAPES[name]}


def entry(name):
    return next(each for each in entries() if each.id.endswith(name))


def model(name):
    return read_architecture(entry(name).config)


WHOLE = [("llama, wide vocabulary", "lora"), ("gemma3_text", "full"), ("llama", "full")]


@pytest.mark.parametrize(
    ("name", "method", "checkpointing", "chunked"),
    [*((*each, True) for each in RUNS), *((*each, True, False) for each in WHOLE)],
)
def test_a_plan_agrees_with_what_real_steps_allocate(name, method, checkpointing, chunked):
    """Tensors alone, without gaps and context: never 5 % too low, nor 10 % too high."""
    pytest.importorskip("peft")
    from tests.benchmarks.memory.trace import trace

    config = shape(name)
    changes = (
        {"method.kind": method, "method.rank": 8} if method != "full" else {"method.kind": method}
    )
    length = 512
    found = trace(
        config, changes, batch=2, length=length, checkpointing=checkpointing, chunked=chunked
    )
    asked = recipe(
        method__kind=method,
        training__batch_size=2,
        training__accumulation=1,
        training__sequence_length=length,
        training__optimizer="adamw",
        training__gradient_checkpointing="on" if checkpointing else "off",
        training__speed__chunked_loss="auto" if chunked else "off",
        **({"method__rank": 8} if method != "full" else {}),
    )
    setup = replace(setup_of(asked, AMPERE), bits=0, padded=False, offloaded=False, kernels=False)
    planned = read_architecture(config)
    assert trainable_parameters(planned, setup) == found.trainable
    lasting = (
        weight_bytes(planned, setup) + adapter_bytes(planned, setup) + state_bytes(planned, setup)
    )
    assert lasting == pytest.approx(found.lasting, rel=0.02)
    total = lasting + fullest(planned, setup).total
    assert 0.95 * found.peak <= total <= 1.10 * found.peak


@pytest.mark.parametrize("accumulation", [1, 3])
def test_gradients_that_wait_for_more_batches_are_counted(accumulation):
    pytest.importorskip("peft")
    from tests.benchmarks.memory.trace import trace

    config = {**shape("llama"), "num_hidden_layers": 4, "vocab_size": 20_000}
    found = trace(config, {"method.kind": "full"}, batch=4, accumulation=accumulation)
    asked = recipe(
        method__kind="full",
        training__batch_size=4,
        training__accumulation=accumulation,
        training__sequence_length=256,
    )
    setup = replace(setup_of(asked, AMPERE), padded=False, offloaded=False, kernels=False)
    planned = read_architecture(config)
    total = weight_bytes(planned, setup) + state_bytes(planned, setup)
    total += fullest(planned, setup).total
    assert total == pytest.approx(found.peak, rel=0.04)


def test_padding_needs_masks_and_copied_keys():
    pytest.importorskip("peft")
    from tests.benchmarks.memory.trace import trace

    config = shape("llama")
    sizes = {}
    for padded in (False, True):
        found = trace(config, {}, length=1024, checkpointing=False, padded=padded)
        asked = recipe(training__batch_size=2, training__accumulation=1)
        off = store.with_changes(asked, {"training.gradient_checkpointing": "off"})
        setup = replace(setup_of(off, AMPERE), padded=padded, mask_free=False, kernels=False)
        planned = read_architecture(config)
        lasting = weight_bytes(planned, setup) + adapter_bytes(planned, setup)
        total = lasting + state_bytes(planned, setup) + fullest(planned, setup).total
        assert total == pytest.approx(found.peak, rel=0.05)
        sizes[padded] = total
    assert sizes[True] > sizes[False]


@pytest.mark.parametrize("model_type", ["qwen3", "phi3", "lfm2", "gpt2"])
@pytest.mark.parametrize("targets", ["all-linear", "attention", "mlp"])
def test_the_adapter_is_what_peft_makes(model_type, targets):
    pytest.importorskip("peft")
    from tests.benchmarks.memory.trace import trace

    if model_type == "gpt2":
        config = {"model_type": "gpt2", "n_embd": 64, "n_layer": 2, "n_head": 4, "vocab_size": 99}
    else:
        config = shape(model_type)
    changes = {"method.rank": 4, "method.targets": [targets], "method.dora": targets == "mlp"}
    if model_type == "lfm2" and targets == "attention":
        changes["method.targets"] = ["q_proj", "out_proj"]
    found = trace(config, changes, length=8, steps=0)
    setup = setup_of(store.with_changes(Recipe(), changes), AMPERE)
    assert trainable_parameters(read_architecture(config), setup) == found.trainable


def test_parts_sum_to_the_total_and_none_is_negative():
    for each in entries():
        architecture = read_architecture(each.config)
        for method in ("full", "lora", "qlora"):
            plan = plan_memory(architecture, setup_of(recipe(method__kind=method), AMPERE))
            assert plan.total == sum(plan.parts.values())
            assert all(size >= 0 for size in plan.parts.values())
            assert plan.parts["weights"] > 0
            assert plan.parameters == each.parameters + each.vision_parameters


def test_four_bits_weigh_a_little_more_than_half_a_byte():
    """Every linear layer of an 8B Llama but its head and embedding: 6.98 G weights."""
    llama = model("Llama-3.1-8B-Instruct")
    setup = setup_of(recipe(method__kind="qlora"), AMPERE)
    rest = 2 * (llama.parameters - 6_979_321_856)
    assert weight_bytes(llama, setup) == pytest.approx(rest + 6_979_321_856 * 0.5159, rel=1e-4)
    eight = replace(setup, bits=8)
    assert weight_bytes(llama, eight) == pytest.approx(rest + 6_979_321_856, rel=0.001)


def test_experts_stay_in_sixteen_bits():
    moe = model("Qwen3-30B-A3B-Instruct-2507")
    size = weight_bytes(moe, setup_of(recipe(method__kind="qlora"), AMPERE))
    assert size > 2 * moe.experts


def test_what_is_trained_has_its_known_share():
    llama = model("Llama-3.1-8B-Instruct")
    setup = setup_of(recipe(method__rank=16), AMPERE)
    assert trainable_parameters(llama, setup) == 41_943_040
    full = setup_of(recipe(method__kind="full"), AMPERE)
    assert trainable_parameters(llama, full) == llama.parameters
    assert gradient_bytes(llama, full) == 4 * llama.parameters
    half = setup_of(recipe(method__kind="full", method__master_weights=False), AMPERE)
    assert gradient_bytes(llama, half) == 2 * llama.parameters


WHOLE_LOGITS = {"training__speed__chunked_loss": "off"}
MORE = [
    ({"training__batch_size": 8}, {"training__batch_size": 4}),
    ({"training__sequence_length": 4096}, {"training__sequence_length": 2048}),
    ({"method__rank": 256}, {"method__rank": 8}),
    ({"training__gradient_checkpointing": "off"}, {"training__gradient_checkpointing": "on"}),
    ({"training__optimizer": "adamw"}, {"training__optimizer": "adamw-8bit"}),
    ({"training__optimizer": "adamw-8bit"}, {"training__optimizer": "paged-adamw-8bit"}),
    ({"training__optimizer": "adamw"}, {"training__optimizer": "adafactor"}),
    ({"method__dora": True}, {"method__dora": False}),
    (
        {"method__dropout": 0.1, "training__gradient_checkpointing": "off"},
        {"method__dropout": 0.0, "training__gradient_checkpointing": "off"},
    ),
    ({"method__kind": "full"}, {"method__kind": "lora"}),
    ({"method__kind": "lora"}, {"method__kind": "qlora"}),
    ({"method__kind": "qlora", "method__bits": 8}, {"method__kind": "qlora", "method__bits": 4}),
    ({"method__base_precision": "fp32"}, {"method__base_precision": "bf16"}),
    ({**WHOLE_LOGITS, "task__kind": "chat"}, {"task__kind": "classify"}),
    (WHOLE_LOGITS, {}),
]


@pytest.mark.parametrize(("more", "less"), MORE, ids=[str(more) for more, _ in MORE])
def test_every_setting_that_saves_memory_does(more, less):
    qwen = model("Qwen3-4B-Instruct-2507")
    large = plan_memory(qwen, setup_of(recipe(**more), AMPERE))
    small = plan_memory(qwen, setup_of(recipe(**less), AMPERE))
    assert large.total > small.total


def test_older_gpus_compute_in_sixteen_bits_too_and_copy_shared_keys():
    ampere, turing = (setup_of(recipe(), each) for each in (AMPERE, TURING))
    assert (ampere.compute_bytes, turing.compute_bytes) == (2, 2)
    assert (ampere.heads_native, turing.heads_native) == (True, False)
    processor = setup_of(recipe(), None)
    assert (processor.compute_bytes, processor.checkpointing, processor.on_gpu) == (4, False, False)
    assert processor.optimizer == "adamw"
    assert setup_of(recipe(method__kind="qlora"), AMPERE).optimizer == "adamw-8bit"


def test_a_verdict_has_three_steps():
    plan = plan_memory(model("Qwen3-0.6B"), setup_of(recipe(), AMPERE))
    assert plan.verdict(int(plan.total / 0.89)) == "fits"
    assert plan.verdict(int(plan.total / 0.95)) == "tight"
    assert plan.verdict(plan.total) == "tight"
    assert plan.verdict(plan.total - 1) == "does-not-fit"
    assert plan.verdict(0) == "does-not-fit"


def test_layers_that_the_model_does_not_have_are_refused_with_those_it_has():
    setup = setup_of(recipe(method__targets=["c_attn"]), AMPERE)
    with pytest.raises(RefusedError, match=r"no layer called c_attn.*down_proj"):
        plan_memory(model("Qwen3-0.6B"), setup)
