"""Licences in plain words, and what a model's and the data's licence say together."""

import re

import pytest

from finetune_studio import i18n
from finetune_studio.catalog.entries import entries
from finetune_studio.catalog.guardian import judge
from finetune_studio.catalog.licences import choices, licence, licences


def codes(judged):
    return {finding.code: finding.level for finding in judged.findings}


@pytest.mark.parametrize("terms", licences().values(), ids=list(licences()))
def test_every_licence_speaks_both_languages(terms):
    english = terms.sentences
    i18n.install(lambda text: "ko" if text == "en" else text)
    try:
        korean = terms.sentences
    finally:
        i18n.install(None)
    assert len(english) == len(korean) >= 1
    for sentence in english:
        assert sentence.endswith(".")
        assert not re.search("[가-힣]", sentence)
    for sentence in korean:
        assert sentence.endswith(("다.", "요."))
    assert terms.link.startswith("https://") or terms.key in ("own", "unknown")
    if terms.checked == "none":
        assert terms.commercial == "unknown"


@pytest.mark.parametrize(
    ("named", "key"),
    [
        ("apache-2.0", "apache-2.0"),
        ("Apache License 2.0", "apache-2.0"),
        ("license:mit", "mit"),
        ("CC BY-NC 4.0", "cc-by-nc-4.0"),
        ("kanana-open-license", "kanana-open"),
        ("공공누리 제1유형", "kogl-1"),
        ("KOGL_Type 1", "kogl-1"),
        ("llama-3.1", "llama3.1"),
        ("cc0", "cc0-1.0"),
    ],
)
def test_a_licence_is_known_by_its_other_names(named, key):
    assert licence(named).key == key


@pytest.mark.parametrize("named", ["", "other", "my-licence-7", "  ", "GPL maybe"])
def test_what_is_not_known_is_unknown_and_never_fine(named):
    terms = licence(named)
    assert (terms.key, terms.commercial, terms.checked) == ("unknown", "unknown", "none")
    judged = judge(named, named)
    assert judged.commercial == "unknown"
    assert judged.result == "unknown"
    assert codes(judged) == {"licence-model-unknown": "warning", "licence-data-unknown": "warning"}
    assert "Unknown licence" not in " ".join(finding.sentence for finding in judged.findings)


def test_free_with_free_says_nothing():
    judged = judge("apache-2.0", "cc0-1.0")
    assert judged.findings == ()
    assert (judged.commercial, judged.result, judged.conflicts) == ("yes", "apache-2.0", ())
    assert judged.before_upload("me/anything") == []


def test_one_that_forbids_sales_forbids_them_for_the_result():
    assert judge("apache-2.0", "cc-by-nc-4.0").commercial == "no"
    assert judge("exaone-1.2-nc", "cc0-1.0").commercial == "no"
    assert codes(judge("exaone-1.2-nc", "own"))["licence-model-non-commercial"] == "warning"
    assert judge("apache-2.0", "cc-by-nc-4.0").result == "cc-by-nc-4.0"


def test_not_knowing_is_worse_than_conditions_and_better_than_a_ban():
    assert judge("llama3.1", "unknown").commercial == "unknown"
    assert judge("cc-by-nc-4.0", "unknown").commercial == "no"


@pytest.mark.parametrize(
    ("model", "data"),
    [
        ("cc-by-nc-4.0", "cc-by-sa-4.0"),
        ("cc-by-nc-sa-4.0", "cc-by-sa-4.0"),
        ("llama3.1", "cc-by-sa-4.0"),
        ("exaone-1.2-nc", "cc-by-sa-4.0"),
    ],
)
def test_share_alike_data_conflicts_with_a_model_that_cannot_follow(model, data):
    judged = judge(model, data)
    assert judged.conflicts == ("licence-conflict",)
    assert codes(judged)["licence-conflict"] == "warning"
    assert judged.result == "unknown"
    prefix = judged.name_prefix or "me"
    found = {each.code: each.level for each in judged.before_upload(f"me/{prefix}-x")}
    assert found["licence-conflict"] == "error"


def test_share_alike_data_on_a_free_model_passes_its_licence_on():
    judged = judge("apache-2.0", "cc-by-sa-4.0")
    assert judged.result == "cc-by-sa-4.0"
    assert judged.conflicts == ()
    assert codes(judged) == {"licence-share-alike": "advice"}


def test_the_same_share_alike_licence_twice_is_no_conflict():
    assert judge("cc-by-nc-sa-4.0", "cc-by-nc-sa-4.0").conflicts == ()


def test_data_that_may_not_be_changed_stops_an_upload():
    judged = judge("apache-2.0", "cc-by-nd-4.0")
    assert judged.conflicts == ("licence-no-derivatives",)
    assert any(each.level == "error" for each in judged.before_upload("me/x"))


@pytest.mark.parametrize(
    ("model", "name", "fits"),
    [
        ("llama3.1", "me/Llama-3.1-help-desk", True),
        ("llama3.1", "me/help-desk", False),
        ("llama3.1", "me/help-desk-Llama", False),
        ("llama3", "me/Llama-3-Korean", True),
        ("llama3", "me/Llama-Korean", False),
        ("exaone-1.2-nc", "EXAONE-mine", True),
        ("mit", "me/anything", True),
    ],
)
def test_a_published_name_follows_the_licence(model, name, fits):
    found = [
        each for each in judge(model, "own").before_upload(name) if each.code == "licence-name"
    ]
    assert (found == []) is fits
    if found:
        assert found[0].level == "error"
        assert judge(model, "own").name_prefix in found[0].sentence


def test_every_finding_fills_its_sentence():
    for model in licences():
        for data in licences():
            for finding in judge(model, data).findings:
                assert "{" not in finding.sentence
                assert finding.where in ("licence.model", "licence.data")


def test_every_model_in_the_catalogue_can_be_judged():
    for each in entries():
        assert judge(each.licence, "own").model.key == each.licence


def test_what_can_be_chosen_for_data_holds_korean_public_licences():
    keys = {each.key for each in choices("data")}
    assert {"kogl-1", "cc-by-4.0", "own", "unknown"} <= keys
    assert "llama3.1" not in keys
    assert "llama3.1" in {each.key for each in choices("model")}
