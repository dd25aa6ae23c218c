"""Model cards: complete, true, accepted by the Hub's library, in Korean as in English."""

import json
import re

import pytest
import yaml

from finetune_studio.export.card import Export, card, write_card
from finetune_studio.export.facts import gather, languages_of
from finetune_studio.export.verdict import ORDER
from finetune_studio.i18n import tr
from finetune_studio.runs import events
from finetune_studio.speech import speaking
from tests.helpers.manner import both_particles, other_manners
from tests.helpers.past import T0, past_run
from tests.helpers.running import write_rows

SECTIONS = {
    "en": ("load it", "what not", "learned from", "trained", "Results", "Licence", "energy"),
    "ko": ("불러오기", "한계", "학습 데이터", "학습 방법", "결과", "라이선스", "에너지"),
}


def header(text):
    """The YAML header of a card, as any reader takes it."""
    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    assert found
    return yaml.safe_load(found.group(1))


@pytest.fixture
def data(tmp_path):
    rows = [{"질문": "수도는?", "답변": "서울입니다. Seoul it is, in Korea."}] * 3
    return write_rows(tmp_path / "우리 회사.jsonl", rows)


@pytest.fixture
def run(tmp_path, data):
    changes = {"model__source": "HuggingFaceTB/SmolLM2-135M-Instruct", "name": "상담 도우미"}
    changes |= {"data__files": (str(data),), "licence__model": "apache-2.0"}
    return past_run(tmp_path / "실행", licence__data="cc-by-4.0", **changes)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("form", ["adapter", "merged", "gguf", "gguf-adapter"])
