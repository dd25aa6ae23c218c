"""Steps by CUDA graphs say what the model said. Without a GPU all but the capture is tried."""

import gc

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    BitsAndBytesConfig,
    DynamicCache,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from finetune_studio.engine import graphed, steps
from finetune_studio.engine.quick import quicken
from finetune_studio.engine.speed.choice import Choice
from tests.engine.test_recorded import IDS, SHAPE, WARM, assert_the_same, made, say
from tests.helpers.tiny import make_model

KINDS = ["sliding_attention", "full_attention"]
GEMMA = Gemma3TextConfig(**SHAPE, head_dim=8, sliding_window=8, layer_types=KINDS)
MODELS = {
    "Llama": lambda: made(LlamaForCausalLM, LlamaConfig(**SHAPE)),
    "Qwen 3": lambda: made(Qwen3ForCausalLM, Qwen3Config(**SHAPE, head_dim=8)),
    "Gemma 3": lambda: made(Gemma3ForCausalLM, GEMMA),
    "Mistral": lambda: made(MistralForCausalLM, MistralConfig(**SHAPE, sliding_window=12)),
}


@pytest.fixture
def redone(monkeypatch):
    """Computes again, in the same memory, what a GPU would play again; each time is counted."""
    times = []

    def capture(compute, pool):
        kept = compute()

        def again():
            times.append(1)
            kept.copy_(compute())

        return graphed.Captured(kept, again, "pool")

    monkeypatch.setattr(graphed, "capture", capture)
    monkeypatch.setattr(graphed, "room", lambda device: 1 << 40)
    monkeypatch.setattr(graphed, "SHORTEST", 16)  # an answer grows into the next ones
    return times


def graph(model):
    with torch.no_grad():
        quick = graphed.quick(model)
        assert steps.agree(model, model.forward, quick, 1e-4)
    model.forward = quick


@pytest.mark.parametrize("how", [{}, WARM], ids=["greedy", "sampled"])
@pytest.mark.parametrize("family", MODELS)
def test_a_model_says_what_it_said(redone, family, how):
    model = MODELS[family]()
    asked = [IDS, IDS, IDS[:, :3], IDS.repeat(1, 4)]  # each finds the former one's leavings
    before = [say(model, ids, **how) for ids in asked]
    graph(model)
    for ids, wanted in zip(asked, before, strict=True):
        assert_the_same(say(model, ids, **how), wanted)


def test_every_token_behind_the_prompt_is_a_step(redone):
    model = MODELS["Llama"]()
    graph(model)
    redone.clear()
    say(model)
    assert len(redone) == 39  # the first of 40 tokens is the prompt's


