import re

import pytest

from finetune_studio import i18n
from finetune_studio.evaluation import report, summary
from finetune_studio.evaluation.result import Evaluation
from finetune_studio.speech import speak
from tests.helpers.evaluated import chat, classified
from tests.helpers.manner import both_particles, other_manners


@pytest.fixture(autouse=True)
def english_again():
    yield
    i18n.install(None)


@pytest.mark.parametrize("found", [chat(), classified()], ids=["chat", "classify"])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_page_stands_alone_in_either_language(found, language):
    speak(language)
    page = report.html(found, language)
    assert f'<html lang="{language}">' in page
    assert not re.search(r"(src|href)=|<script|https?://|url\(", page)
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert {"ko": "잰 방법", "en": "How it was measured"}[language] in page


def test_a_korean_page_has_no_english_sentence_left():
    speak("ko")
    page = report.html(chat(), "ko")
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    left = [line for line in lines if re.fullmatch(r"[A-Za-z ,.;:'-]{25,}", line)]
    assert not left


@pytest.mark.parametrize("found", [chat(), classified()], ids=["chat", "classify"])
def test_a_korean_page_speaks_in_one_manner_with_its_particles(found):
    speak("ko")
    page = report.html(found, "ko")
    assert other_manners(page) == []
    assert both_particles(page) == []


def test_what_a_model_says_is_text_and_never_html():
    page = report.html(chat(tuned="<script>alert('hi')</script>"), "en")
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_difference_that_may_be_chance_is_told_so():
    found = chat(changes={"loss": {"value": -0.1, "low": -0.3, "high": 0.1}})
    assert "chance" in summary.headline(found)
    assert "may be chance" in report.html(found, "en")


def test_better_and_worse_are_told_as_they_are():
    assert "better" in summary.headline(chat())
    worse = chat(changes={"loss": {"value": 0.2, "low": 0.1, "high": 0.3}})
    assert "worse" in summary.headline(worse)


def test_the_terminal_shows_every_metric():
    said = summary.told(chat())
    for name in ("Validation loss", "chrF", "ROUGE-L", "Exact match"):
        assert name in said
    assert "2.000" in said
    assert "1.000" in said


def test_leaked_rows_are_told_with_the_figures_without_them():
    found = chat()
    leaks = {"rows": 30, "exact": 2, "near": 1, "base": {"loss": 2.5}, "tuned": {"loss": 1.5}}
    found = Evaluation.model_validate(found.model_dump() | {"contamination": leaks})
    assert "measure memory" in summary.told(found)
    assert "2.500" in report.html(found, "en")