def test_a_card_is_whole_in_both_languages_and_every_format(run, tmp_path, form, language):
    from huggingface_hub import ModelCard

    text = card(gather(run), Export(form, files=("model-q8_0.gguf",)), language)
    about = header(text)
    assert about["base_model"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    relation = "adapter" if "adapter" in form else "finetune"
    assert about["base_model_relation"] == relation
    assert about["license"] == "apache-2.0"
    assert about["language"] == ["ko", "en"]
    assert ("gguf" in about["tags"]) == ("gguf" in form)
    assert about["model-index"][0]["results"][0]["metrics"][0]["value"] == 2.0
    for section in SECTIONS[language]:
        assert re.search(rf"^## .*{section}", text, re.MULTILINE), section
    assert "상담 도우미" in text
    assert "우리 회사.jsonl" in text
    assert "| loss | 3 | 2 |" in text
    assert "CC BY" in text or "Creative Commons" in text
    assert "[More Information Needed]" not in text
    assert str(tmp_path) not in text
    assert ModelCard(text).data.license == "apache-2.0"  # the Hub's own reader agrees


def test_korean_cards_have_no_english_sentences(run):
    text = card(gather(run), Export("adapter"), "ko").split("```")
    prose = re.sub(r"^---.*?\n---\n|<[^>]+>|[|*`].*", "", text[0] + text[2], flags=re.DOTALL)
    assert not re.search(r"\b(the|was|were|of|and|is)\b", prose)


@pytest.mark.parametrize("form", ["adapter", "merged", "gguf"])
def test_korean_cards_speak_in_one_manner_with_their_particles(run, form):
    report = {"verdict": "green", "reasons": ["학습한 모델과 같은 답을 해요."]}
    text = card(gather(run), Export(form, parity=report), "ko")
    assert other_manners(text) == []
    assert both_particles(text) == []


@pytest.mark.parametrize("verdict", ORDER)
def test_korean_cards_call_a_verdict_what_the_window_calls_it(run, verdict):
    text = card(gather(run), Export("merged", parity={"verdict": verdict}), "ko")
    with speaking("ko"):
        assert f"판정: **{tr(verdict)}**" in text


def test_an_unknown_licence_says_so_and_others_carry_their_name_and_link(tmp_path):
    text = card(gather(past_run(tmp_path / "a")), Export("merged"))
    assert header(text)["license"] == "unknown"
    assert "not known" in text
    changes = {"licence__model": "exaone", "licence__data": "own"}
    changes["model__source"] = "LGAI-EXAONE/EXAONE-X"
    about = header(card(gather(past_run(tmp_path / "b", **changes)), Export("merged")))
    assert about["license"] == "other"
    assert about["license_name"] == "exaone"
    assert about["license_link"].startswith("https://")


def test_a_model_that_is_not_on_the_hub_is_never_named_as_if_it_were(tmp_path):
    folder = tmp_path / "비밀" / "my-model"
    folder.mkdir(parents=True)
    for source in (str(folder), "demo"):
        run = past_run(tmp_path / source[-4:], model__source=source)
        text = card(gather(run), Export("adapter"))
        assert "base_model" not in header(text)
        assert "비밀" not in text
    cached = "/home/kim/.cache/huggingface/hub/models--Qwen--Qwen3-0.6B/snapshots/abc"
    run = past_run(tmp_path / "cached", model__source=cached)
    assert header(card(gather(run), Export("adapter")))["base_model"] == "Qwen/Qwen3-0.6B"


def test_what_was_not_measured_is_said(run):
    text = card(gather(run), Export("merged"))
    assert "forgot anything that the base model knew was not measured" in text
    assert "Not measured." in text
    assert "The energy was not measured" in text


def test_what_was_measured_is_in_it(run):
    report = {"task": "chat", "rows": 40, "base": {"loss": 2.5, "chrf": 0.1}}
    report |= {"tuned": {"loss": 1.25, "chrf": 0.5}, "forgetting": {"base": {"accuracy_ko": 0.5}}}
    report["forgetting"]["tuned"] = {"accuracy_ko": 0.25}
    (run.path / "evaluation.json").write_text(json.dumps(report))
    verdict = {"verdict": "amber", "token_ids_equal": True, "greedy_match": 0.8, "mean_kl": 0.014}
    verdict["reasons"] = ["8 bits round the weights."]
    with events.EventWriter(run.events) as writer:
        writer.append(events.Sample(time=T0, step=0, prompt="수도는?", text="…\n# 몰라요"))
        writer.append(events.Sample(time=T0, step=20, prompt="수도는?", text="서울입니다."))
    text = card(gather(run), Export("gguf", parity=verdict))
    assert "| loss | 2.5 | 1.25 |" in text
    assert "| chrf | 0.1 | 0.5 |" in text
    assert "| accuracy_ko | 0.5 | 0.25 |" in text
    assert "**amber**" in text
    assert "8 bits round the weights." in text
    assert "서울입니다." in text
    assert not re.search("^# 몰라요", text, re.MULTILINE)


def test_the_energy_that_the_driver_told_is_added_up(run):
    with events.EventWriter(run.events) as writer:
        for second, watt in ((10, 300.0), (15, 300.0), (20, 500.0), (4000, 500.0), (4005, None)):
            event = events.Memory(time=T0 + second, used=1, total=2, power=watt)
            writer.append(event)
    facts = gather(run)
    assert facts.joules == 5 * 300 + 5 * 400
    assert "0.000972 kWh" in card(facts, Export("merged"))
    assert "0.000972 kWh" in card(facts, Export("merged"), "ko")


def test_broken_reports_of_other_parts_are_taken_for_none(run):
    (run.path / "evaluation.json").write_text("[1, 2")
    assert gather(run).evaluation == {}
    (run.path / "evaluation.json").write_text('{"base": "x", "tuned": [1], "forgetting": 3}')
    assert "| loss | 3 | 2 |" in card(gather(run), Export("merged"))


def test_it_is_written_where_llama_cpp_looks_for_it(run, tmp_path, monkeypatch):
    monkeypatch.setenv("FINETUNE_STUDIO_LANGUAGE", "ko")
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "studio.json").write_text(json.dumps({"labels": ["좋음", "나쁨"]}))
    write_card(folder, run, "merged")
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "좋음, 나쁨" in text
    assert "라이선스" in text


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["나는 학교에 간다."], ("ko",)),
        (["The cat sat."], ("en",)),
        (["나는 학교에 간다. The cat sat on the mat."], ("ko", "en")),
        (["123 …"], ()),
        ([], ()),
    ],
)
def test_languages_are_told_by_their_letters(texts, found):
    assert languages_of(texts) == found