@pytest.mark.parametrize("family", ["Llama", "Gemma 3"])
def test_conversations_taken_in_turns_keep_their_past(redone, family):
    model = MODELS[family]()
    asked = [IDS, IDS.flip(1)]
    with torch.no_grad():
        alone = [_steps(model, _opened(model, ids), [3, 8, 9]) for ids in asked]
        graph(model)
        one, other = (_opened(model, ids) for ids in asked)
        found = [[], []]
        for token in (3, 8, 9):
            found[0] += _steps(model, one, [token])
            found[1] += _steps(model, other, [token])
    torch.testing.assert_close(found, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", ["Llama", "Gemma 3"])
def test_a_past_goes_on_without_graphs(redone, family):
    model = MODELS[family]()
    more, name = torch.tensor([[4, 5, 6]]), steps.cache_name(model.forward)
    with torch.no_grad():
        cache = _opened(model, IDS)
        _steps(model, cache, [3, 8])
        wanted = model(input_ids=more, **{name: cache}).logits
        graph(model)
        cache = _opened(model, IDS)
        _steps(model, cache, [3, 8])
        found = model(input_ids=more, **{name: cache}).logits
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_memory_that_is_short_leaves_long_conversations_as_they_were(redone, monkeypatch):
    model = MODELS["Llama"]()
    before = say(model)
    graph(model)
    monkeypatch.setattr(graphed, "room", lambda device: graphed.LEFT)
    redone.clear()
    assert_the_same(say(model), before)
    assert len(redone) == 16 - IDS.shape[-1]


def test_memory_that_runs_out_in_an_answer_leaves_the_rest_as_it_was(redone, monkeypatch):
    model = MODELS["Llama"]()
    before = say(model)
    graph(model)
    tried = []

    def full(compute, pool):
        tried.append(pool)
        raise torch.OutOfMemoryError

    monkeypatch.setattr(graphed, "capture", full)
    redone.clear()
    assert_the_same(say(model), before)
    assert_the_same(say(model), before)
    assert len(redone) == 2 * (16 - IDS.shape[-1])
    assert tried == ["pool", "pool"]  # for 32 and for 64 tokens; neither is tried again


def test_without_any_room_there_are_none(redone, monkeypatch):
    monkeypatch.setattr(graphed, "room", lambda device: graphed.LEFT)
    with torch.no_grad(), pytest.raises(steps.ObstacleError, match="no room"):
        graphed.quick(MODELS["Llama"]())


def test_a_cache_of_another_kind_has_none(redone, monkeypatch):
    monkeypatch.setattr(graphed, "KEPT", steps.WHOLE)
    with torch.no_grad(), pytest.raises(steps.ObstacleError, match="in a way of its own"):
        graphed.quick(MODELS["Gemma 3"]())


def test_a_conversation_that_is_over_is_let_go(redone):
    model = MODELS["Llama"]()
    graph(model)
    with torch.no_grad():
        cache = _opened(model, IDS)
        _steps(model, cache, [3])
    seen = graphed.weakref.ref(cache)
    del cache
    gc.collect()
    assert seen() is None


def test_an_adapter_is_switched_off_and_on(redone):
    base = MODELS["Llama"]()
    model = get_peft_model(base, LoraConfig(target_modules="all-linear", init_lora_weights=False))
    model.eval()
    tuned = say(model)
    with model.disable_adapter():
        plain = say(model)
    graph(base)
    redone.clear()
    for times in (0, 39):  # as ever at first; the second time with graphs of its own
        with model.disable_adapter():
            assert_the_same(say(model), plain)
            assert len(redone) == times
            if not times:
                graph(base)
        redone.clear()
        assert_the_same(say(model), tuned)
        assert len(redone) == 39
        redone.clear()


@pytest.mark.needs_gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("family", MODELS)
def test_a_gpu_says_what_it_said(family, dtype):
    model = MODELS[family]().to("cuda", dtype)
    before = say(model, IDS.cuda())
    assert quicken(model) == Choice(True, "auto")
    for _ in range(2):
        found = say(model, IDS.cuda())
        if dtype == torch.float32:
            assert torch.equal(found.sequences, before.sequences)
        torch.testing.assert_close(found.scores[0], before.scores[0], rtol=0.05, atol=0.01)
        torch.testing.assert_close(found.scores[1], before.scores[1], rtol=0.05, atol=0.01)


@pytest.mark.needs_gpu
def test_an_adapter_on_a_gpu_grows_into_longer_graphs(monkeypatch):
    monkeypatch.setattr(graphed, "SHORTEST", 16)
    base = MODELS["Qwen 3"]().cuda()
    model = get_peft_model(base, LoraConfig(target_modules="all-linear", init_lora_weights=False))
    model.eval()
    before = say(model, IDS.cuda())
    assert quicken(model)
    assert_the_same(say(model, IDS.cuda()), before)
    assert_the_same(say(model, IDS.cuda()), before)


@pytest.mark.needs_gpu
def test_an_adapter_on_a_gpu_is_switched_off_and_on():
    base = MODELS["Llama"]().cuda()
    model = get_peft_model(base, LoraConfig(target_modules="all-linear", init_lora_weights=False))
    model.eval()
    tuned = say(model, IDS.cuda())
    with model.disable_adapter():
        plain = say(model, IDS.cuda())
        assert quicken(model)
        assert_the_same(say(model, IDS.cuda()), plain)
    assert quicken(model)
    for _ in range(2):
        assert_the_same(say(model, IDS.cuda()), tuned)
        with model.disable_adapter():
            assert_the_same(say(model, IDS.cuda()), plain)


@pytest.mark.needs_gpu
def test_four_bits_on_a_gpu(tmp_path):
    bits = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=torch.bfloat16,
        bnb_4bit_use_double_quant=True,
    )
    base = AutoModelForCausalLM.from_pretrained(
        make_model(tmp_path), quantization_config=bits, dtype=torch.bfloat16, device_map={"": 0}
    )
    model = get_peft_model(base, LoraConfig(target_modules="all-linear", init_lora_weights=False))
    model.eval()
    before = say(model, IDS.cuda())
    assert quicken(model), quicken(model).why
    found = say(model, IDS.cuda())
    for place in range(3):
        torch.testing.assert_close(found.scores[place], before.scores[place], rtol=0.1, atol=0.05)


def _opened(model, ids):
    """The cache of a conversation after its prompt."""
    cache = DynamicCache(config=model.config)
    model(input_ids=ids, use_cache=True, **{steps.cache_name(model.forward): cache})
    return cache


def _steps(model, cache, tokens):
    name = steps.cache_name(model.forward)
    return [
        model(input_ids=torch.tensor([[each]]), use_cache=True, **{name: cache}).logits
        for each in tokens
    ]
