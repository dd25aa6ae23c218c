"""Answers in the way of each task, asked as the model was trained."""

import pytest
import torch

from finetune_studio.engine.samples import Voice, voice_of
from finetune_studio.engine.tuned import open_tuned
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.tokens.loading import load_tokenizer
from tests.helpers.families import make_family
from tests.helpers.running import make_run, train
from tests.helpers.tiny import TEMPLATE

ASKED = [{"role": "user", "content": "배가 고프다."}]


@pytest.fixture
def tokenizer(tiny):
    return load_tokenizer(tiny)


def text_of(voice, tokenizer, messages=ASKED):
    return tokenizer.decode(voice.prompt_ids(messages), skip_special_tokens=False)


def test_a_conversation_is_asked_with_the_template(tokenizer):
    voice = Voice(tokenizer, "chat", TEMPLATE)
    assert text_of(voice, tokenizer) == "<|user|>배가 고프다.<|end|><|assistant|>"


def test_the_system_prompt_that_was_trained_with_is_asked_with(tokenizer):
    recipe = store.with_changes(Recipe(), {"task.system": "친구처럼 답한다."})
    voice = voice_of(recipe, tokenizer, TEMPLATE, ())
    began = "<|system|>친구처럼 답한다.<|end|><|user|>"
    assert text_of(voice, tokenizer).startswith(began)
    own = [{"role": "system", "content": "나는 학교에 간다."}, *ASKED]
    assert text_of(voice, tokenizer, own).startswith("<|system|>나는 학교에 간다.<|end|><|user|>")


def test_a_text_is_gone_on_with_as_it_is(tokenizer):
    voice = Voice(tokenizer, "text", None)
    assert text_of(voice, tokenizer) == "배가 고프다."


def test_a_label_is_answered_with_its_share(tokenizer):
    model = make_family("llama", labels=2)
    model.resize_token_embeddings(600)
    voice = Voice(tokenizer, "classify", None, ("나쁨", "좋음"))
    with torch.no_grad():
        shares = model(input_ids=torch.tensor([voice.prompt_ids(ASKED)])).logits[0].softmax(-1)
    expected = f"{('나쁨', '좋음')[int(shares.argmax())]} ({shares.max():.1%})"
    assert voice.answer(model, ASKED, 8) == expected


def test_answers_are_the_same_each_time_and_the_mode_is_left(tokenizer):
    model = make_family("llama").train()
    model.resize_token_embeddings(600)
    voice = Voice(tokenizer, "chat", TEMPLATE)
    first, again = (voice.answer(model, ASKED, 12) for _ in range(2))
    assert first == again
    assert model.training


@pytest.mark.parametrize("task", ["chat", "text", "classify"])
def test_prompts_of_the_recipe_are_answered_in_every_task(tmp_path, tiny, task):
    changes = {"task__system": "친구처럼 답한다."} if task == "chat" else {}
    changes |= {"evaluation__prompts": ["재미있는 영화 7"], "training__max_steps": 4}
    run = make_run(tmp_path, tiny, task, **changes)
    code, state = train(run)
    assert code == 0
    assert [each.step for each in state.samples] == [0, 2, 4]
    tuned = open_tuned(run)
    asked = [{"role": "user", "content": "재미있는 영화 7"}]
    again = tuned.voice().answer(tuned.model(), asked, 64)
    assert state.samples[-1].text == again
