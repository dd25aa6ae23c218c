"""Architectures counted from configurations: against exact counts, and against transformers."""

import json
from collections import Counter

import pytest

from finetune_studio import paths
from finetune_studio.catalog.architecture import TEXT_OF, knows, read_architecture
from finetune_studio.catalog.entries import entries
from finetune_studio.catalog.families import FAMILIES
from finetune_studio.errors import RefusedError

LLAMA = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 1000,
    "tie_word_embeddings": False,
    "max_position_embeddings": 512,
}
EXPERTS = {"num_experts_per_tok": 2, "moe_intermediate_size": 32}
LATENT = {
    **EXPERTS,
    "n_routed_experts": 4,
    "n_shared_experts": 2,
    "q_lora_rank": 24,
    "kv_lora_rank": 16,
    "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 8,
    "v_head_dim": 12,
}
SMALL = {
    "gemma3_text": {"head_dim": 24, "sliding_window": 16, "num_hidden_layers": 7},
    "gpt_oss": {"head_dim": 16, "num_local_experts": 4, "num_experts_per_tok": 2},
    "mixtral": {"num_local_experts": 4, "num_experts_per_tok": 2},
    "qwen3_moe": {"num_experts": 4, **EXPERTS},
    "deepseek_v3": {**LATENT, "first_k_dense_replace": 1},
    "glm4_moe_lite": LATENT,
    "lfm2": {"full_attn_idxs": [1], "block_multiple_of": 32},
    "qwen3_5_text": {
        "head_dim": 16,
        "num_hidden_layers": 5,
        "linear_num_key_heads": 2,
        "linear_num_value_heads": 4,
        "linear_key_head_dim": 16,
        "linear_value_head_dim": 24,
    },
}
OWN_CODE = {"exaone", "kormo", "kanana2_tiny"}
"""Types whose class comes with the model, so that there is nothing here to compare with."""


@pytest.mark.parametrize("entry", entries(), ids=lambda each: each.id)
def test_every_model_of_the_catalogue_counts_to_the_unit(entry):
    found = read_architecture(entry.config)
    assert found.text_parameters == entry.parameters
    assert found.parameters == entry.parameters + entry.vision_parameters
    assert found.context == entry.context or entry.context < found.context


@pytest.mark.parametrize("model_type", sorted(set(FAMILIES) - OWN_CODE))
@pytest.mark.parametrize("silent", [False, True], ids=["given", "silent"])
def test_every_family_is_what_transformers_builds(model_type, silent):
    """Distinct parameters and every linear layer, by name, shape and bias."""
    torch = pytest.importorskip("torch")
    config = _small(model_type)
    if silent:
        for name in ("num_key_value_heads", "head_dim", "tie_word_embeddings"):
            config.pop(name, None)
    model = _built(torch, config)
    found = read_architecture(config)
    assert found.parameters == sum(weight.numel() for weight in model.parameters())
    assert Counter(
        (each.name, each.inputs, each.outputs, each.bias) for each in found.matrices
    ) == Counter(_linear_layers(torch, model))


@pytest.mark.parametrize("model_type", ["llama", "qwen3", "gemma", "olmo2", "granite", "smollm3"])
def test_optional_biases_are_counted(model_type):
    torch = pytest.importorskip("torch")
    config = _small(model_type) | {"attention_bias": True, "mlp_bias": model_type == "llama"}
    model = _built(torch, config)
    assert read_architecture(config).parameters == sum(w.numel() for w in model.parameters())


@pytest.mark.parametrize("head", [True, False])
def test_a_vision_part_counts_as_it_is_loaded(head):
    torch = pytest.importorskip("torch")
    from transformers import AutoConfig, AutoModelForCausalLM

    text = _small("gemma3_text")
    del text["model_type"], text["tie_word_embeddings"]
    seeing = {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 56,
        "patch_size": 14,
        "vision_use_head": head,
    }
    whole = {"text_config": text, "vision_config": seeing}
    config = AutoConfig.for_model("gemma3", **whole, mm_tokens_per_image=4)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    found = read_architecture({"model_type": "gemma3", **whole})
    assert found.parameters == sum(weight.numel() for weight in model.parameters())
    assert found.text_parameters < found.parameters


