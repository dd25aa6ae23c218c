"""A model whose step is recorded says what it said before, and what cannot be recorded stays."""

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    LlamaConfig,
    LlamaForCausalLM,
    MixtralConfig,
    MixtralForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from finetune_studio.engine import halves, recorded
from finetune_studio.engine.device import find_device
from finetune_studio.engine.quick import quicken
from finetune_studio.recipe.schema import Recipe
from tests.helpers.tiny import make_model

SHAPE = {
    "vocab_size": 600,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}
IDS = torch.tensor([[5, 9, 300, 41, 7, 7, 12]])
WARM = {"do_sample": True, "temperature": 1.3, "top_p": 0.9, "top_k": 0, "repetition_penalty": 1.2}


def say(model, ids=IDS, **how):
    """An answer of 40 tokens, and the logits of each."""
    torch.manual_seed(4)
    asked = {"do_sample": False} | how
    with torch.inference_mode():
        return model.generate(
            input_ids=ids,
            max_new_tokens=40,
            pad_token_id=0,
            eos_token_id=None,
            output_scores=True,
            return_dict_in_generate=True,
            **asked,
        )


def made(kind, config):
    torch.manual_seed(1)
    return kind(config).eval()


def counted(model):
    """How many rows a model's own forward is given, from now on."""
    lengths = []
    plain = model.forward

    def forward(*arguments, **named):
        lengths.append(named["input_ids"].shape[-1])
        return plain(*arguments, **named)

    forward.__wrapped__ = plain
    model.forward = forward
    return lengths


def assert_the_same(one, other):
    assert torch.equal(one.sequences, other.sequences)
    torch.testing.assert_close(one.scores, other.scores, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("how", [{}, WARM], ids=["greedy", "sampled"])
@pytest.mark.parametrize(
    "model",
    [
        lambda: made(LlamaForCausalLM, LlamaConfig(**SHAPE)),
        lambda: made(Qwen3ForCausalLM, Qwen3Config(**SHAPE, head_dim=8)),
    ],
    ids=["Llama", "Qwen 3"],
)
def test_a_recorded_model_says_what_it_said(model, how):
    model = model()
    before = say(model, **how)
    lengths = counted(model)
    assert quicken(model)
    lengths.clear()
    assert_the_same(say(model, **how), before)
    assert lengths == [IDS.shape[-1]]  # the prompt; each further token is a recorded step


def test_a_model_of_16_bits_is_recorded(tmp_path, monkeypatch):
    if not halves.has_products():
        pytest.skip("needs_fbgemm: torch has no such products here")
    monkeypatch.setattr(halves, "LEAST", 1)
    model = AutoModelForCausalLM.from_pretrained(make_model(tmp_path), dtype=torch.bfloat16)
    model.save_pretrained(tmp_path)
    model = halves.load_to_answer(tmp_path, find_device(Recipe()))
    before = say(model)
    assert quicken(model)
    assert_the_same(say(model), before)


def test_an_adapter_is_recorded_with_its_base():
    base = made(LlamaForCausalLM, LlamaConfig(**SHAPE))
    model = get_peft_model(base, LoraConfig(target_modules="all-linear", init_lora_weights=False))
    model.eval()
    before = say(model)
    lengths = counted(base)
    assert quicken(model)
    lengths.clear()
    assert_the_same(say(model), before)
    assert lengths == [IDS.shape[-1]]


def test_several_rows_and_padded_ones_are_computed_as_ever():
    model = made(LlamaForCausalLM, LlamaConfig(**SHAPE))
    rows = torch.cat([IDS, IDS.flip(1)])
    mask = torch.ones_like(IDS)
    mask[0, :3] = 0
    before = say(model, rows), say(model, attention_mask=mask)
    assert quicken(model)
    assert_the_same(say(model, rows), before[0])
    assert_the_same(say(model, attention_mask=mask), before[1])


def test_what_asks_for_more_than_logits_gets_it():
    model = made(LlamaForCausalLM, LlamaConfig(**SHAPE))
    assert quicken(model)
    found = say(model, output_hidden_states=True)
    assert len(found.hidden_states) == 40
    assert all(len(each) == 3 for each in found.hidden_states)


def test_a_model_that_forgets_is_not_recorded():
    config = Gemma3TextConfig(**SHAPE, head_dim=8, sliding_window=8)
    model = made(Gemma3ForCausalLM, config)
    before = say(model)
    assert quicken(model).why == "it keeps its past in a way of its own"
    assert_the_same(say(model), before)


def test_a_mixture_of_experts_is_not_recorded():
    config = MixtralConfig(**SHAPE, num_local_experts=4, sliding_window=None)
    assert quicken(made(MixtralForCausalLM, config)).why == "its experts depend on the token"


def test_a_model_that_turns_otherwise_far_away_is_not_recorded():
    turns = {"rope_type": "longrope", "rope_theta": 10000.0, "factor": 4.0}
    turns |= {"short_factor": [1.0] * 4, "long_factor": [4.0] * 4}
    turns |= {"original_max_position_embeddings": 64}
    model = made(LlamaForCausalLM, LlamaConfig(**SHAPE, rope_parameters=turns))
    before = say(model)
    assert not quicken(model)
    assert_the_same(say(model), before)


def test_a_step_that_says_something_else_is_not_taken(monkeypatch):
    model = made(LlamaForCausalLM, LlamaConfig(**SHAPE))
    right = recorded._recorded

    def wrong(each):
        step = right(each)
        return lambda *given: tuple(part + 0.01 for part in step(*given))

    monkeypatch.setattr(recorded, "_recorded", wrong)
    choice = quicken(model)
    assert (choice.used, "something else" in choice.why) == (False, True)


def test_what_defies_recording_is_told_and_answers_as_ever(monkeypatch):
    def refuse(*_, **__):
        raise RuntimeError("an operation\n  that cannot be recorded")

    model = made(LlamaForCausalLM, LlamaConfig(**SHAPE))
    before = say(model)
    monkeypatch.setattr(torch.jit, "trace", refuse)
    assert quicken(model).why == "RuntimeError: an operation that cannot be recorded"
    assert_the_same(say(model), before)


def test_a_model_that_learns_is_not_recorded():
    assert not quicken(made(LlamaForCausalLM, LlamaConfig(**SHAPE)).train())
