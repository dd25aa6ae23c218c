"""The catalogue: every row opened, and the ways to look through it."""

import re
import time
from dataclasses import replace

import pytest

from finetune_studio import i18n
from finetune_studio.catalog import entries as catalogue
from finetune_studio.catalog.entries import KEYS, Filter, arrange, entries, entry, obstacle, select
from finetune_studio.catalog.licences import licence, licences
from finetune_studio.catalog.resolve import HUB_ID

ALL = entries()


@pytest.fixture
def korean():
    i18n.install(lambda text: "ko" if text == "en" else text)
    yield
    i18n.install(None)


def names(found):
    return {each.id for each in found}


def test_there_are_about_sixty_models_strong_in_korean():
    assert len(ALL) >= 60
    assert sum(each.korean.level == "native" for each in ALL) >= 20
    assert len(names(ALL)) == len(ALL)


@pytest.mark.parametrize("model", ALL, ids=lambda each: each.id)
def test_every_row_is_whole(model, korean):
    assert HUB_ID.fullmatch(model.id)
    assert model.base == "" or HUB_ID.fullmatch(model.base)
    assert model.base != model.id
    assert model.maker
    assert model.family
    assert model.tokenizer
    assert re.fullmatch(r"(20\d\d-\d\d-\d\d)?", model.released)
    assert 1e8 < model.parameters < 1e11
    assert model.context == 0 or model.context >= 1024
    assert model.download_bytes > model.parameters / 2
    assert model.korean.level in catalogue.LEVELS
    assert model.korean.source in catalogue.sources()
    assert set(model.sources) <= set(catalogue.sources())
    assert model.sources
    assert licence(model.licence).key == model.licence in licences()
    assert model.gated in ("yes", "no", "unknown")
    assert model.config["model_type"]
    for note in model.notes:
        assert note["en"] != note["ko"]
        assert re.search("[가-힣]", note["ko"])
    assert all(re.search("[가-힣]", limit) for limit in model.limits[bool(obstacle(model)) :])


def test_a_model_is_found_by_either_name_whatever_the_case():
    found = entry("kakaocorp/KANANA-1.5-8b-instruct-2505")
    assert found is not None
    assert entry(found.base) is found
    assert entry("nobody/nothing") is None


def test_what_the_trainer_cannot_load_is_said_beforehand():
    nano = entry("kakaocorp/kanana-nano-2.1b-instruct")
    assert nano is not None
    assert "multiple of the attention heads" in obstacle(nano)
    exaone = entry("LGAI-EXAONE/EXAONE-3.5-2.4B-Instruct")
    assert exaone is not None
    assert "own code" in obstacle(exaone)
    assert exaone.limits[0] == obstacle(exaone)
    llama = entry("meta-llama/Llama-3.1-8B-Instruct")
    assert llama is not None
    assert obstacle(llama) == ""
    assert exaone.id not in names(select(ALL, Filter(loadable=True)))
    assert llama.id in names(select(ALL, Filter(loadable=True)))


@pytest.mark.parametrize("text", ["카카오", "kakao", "KANANA", "카나나"])
def test_a_maker_is_found_in_both_languages(text):
    found = select(ALL, Filter(text))
    assert found
    assert {each.maker for each in found} == {"Kakao"}


def test_decomposed_hangul_finds_the_same():
    import unicodedata

    decomposed = unicodedata.normalize("NFD", "네이버")
    assert decomposed != "네이버"
    assert names(select(ALL, Filter(decomposed))) == names(select(ALL, Filter("네이버"))) != set()


def test_all_words_must_occur():
    found = select(ALL, Filter("qwen3 instruct apache"))
    assert found
    assert all("qwen3" in each.id.casefold() for each in found)
    assert select(ALL, Filter("qwen3 카카오")) == []


def test_filters_narrow_and_combine():
    commercial = select(ALL, Filter(commercial=True))
    assert 0 < len(commercial) < len(ALL)
    assert {each.commercial for each in commercial} == {"yes", "conditional"}
    native = select(ALL, Filter(korean="native"))
    assert {each.korean.level for each in native} == {"native"}
    both = select(ALL, Filter(commercial=True, korean="native", largest=3_000_000_000))
    assert names(both) < names(commercial) & names(native)
    assert "K-intelligence/Midm-2.0-Mini-Instruct" in names(both)
    assert "LGAI-EXAONE/EXAONE-4.0-1.2B" not in names(both)
    assert {each.gated for each in select(ALL, Filter(open_access=True))} == {"no"}
    assert select(ALL, Filter(among=frozenset({ALL[3].id}))) == [ALL[3]]
    assert select(ALL, Filter(among=frozenset())) == []


@pytest.mark.parametrize("key", list(KEYS))
def test_every_column_sorts_both_ways(key):
    up, down = arrange(ALL, key), arrange(ALL, key, descending=True)
    values = [KEYS[key](each) for each in up]
    assert values == sorted(values)
    assert [KEYS[key](each) for each in down] == values[::-1]


def test_ten_thousand_rows_are_looked_through_in_a_blink():
    many = [replace(ALL[n % len(ALL)], id=f"maker/model-{n}") for n in range(10_000)]
    select(many, Filter("warm"))
    began = time.thread_time()
    found = arrange(select(many, Filter("model apache", commercial=True)), "parameters")
    assert time.thread_time() - began < 0.3
    assert found
