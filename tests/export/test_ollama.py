"""Modelfiles: templates derived from the model's own, proven, and held against Go itself."""

import os
import struct
from pathlib import Path

import pytest

from finetune_studio import paths
from finetune_studio.errors import RefusedError
from finetune_studio.export.gguf_header import begins_texts, read_header
from finetune_studio.export.gotemplate import GoTemplateError
from finetune_studio.export.gotemplate import render as render_go
from finetune_studio.export.ollama import (
    CONVERSATIONS,
    NoTemplateError,
    as_data,
    as_ollama,
    derive,
    modelfile,
)
from finetune_studio.tokens.loading import load_tokenizer
from finetune_studio.tokens.templates import BUNDLED, default_template, render
from tests.helpers.go import rendered_by_go
from tests.helpers.tiny import TEMPLATE, make_tokenizer

REAL = ("qwen3", "llama3_1", "gemma3")
DEFAULTING = (
    "{% for m in messages %}{% if loop.first and m.role != 'system' %}<s>Be kind.</s>\n{% endif %}"
    "<{{ m.role }}>{{ m.content }}</{{ m.role }}>\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
FOLDING = (
    "{% set s = messages[0].content + '\n\n' if messages[0].role == 'system' else '' %}"
    "{% for m in messages if m.role != 'system' %}[{{ 'model' if m.role == 'assistant' else 'u' }}]"
    "{{ s if loop.first else '' }}{{ m.content | trim }}{{ '{{' }}{% endfor %}"
    "{% if add_generation_prompt %}[model]{% endif %}"
)


@pytest.fixture
def tokenizer(tmp_path):
    make_tokenizer(tmp_path)
    return load_tokenizer(tmp_path)


def jinja(template, tokenizer):
    def as_trained(messages, begins):
        return render(template, messages, tokenizer=tokenizer, add_generation_prompt=begins)

    return as_trained


def said(*pairs):
    return [{"role": role, "content": content} for role, content in pairs]


def known(tokenizer):
    """Templates by name."""
    demo = paths.resources() / "models" / "demo" / "chat_template.jinja"
    ours = {name: default_template(name) for name in BUNDLED}
    return ours | {
        "tiny": TEMPLATE,
        "demo": demo.read_text(encoding="utf-8"),
        "defaulting": DEFAULTING,
        "folding": FOLDING,
    }


def test_every_template_of_ours_says_the_same(tokenizer):
    for name, template in known(tokenizer).items():
        trained = jinja(template, tokenizer)
        found = derive(trained)
        assert found.notes == (("trims",) if name == "folding" else ()), name
        others = said(("system", "가"), ("user", "{{ 나 }}"), ("assistant", "다"), ("user", "라"))
        assert as_ollama(found.template, others) == trained(others, True), name
        assert as_ollama(found.template, others[1:]) == trained(others[1:], True), name


def test_a_default_system_prompt_is_kept(tokenizer):
    found = derive(jinja(DEFAULTING, tokenizer))
    assert "Be kind." in as_ollama(found.template, said(("user", "x")))
    assert "Be kind." not in as_ollama(found.template, said(("system", "No."), ("user", "x")))


def test_what_begins_a_text_is_left_to_llama_cpp(tokenizer):
    demo = known(tokenizer)["demo"]
    found = derive(jinja(demo, tokenizer), "<|bos|>")
    assert "<|bos|>" not in found.template
    assert as_ollama(found.template, said(("user", "x"))) == "<|user|>x<|end|><|assistant|>"
    assert derive(jinja(demo, tokenizer)).template.count("<|bos|>") == 2  # with system and without


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{% for m in messages %}{{ m.content | upper }}{% endfor %}", "as it is"),
        ("{{ messages[-1].content }}", "as it is"),
        ("{% for m in messages %}{{ loop.index }}{{ m.content }}{% endfor %}", "something else"),
        ("{% for m in messages %}{{ m.content }}{{ ';!'[loop.last] }}{% endfor %}", "otherwise"),
        ("{{ raise_exception('no') }}", "refuses plain conversations"),
        ('"""{% for m in messages %}{{ m.content }}{% endfor %}', "three quotes"),
        (
            "{% for m in messages %}{{ m.role }}{{ m.content }}{% if m.content | length > 20 %}!"
            "{% endif %};{% endfor %}{% if add_generation_prompt %}a{% endif %}",
            "something else",
        ),
    ],
)
def test_a_template_that_go_cannot_say_is_refused_with_the_reason(tokenizer, template, why):
    with pytest.raises(NoTemplateError, match=why):
        derive(jinja(template, tokenizer))


