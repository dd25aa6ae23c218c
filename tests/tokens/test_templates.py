"""A template runs in a sandbox, however often it is asked the same of the same kind of values."""

from pathlib import Path

import pytest

from finetune_studio import paths
from finetune_studio.tokens import templates
from finetune_studio.tokens.loading import load_tokenizer
from finetune_studio.tokens.templates import TemplateError, render

DEMO = paths.resources() / "models" / "demo"
ASK = [{"role": "user", "content": "안녕?"}]


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer(Path(DEMO))


@pytest.mark.parametrize(
    "unsafe",
    [
        "{{ messages.append({}) }}",
        "{{ messages[0].clear() }}",
        "{{ messages[0].update(role='system') }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ raise_exception.__globals__['json'].dumps(1) }}",
        "{% macro m() %}{% endmacro %}{{ m.__init__.__globals__ }}",
    ],
)
def test_what_is_not_safe_is_refused_each_time(tokenizer, unsafe):
    for _ in range(3):
        with pytest.raises(TemplateError):
            render(unsafe, ASK, tokenizer=tokenizer)
    assert ASK == [{"role": "user", "content": "안녕?"}]


def test_a_name_that_is_safe_of_one_kind_of_values_is_not_of_another(tokenizer):
    body = "{% set ns = namespace(clear='x') %}{{ ns.clear }}{{ messages[0].role.upper() }}"
    assert render(body, ASK, tokenizer=tokenizer) == "xUSER"
    with pytest.raises(TemplateError):
        render(body + "{{ messages[0].clear() }}", ASK, tokenizer=tokenizer)


def test_more_attributes_than_are_remembered_are_judged_all_the_same(tokenizer, monkeypatch):
    monkeypatch.setattr(templates, "ATTRIBUTES", 1)
    body = "{% for n in range(3) %}{{ messages[0].role.upper() }}{{ loop.index }}{% endfor %}"
    assert render(body, ASK, tokenizer=tokenizer) == "USER1USER2USER3"
    with pytest.raises(TemplateError):
        render(body + "{{ messages.clear() }}", ASK, tokenizer=tokenizer)
