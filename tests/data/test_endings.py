"""Whether an answer was cut off, told from its end."""

import numpy as np
import pyarrow as pa
import pytest

from finetune_studio.data.quality.endings import ENDED, OPEN, SHORT_ANSWER, UNENDED, cut, endings

START = "이 답변은 마흔 글자를 넘기기 위해서 앞부분에 몇 마디를 더 적어 둔 것입니다. "


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("그렇게 하면 됩니다.", ENDED),
        ("그렇게 하면 돼요", ENDED),
        ("그렇게 하면 되지요 ㅎㅎ", ENDED),
        ("정말 좋았어요 😀", ENDED),
        ("자세히는 https://example.com/a", ENDED),
        ("값은 42", ENDED),
        ("산골 마을", UNENDED),
        ("그리고 나서 학교 가을을", OPEN),
        ("Then click log in", UNENDED),
        ("- 첫째\n- 둘째 항목", UNENDED),
        ("그래서 우리는 학교", UNENDED),
        ("그래서 우리는", OPEN),
        ("사과, 배,", OPEN),
        ("그 까닭은 (", OPEN),
        ("하지만", OPEN),
        ("because of the", OPEN),
        ("```python\nprint(1)", OPEN),
        ("```python\nprint(1)\n```", ENDED),
    ],
)
def test_an_ending(end, expected):
    assert endings(pa.array([START + end])).tolist() == [expected]


def test_short_answers_say_nothing():
    assert endings(pa.array(["그래서 우리는", ""])).tolist() == [SHORT_ANSWER, SHORT_ANSWER]


def test_answers_without_full_stop_are_cut_only_where_others_have_one():
    usual = np.array([ENDED] * 90 + [UNENDED] * 10 + [OPEN])
    casual = np.array([ENDED] * 50 + [UNENDED] * 50 + [OPEN])
    assert cut(usual).sum() == 11
    assert cut(casual).sum() == 1
    assert cut(np.array([], np.uint8)).sum() == 0