def test_a_template_without_system_messages_says_so(tokenizer):
    template = (
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('none') }}{% endif %}"
        "<{{ m.role }}>{{ m.content }};{% endfor %}{% if add_generation_prompt %}<a>{% endif %}"
    )
    assert derive(jinja(template, tokenizer)).notes == ("no-system",)


@pytest.mark.needs_tokenizers
@pytest.mark.parametrize("name", REAL)
def test_real_templates_say_the_same(name):
    real = load_tokenizer(Path(os.environ["FINETUNE_STUDIO_TOKENIZERS"]) / name)
    trained = jinja(real.chat_template, real)
    start = real.named.get("bos_token", "")
    found = derive(trained, start)
    assert found.notes == (() if name == "qwen3" else ("trims",))
    for each in CONVERSATIONS:
        assert as_ollama(found.template, said(*each)) == trained(said(*each), True).removeprefix(
            start
        )


@pytest.mark.needs_go
def test_our_evaluation_is_what_go_does(tokenizer, tmp_path):
    cases = []
    for template in known(tokenizer).values():
        go = derive(jinja(template, tokenizer)).template
        talks = [said(*each) for each in CONVERSATIONS] + [said(("user", " \n`<&>{{ } }} "))]
        cases += [{"Template": go, "Data": as_data(talk)} for talk in talks]
    assert rendered_by_go(cases, tmp_path) == [render_go(c["Template"], c["Data"]) for c in cases]


@pytest.mark.parametrize(
    "template", ["{{ if .A }}", "{{ end }}", "{{ json . }}", "{{ $unset }}", "{{ else }}"]
)
def test_what_the_evaluation_does_not_know_is_an_error(template):
    with pytest.raises(GoTemplateError):
        render_go(template, {"A": "x"})


def test_a_modelfile_says_all_that_ollama_must_know():
    text = modelfile(
        "내-모델-Q8_0.gguf", "{{ .X }}", stops=["<|end|>", '"'], context=131072, system="짧게."
    )
    assert text.splitlines() == [
        "FROM ./내-모델-Q8_0.gguf",
        'TEMPLATE """{{ .X }}"""',
        'SYSTEM """짧게."""',
        'PARAMETER stop "<|end|>"',
        'PARAMETER stop "\\""',
        "PARAMETER num_ctx 8192",
    ]
    assert '"""{{ .Prompt }}"""' in modelfile("a.gguf", "", stops=[], context=0)


def test_a_system_prompt_that_would_end_itself_is_refused():
    with pytest.raises(NoTemplateError):
        modelfile("a.gguf", "x", stops=[], context=1, system='a"""b')


def header(tmp_path, *pairs):
    def text(value):
        return struct.pack("<Q", len(value.encode())) + value.encode()

    body = b"".join(text(name) + struct.pack("<I", kind) + data for name, kind, data in pairs)
    (tmp_path / "a.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs)) + body)
    return tmp_path / "a.gguf", text


def test_the_keys_of_a_gguf_file_are_read(tmp_path):
    _, text = header(tmp_path)
    names = struct.pack("<IQ", 8, 2) + text("a") + text("b")
    numbers = struct.pack("<IQ", 5, 3) + bytes(12)
    file, _ = header(
        tmp_path,
        ("general.name", 8, text("모델")),
        ("tokens", 9, names),
        ("types", 9, numbers),
        ("tokenizer.ggml.add_bos_token", 7, b"\x01"),
        ("n", 4, struct.pack("<I", 7)),
    )
    found = read_header(file)
    assert found == {"general.name": "모델", "tokenizer.ggml.add_bos_token": True, "n": 7}
    assert begins_texts(found)


@pytest.mark.parametrize(
    ("said_so", "begins"),
    [
        ({}, False),
        ({"tokenizer.ggml.pre": "llama-bpe"}, True),
        ({"tokenizer.ggml.pre": "llama-bpe", "tokenizer.ggml.add_bos_token": False}, False),
        ({"tokenizer.ggml.model": "llama"}, True),
        ({"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "qwen2"}, False),
    ],
)
def test_whether_texts_are_begun_follows_llama_cpp(said_so, begins):
    assert begins_texts(said_so) is begins


@pytest.mark.parametrize("content", [b"", b"GGUF", b"no gguf at all", b"GGUF" + b"\xff" * 40])
def test_what_is_no_gguf_file_is_refused(tmp_path, content):
    (tmp_path / "a.gguf").write_bytes(content)
    with pytest.raises(RefusedError, match=r"a\.gguf"):
        read_header(tmp_path / "a.gguf")