def test_what_a_silent_configuration_means_is_what_transformers_says():
    transformers = pytest.importorskip("transformers")
    file = paths.resources() / "catalog" / "defaults.json"
    listed = json.loads(file.read_text(encoding="utf-8"))
    if transformers.__version__ != listed["transformers"]:
        pytest.skip("another version of transformers than the list was taken from")
    for model_type, figures in listed["types"].items():
        config = transformers.AutoConfig.for_model(model_type)
        for name, value in figures.items():
            if (model_type, name) != ("glm4_moe_lite", "first_k_dense_replace"):
                assert getattr(config, name) == value, (model_type, name)
    assert set(FAMILIES) - OWN_CODE == set(listed["types"])


def test_layers_that_slide_are_told_apart():
    config = _small("gemma3_text")
    kinds = [layer.mixer for layer in read_architecture(config).layers]
    assert kinds == ["sliding"] * 5 + ["attention", "sliding"]
    named = config | {"layer_types": ["full_attention"] * 6 + ["sliding_attention"]}
    assert [layer.mixer for layer in read_architecture(named).layers].count("sliding") == 1
    exaone = {**_small("exaone4"), "sliding_window": None}
    assert {layer.mixer for layer in read_architecture(exaone).layers} == {"attention"}


def test_a_dense_first_layer_has_no_experts():
    layers = read_architecture(_small("deepseek_v3")).layers
    assert [layer.experts is None for layer in layers] == [True, False, False]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hidden_size": 0}, "hidden_size is 0"),
        ({"hidden_size": -8}, "hidden_size is -8"),
        ({"hidden_size": "64"}, "hidden_size is '64'"),
        ({"hidden_size": 64.5}, "hidden_size is 64.5"),
        ({"hidden_size": True}, "hidden_size is True"),
        ({"vocab_size": 10**18}, "no sensible number"),
        ({"num_hidden_layers": 10**7}, "too many to be true"),
        ({"num_attention_heads": 3, "num_key_value_heads": 3}, "no multiple"),
        ({"num_key_value_heads": [1]}, "num_key_value_heads is [1]"),
        ({"model_type": "kormo", "vocab_size": None}, "vocab_size is missing"),
    ],
)
def test_figures_that_make_no_sense_are_refused_by_name(change, says):
    with pytest.raises(RefusedError) as caught:
        read_architecture(LLAMA | change)
    assert says in str(caught.value)


@pytest.mark.parametrize("config", [{}, {"model_type": None}, {"model_type": "new_thing"}])
def test_an_unknown_family_is_said_to_be_unknown(config):
    assert not knows(config)
    with pytest.raises(RefusedError, match="does not know this kind"):
        read_architecture(config)


def test_what_is_known_is_known_by_its_outer_name_too():
    assert all(knows({"model_type": name}) for name in (*FAMILIES, *TEXT_OF))


def _small(model_type):
    config = {**LLAMA, "model_type": model_type, **SMALL.get(model_type, {})}
    if model_type == "gpt2":
        return {"model_type": "gpt2", "n_embd": 64, "n_layer": 2, "n_head": 4, "vocab_size": 99}
    return config


def _built(torch, config):
    from transformers import AutoConfig, AutoModelForCausalLM

    given = {key: value for key, value in config.items() if key != "model_type"}
    token = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    known = AutoConfig.for_model(config["model_type"], **given, **token)
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(known)


def _linear_layers(torch, model):
    for name, layer in model.named_modules():
        last = name.rpartition(".")[2]
        if last in ("lm_head", "embed_out"):
            continue
        if isinstance(layer, torch.nn.Linear):
            yield last, layer.in_features, layer.out_features, layer.bias is not None
        elif type(layer).__name__ == "Conv1D":
            yield last, *layer.weight.shape, True
