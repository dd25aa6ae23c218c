"""Fixes mend or leave out what they are named for, say so, and leave everything else alone."""

import unicodedata

import numpy as np
import pytest
from datasets import Dataset

from finetune_studio.data.fixes import apply_fixes, with_fix
from finetune_studio.errors import RefusedError

NFD = unicodedata.normalize("NFD", "학교에 간다")
TEXTS = [
    "나는 밥을 먹는다.",
    NFD,
    "Ã©tÃ© à la plage, déjà vu",
    "보이지\u200b 않는\x07 것",
    "<p>안녕&nbsp;<b>하세요</b></p>",
    "a < b && b > c",
    "나는 밥을 먹는다. ",
    unicodedata.normalize("NFC", NFD),
]
MENDED = {
    "decomposed": {1: "학교에 간다"},
    "mojibake": {2: "été à la plage, déjà vu"},
    "control-characters": {3: "보이지 않는 것"},
    "html": {4: "안녕 하세요"},
}


def texts(values=TEXTS):
    return Dataset.from_dict({"text": values})


def chats(values=TEXTS):
    said = [
        [{"role": "user", "content": "말해 봐"}, {"role": "assistant", "content": value}]
        for value in values
    ]
    return Dataset.from_dict({"messages": said, "film": [str(n) for n in range(len(values))]})


@pytest.mark.parametrize("code", MENDED)
@pytest.mark.parametrize("make", [texts, chats])
def test_a_text_is_mended_and_the_others_stay(code, make):
    rows = make()
    after = apply_fixes(rows, [{"code": code}])
    expected = [MENDED[code].get(number, text) for number, text in enumerate(TEXTS)]
    assert after.rows.to_list() == make(expected).to_list()
    assert after.rows.features == rows.features
    [done] = after.fixed
    assert (done.code, done.changed, done.left_out) == (code, len(MENDED[code]), 0)
    assert done.rows == tuple(MENDED[code])
    assert apply_fixes(after.rows, [{"code": code}]).fixed[0].changed == 0


@pytest.mark.parametrize("make", [texts, chats])
def test_texts_are_mended_before_equal_rows_are_left_out(make):
    after = apply_fixes(make(), [{"code": "duplicates"}, {"code": "html"}])
    assert list(after.numbers) == [0, 1, 2, 3, 4, 5]
    assert [(each.code, each.changed, each.left_out, each.rows) for each in after.fixed] == [
        ("html", 1, 0, (4,)),
        ("duplicates", 0, 2, (6, 7)),
    ]


def test_rows_are_named_as_numbered_in_the_files():
    after = apply_fixes(chats().select([7, 1, 4]), [{"code": "duplicates"}], np.array([70, 10, 40]))
    assert after.fixed[0].rows == (10,)
    assert list(after.numbers) == [70, 40]
    assert after.rows["film"][:] == ["7", "4"]


@pytest.mark.parametrize("make", [texts, chats])
def test_no_rows_and_no_fixes(make):
    assert len(apply_fixes(make([]), [{"code": "html"}, {"code": "duplicates"}]).rows) == 0
    rows = make()
    assert apply_fixes(rows, []).rows is rows


def test_an_unknown_fix_is_refused_with_the_nearest():
    with pytest.raises(RefusedError, match="mean “duplicates”"):
        apply_fixes(texts(), [{"code": "duplicate"}])
    with pytest.raises(RefusedError, match="no fix"):
        apply_fixes(texts(), [{"name": "x"}])


@pytest.mark.parametrize(
    ("fix", "says"),
    [
        ({"code": "html", "limit": 5}, "no setting “limit”"),
        ({"code": "too-long", "limit": "many"}, "cannot be"),
        ({"code": "language-mix", "keep": "klingon"}, "cannot be"),
        ({"code": "label-imbalance", "ratio": None}, "cannot be"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(fix, says):
    rows = Dataset.from_dict({"text": TEXTS, "label": ["a"] * len(TEXTS)})
    with pytest.raises(RefusedError, match=says):
        apply_fixes(rows, [fix])


def test_one_more_fix_replaces_its_older_self():
    fixes = ({"code": "html"}, {"code": "too-long", "limit": 5})
    assert with_fix(fixes, {"code": "too-long", "limit": 9}) == (
        {"code": "html"},
        {"code": "too-long", "limit": 9},
    )
