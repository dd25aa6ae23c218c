"""Formats, quantisations, the verdict, the names: plain rules without torch."""

import json

import jinja2
import pytest

from finetune_studio.errors import RefusedError
from finetune_studio.export.formats import QUANTS, quant_of
from finetune_studio.export.naming import file_name, plain_template
from finetune_studio.export.pretokenizer import GPT2, QWEN2, known_as, settled
from finetune_studio.export.quantise import Heard
from finetune_studio.export.verdict import judge, summary
from finetune_studio.tokens.loading import load_tokenizer
from finetune_studio.tokens.templates import render
from tests.helpers.tiny import TEMPLATE, make_tokenizer

SAME = {
    "token_ids_equal": True,
    "prompt_equal": True,
    "mean_kl": 1e-5,
    "top1_match": 1.0,
    "greedy_match": 1.0,
    "perplexity_ratio": 1.0,
    "places": 10,
    "prompts": 6,
}


def test_a_quantisation_is_found_whatever_its_case():
    assert quant_of("Q4_K_M").number == 15
    assert quant_of("q4-k-m") is QUANTS["q4_k_m"]


def test_an_unknown_quantisation_is_refused_with_those_there_are():
    with pytest.raises(RefusedError) as caught:
        quant_of("q9_9")
    assert "q9_9" in caught.value.title
    assert "q4_k_m" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "verdict", "word"),
    [
        ({}, "green", "says what the trained model says"),
        ({"mean_kl": 0.05}, "amber", "0.05 nats"),
        ({"mean_kl": 0.5}, "red", "0.5 nats"),
        ({"top1_match": 0.9}, "amber", "10.0%"),
        ({"top1_match": 0.7}, "red", "30.0%"),
        ({"perplexity_ratio": 1.1}, "amber", "1.10 times"),
        ({"perplexity_ratio": 1.5}, "red", "1.50 times"),
        ({"greedy_match": 0.2}, "amber", "20%"),
        ({"greedy_match": 0.0}, "amber", "No prompt"),
        ({"token_ids_equal": False}, "red", "other tokens"),
        ({"prompt_equal": False}, "red", "another prompt"),
    ],
)
def test_each_figure_has_its_verdict_and_its_reason(change, verdict, word):
    found, reasons = judge(SAME | change)
    assert found == verdict
    assert word in reasons[0]


def test_the_gravest_reason_comes_first():
    found, reasons = judge(SAME | {"greedy_match": 0.1, "token_ids_equal": False})
    assert found == "red"
    assert "other tokens" in reasons[0]
    assert len(reasons) == 2


def test_what_was_not_measured_is_no_reason():
    assert judge({"mean_kl": 0.0, "top1_match": 1.0, "token_ids_equal": None})[0] == "green"


def test_a_report_is_told_in_lines():
    verdict, reasons = judge(SAME | {"mean_kl": 0.5})
    told = summary(SAME | {"mean_kl": 0.5, "verdict": verdict, "reasons": reasons})
    assert "red" in told.splitlines()[0]
    assert "100% of 6 prompts" in told


def test_the_quantiser_is_heard():
    heard = Heard()
    for line in (
        "[   1/   3] token_embd.weight - [ 576, 49152, 1, 1], type = f16, ",
        "warning: blk.0.attn_q.weight - ncols 576 not divisible by 256 (required for type q4_K) "
        "-> falling back to    q5_0",
        "[   3/   3] blk.0.attn_k.weight - [ 576, 192, 1, 1], -> falling back to q8_0",
        "llama_model_quantize_impl: quant size  =    100.6 MiB (6.17 BPW)",
    ):
        heard.hear(line)
    assert heard.as_dict() == {
        "tensors": 3,
        "fallbacks": 2,
        "fallback_types": {"q5_0": 1, "q8_0": 1},
        "bits_per_weight": 6.17,
    }
    assert heard.done == 3


@pytest.mark.parametrize(
    ("steps", "merged", "name"),
    [
        ([{"type": "ByteLevel", "use_regex": True}], False, "gpt-2"),
        ([{"type": "ByteLevel"}], False, "gpt-2"),
        (
            [{"type": "Digits", "individual_digits": True}, {"type": "ByteLevel"}],
            False,
            "smollm",
        ),
        (
            [
                {"type": "Split", "pattern": {"Regex": QWEN2}, "behavior": "Isolated"},
                {"type": "ByteLevel", "use_regex": False},
            ],
            False,
            "qwen2",
        ),
        ([{"type": "ByteLevel", "add_prefix_space": True}], False, None),
        ([{"type": "ByteLevel"}], True, None),
        ([{"type": "Metaspace"}], False, None),
        (
            [{"type": "Split", "pattern": {"Regex": GPT2 + "x"}, "behavior": "Isolated"}],
            False,
            None,
        ),
    ],
)
def test_a_way_of_dividing_words_is_known_only_where_it_is_the_same(steps, merged, name):
    document = {
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": steps},
        "model": {"ignore_merges": merged},
    }
    assert known_as(document) == name


@pytest.mark.parametrize(
    ("hashed", "read", "name"),
    [
        ("smollm", "gpt-2", "gpt-2"),
        ("gpt-2", "smollm", "smollm"),
        ("smollm", "smollm", "smollm"),
        ("smollm", None, "smollm"),
        ("deepseek-r1-qwen", "qwen2", "deepseek-r1-qwen"),
    ],
)
def test_the_file_decides_whether_digits_stand_apart(hashed, read, name):
    assert settled(hashed, read) == name


def test_the_demo_model_divides_words_as_gpt2_does():
    from finetune_studio import paths

    file = paths.resources() / "models" / "demo" / "tokenizer.json"
    assert known_as(json.loads(file.read_text(encoding="utf-8"))) == "gpt-2"


@pytest.mark.parametrize("cut", ["", "-"])
def test_a_template_without_the_mark_of_answers_renders_the_same(tmp_path, cut):
    marked = (
        "{% for m in messages %} <{{ m.role }}>{%CUT generation CUT%}\n {{ m.content }} "
        "{%CUT endgeneration %}\n{% endfor %}"
    ).replace("CUT", cut)
    make_tokenizer(tmp_path)
    tokenizer = load_tokenizer(tmp_path)
    said = [{"role": "assistant", "content": "네"}, {"role": "assistant", "content": "x"}]
    plain = plain_template(marked)
    assert "generation" not in plain
    assert render(plain, said, tokenizer=tokenizer) == render(marked, said, tokenizer=tokenizer)
    jinja2.Environment().from_string(plain_template(TEMPLATE))  # readable without transformers


def test_a_file_name_has_no_blanks():
    assert file_name("내 모델 (2)") == "내-모델-2"
    assert file_name(" / ") == "model"
