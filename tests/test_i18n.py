"""A text that is stored with its English, and told again in another language."""

import json

import pytest

from finetune_studio import i18n
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.speech import speak

FULL = "The disk is full."
ENDED = "The trainer ended with exit code {code}."


@pytest.fixture
def keeping(monkeypatch):
    monkeypatch.setattr(i18n, "_sources_kept", True)
    yield
    speak("en")


def test_without_need_a_text_is_a_plain_one():
    assert type(i18n.tr(FULL)) is str
    assert i18n.sources_of(StudioError(i18n.tr(FULL)).as_dict()) == {}


def test_an_error_is_told_again_in_the_other_language(keeping):
    speak("ko")
    error = RefusedError(i18n.tr(ENDED).format(code=7), "plain", i18n.tr(FULL))
    kept = json.loads(json.dumps(i18n.sources_of(error.as_dict())))
    assert set(kept) == {"title", "hint"}
    assert not error.title.isascii()
    speak("en")
    assert i18n.told_again(error.title, kept["title"]) == "The trainer ended with exit code 7."
    assert i18n.told_again(error.hint, kept["hint"]) == FULL
    assert i18n.told_again(error.detail, kept.get("detail")) == "plain"
    speak("ko")
    assert i18n.told_again("", kept["title"]) == error.title


def test_what_is_filled_in_is_told_again_too(keeping):
    speak("ko")
    told = i18n.tr("error: {text}").format(text=i18n.tr(FULL))
    assert isinstance(told, i18n.Told)
    source = json.loads(json.dumps(told.source()))
    speak("en")
    assert i18n.told_again(told, source) == f"error: {FULL}"


@pytest.mark.parametrize(
    "source",
    [
        None,
        "text",
        {"text": 3},
        {"text": "{missing}"},
        {"text": "{n:d}", "values": {"n": "seven"}},
        {"text": "{n.real.nothing}", "values": {"n": 1}},
    ],
)
def test_a_source_that_does_not_fit_leaves_the_text_as_it_is(source):
    assert i18n.told_again("as it was", source) == "as it was"


def test_a_text_from_another_process_knows_its_english_again(keeping):
    speak("ko")
    said = i18n.tr(ENDED).format(code=i18n.tr(FULL))
    came = i18n.revived(str(said), json.loads(json.dumps(said.source())))
    assert came == said
    speak("en")
    assert i18n.told_again(came, came.source()) == f"The trainer ended with exit code {FULL}."
    assert type(i18n.revived("plain", None)) is str


def test_texts_know_their_english_only_within_what_asked_for_it():
    with i18n.sources_kept():
        assert i18n.tr(FULL).source() == {"text": FULL, "values": {}}
    assert type(i18n.tr(FULL)) is str
