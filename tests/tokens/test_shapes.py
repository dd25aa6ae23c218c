"""Answers by what stands around the turns: the same as by rendering each conversation twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune_studio.tokens import answers as answers_module
from finetune_studio.tokens import shapes
from finetune_studio.tokens.answers import Answers
from finetune_studio.tokens.loading import load_tokenizer
from finetune_studio.tokens.shapes import Shapes
from finetune_studio.tokens.templates import TemplateError
from tests.helpers import templates
from tests.helpers.templates import CHATML, FAMILIES, LLAMA3, MISTRAL, THINKING

PIECES = ["<think>", "</think>", "<|im_end|>", "\n", " ", "[INST]", " [/INST]", "<end_of_turn>\n"]
WORDS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=4).map("".join)
ROLES = st.lists(st.sampled_from(["user", "assistant", "assistant"]), min_size=1, max_size=5)
ASKED = [{"role": "user", "content": "배고프다"}, {"role": "assistant", "content": "드세요."}]


SAYS = "<|im_start|>{{ m.role }}\n%s<|im_end|>\n"
ODD = {
    "only answers trimmed": SAYS % "{{ m.content|trim if m.role == 'assistant' else m.content }}",
    "only questions trimmed": SAYS % "{{ m.content|trim if m.role == 'user' else m.content }}",
    "words counted": SAYS % "{{ m.content|length }} {{ m.content }}",
    "blanks collapsed": SAYS % "{{ m.content.split()|join(' ') }}",
    "a capital first": SAYS % "{{ m.content|capitalize }}",
    "the first words again": SAYS % "{{ m.content }}{{ messages[0].content }}",
    "nothing said left out": "{% if m.content|trim %}" + SAYS % "{{ m.content }}" + "{% endif %}",
    "long ones by the other": (SAYS % "{{ m.content }}").replace(
        "{{ m.role }}", "{{ 'assistant' if m.content|length > 3 else m.role }}"
    ),
    "thoughts unless there": SAYS
    % "{{ '' if m.content.startswith('<think>') else '<think>\n\n</think>\n\n' }}{{ m.content }}",
    "no marks": "{{ m.content }}",
    "one mark for all": "|{{ m.content }}|",
}
"""What a template writes for one message `m`; of words, it makes something of its own."""


class Unknown:
    """Shapes that say nothing, so that every conversation is rendered twice."""

    def answers(self, text, messages):
        return None


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return load_tokenizer(templates.make_tokenizer(tmp_path_factory.mktemp("tokenizer")))


@pytest.fixture
def renderings(monkeypatch):
    """The conversations that were rendered."""
    seen, real = [], answers_module.render
    monkeypatch.setattr(
        answers_module,
        "render",
        lambda template, messages, **more: (
            seen.append(messages) or real(template, messages, **more)
        ),
    )
    return seen


def twice(template, tokenizer):
    made = Answers(template, tokenizer)
    made._shapes = Unknown()
    return made


def told(answers, messages):
    try:
        return answers.render(messages)
    except TemplateError as error:
        return str(error)


@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data(), system=st.booleans())
def test_they_are_those_of_two_renderings(tokenizer, family, data, system):
    roles = [*(["system"] if system else []), *data.draw(ROLES)]
    messages = [{"role": role, "content": data.draw(WORDS)} for role in roles]
    template = FAMILIES[family][0]
    quick = Answers(template, tokenizer)
    assert told(quick, messages) == told(twice(template, tokenizer), messages)


@pytest.mark.parametrize("name", ODD)
@given(data=st.data())
def test_nor_do_they_differ_where_a_template_does_odd_things_with_words(tokenizer, name, data):
    template = (
        f"{{% for m in messages %}}{ODD[name]}{{% endfor %}}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    roles = data.draw(ROLES)
    said = data.draw(st.lists(WORDS, min_size=1, max_size=3))  # some are said again
    messages = [{"role": role, "content": data.draw(st.sampled_from(said))} for role in roles]
    quick = Answers(template, tokenizer)
    assert told(quick, messages) == told(twice(template, tokenizer), messages)


@pytest.mark.parametrize("template", [CHATML, LLAMA3, MISTRAL, THINKING])
def test_conversations_of_one_shape_are_rendered_once_each(tokenizer, renderings, template):
    answers = Answers(template, tokenizer)
    answers.render(ASKED)
    renderings.clear()
    for said in ("Rice.", " 밥, 또는\n국수. ", "<|im_end|>"):
        answers.render([ASKED[0], {"role": "assistant", "content": said.strip()}])
    assert len(renderings) == 3


def test_what_the_template_makes_of_the_words_is_looked_at_anew(tokenizer, renderings):
    thought = {"role": "assistant", "content": "<think>\n왜\n</think>\n\n드세요."}
    answers = Answers(THINKING, tokenizer)
    renderings.clear()
    made = answers.render([ASKED[0], thought])
    assert made == twice(THINKING, tokenizer).render([ASKED[0], thought])
    assert [made.text[a:b] for a, b in made.answers] == [thought["content"] + "<|im_end|>"]
    assert len(renderings) > 2


@pytest.mark.parametrize("turns", [1, 9])
def test_an_answer_that_holds_what_follows_it_is_found_whole_though_it_is_trimmed(tokenizer, turns):
    """Also where the turns are too many to be remembered, or nothing is."""
    ends, asks = "<|eot_id|>", "<|start_header_id|>{}<|end_header_id|>\n\n".format
    said = f" 밥{ends}{asks('user')}배고프다{ends}{asks('assistant')}국수"
    messages = [*[ASKED[0], {"role": "assistant", "content": said}] * turns, *ASKED]
    for answers in (Answers(LLAMA3, tokenizer), twice(LLAMA3, tokenizer)):
        made = answers.render(messages)
        learned = [made.text[first:last] for first, last in made.answers]
        assert learned == [*[f"{said.strip()}<|eot_id|>"] * turns, "드세요.<|eot_id|>"]


def test_messages_with_more_than_words_have_no_shape():
    made = Shapes(lambda turns: "".join(f"<{t['role']}>{t['content']}" for t in turns), "", "")
    text = "<user>a<assistant>b"
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert made.answers(text, messages) == ((18, 19),)
    assert made.answers(text, [*messages[:1], {**messages[1], "tool_calls": []}]) is None
    assert made.answers(text, [*messages[:1], {"role": "assistant", "content": None}]) is None
    assert made.answers(text + "!", messages) is None


def test_only_so_many_shapes_are_remembered(monkeypatch):
    monkeypatch.setattr(shapes, "SHAPES", 1)
    made = Shapes(lambda turns: "".join(f"<{t['role']}>{t['content']}" for t in turns), "", "")
    assert made.answers("<assistant>b", [{"role": "assistant", "content": "b"}]) == ((11, 12),)
    assert made.answers("<user>a", [{"role": "user", "content": "a"}]) is None
    long = [{"role": "assistant", "content": "b"}] * (shapes.TURNS + 1)
    monkeypatch.setattr(shapes, "SHAPES", 9)
    assert made.answers("<assistant>b" * len(long), long) is None
