import json

import pytest

from finetune_studio.errors import RefusedError
from finetune_studio.tokens.loading import load_tokenizer
from finetune_studio.tokens.templates import default_template, render
from tests.helpers import templates
from tests.helpers.templates import FAMILIES

TEXTS = ["나는 학교에 간다", "Hello there!  \n", "👩‍🚀 <|im_end|> ok", "", "가\u0301 ㄱㅏ"]
TALK = [
    {"role": "user", "content": "배고프다 <b>"},
    {"role": "assistant", "content": "뭐 좀 드세요. \\n"},
    {"role": "user", "content": 'Say "hi"'},
]


@pytest.mark.parametrize("begins", [False, True])
def test_ids_and_offsets_are_those_of_transformers(tmp_path, begins):
    from transformers import AutoTokenizer

    folder = templates.make_tokenizer(tmp_path, begins=begins)
    ours, theirs = load_tokenizer(folder), AutoTokenizer.from_pretrained(folder)
    for special in (False, True):
        for text in TEXTS:
            made = theirs(text, add_special_tokens=special, return_offsets_mapping=True)
            assert ours.encode(text, special) == (made["input_ids"], made["offset_mapping"])
    assert ours.encode("a", True)[0][0] == (
        ours.bos_id if begins else ours.encode("a", False)[0][0]
    )
    assert (ours.eos_id, ours.pad_id) == (theirs.eos_token_id, theirs.pad_token_id)
    assert ours.vocab_size == len(theirs)
    assert set(theirs.all_special_ids) <= ours.special_ids


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("prompt", [False, True])
def test_templates_render_as_in_transformers(tmp_path, family, prompt):
    from transformers import AutoTokenizer

    folder = templates.make_tokenizer(tmp_path)
    ours, theirs = load_tokenizer(folder), AutoTokenizer.from_pretrained(folder)
    template = FAMILIES[family][0]
    expected = theirs.apply_chat_template(
        TALK, chat_template=template, tokenize=False, add_generation_prompt=prompt
    )
    assert render(template, TALK, tokenizer=ours, add_generation_prompt=prompt) == expected


@pytest.mark.parametrize("name", ["chatml", "plain", "alpaca"])
def test_bundled_templates_ask_as_they_show(tmp_path, name):
    tokenizer = load_tokenizer(templates.make_tokenizer(tmp_path))
    template = default_template(name)
    asked = render(template, TALK[:1], tokenizer=tokenizer, add_generation_prompt=True)
    shown = render(template, TALK[:2], tokenizer=tokenizer)
    assert shown.startswith(asked)
    assert shown[len(asked) :].startswith(TALK[1]["content"])


def test_an_unknown_bundled_template_is_refused():
    with pytest.raises(RefusedError, match="chatml, plain, alpaca"):
        default_template("../secrets")


def test_tokens_that_only_the_configuration_knows_are_added(tmp_path):
    folder = templates.make_tokenizer(tmp_path, eos="<|new|>")
    tokenizer = load_tokenizer(folder)
    assert tokenizer.eos_id == len(
        json.loads((folder / "tokenizer.json").read_bytes())["model"]["vocab"]
    )
    assert tokenizer.encode("a<|new|>", False)[0][-1] == tokenizer.eos_id
    assert tokenizer.decode([tokenizer.eos_id], skip_special_tokens=True) == ""


def test_ends_of_the_model_count_beside_the_tokenizers_own(tmp_path):
    folder = templates.make_tokenizer(tmp_path)
    (folder / "generation_config.json").write_text('{"eos_token_id": [4, 6]}')
    assert load_tokenizer(folder).eos_ids == {2, 4, 6}


def test_settings_left_in_the_file_cut_nothing(tmp_path):
    folder = templates.make_tokenizer(tmp_path)
    about = json.loads((folder / "tokenizer.json").read_text())
    about["truncation"] = {
        "max_length": 2, "strategy": "LongestFirst", "stride": 0, "direction": "Right",
    }  # fmt: skip
    (folder / "tokenizer.json").write_text(json.dumps(about))
    assert len(load_tokenizer(folder).encode("나는 학교에 간다", False)[0]) > 2


@pytest.mark.parametrize("content", ["", "{", "[]", '{"model": 3}', "\x00"])
def test_a_broken_tokenizer_is_refused(tmp_path, content):
    folder = templates.make_tokenizer(tmp_path)
    (folder / "tokenizer.json").write_text(content)
    with pytest.raises(RefusedError, match="cannot be read"):
        load_tokenizer(folder)


def test_a_broken_configuration_is_refused(tmp_path):
    folder = templates.make_tokenizer(tmp_path)
    (folder / "tokenizer_config.json").write_text("{")
    with pytest.raises(RefusedError, match=r"tokenizer_config\.json"):
        load_tokenizer(folder)


def test_a_folder_without_one_is_refused(tmp_path):
    with pytest.raises(RefusedError, match=r"no tokenizer\.json"):
        load_tokenizer(tmp_path)


def test_a_template_cannot_reach_out_of_its_sandbox(tmp_path):
    from finetune_studio.tokens.templates import TemplateError

    tokenizer = load_tokenizer(templates.make_tokenizer(tmp_path))
    attack = "{{ messages.__class__.__mro__[-1].__subclasses__() }}"
    with pytest.raises(TemplateError):
        render(attack, TALK, tokenizer=tokenizer)
