"""Personal data is told from numbers that only look like it."""

import pytest

from finetune_studio.data.quality.personal import is_card, is_registration, kinds_in, masked


@pytest.mark.parametrize(
    ("text", "kinds", "after"),
    [
        ("번호는 900101-1234568입니다", {"registration"}, "번호는 <ID>입니다"),
        ("0102033123456 아님", set(), None),
        ("900101-1234567 은 검사 숫자가 틀림", set(), None),
        ("901301-1234567 은 날짜가 아님", set(), None),
        ("211115-3123456 은 2020년 10월 뒤", {"registration"}, "<ID> 은 2020년 10월 뒤"),
        ("카드 4111 1111 1111 1111 로", {"card"}, "카드 <CARD> 로"),
        ("4111-1111-1111-1112", set(), None),
        ("378282246310005", {"card"}, "<CARD>"),
        ("송장 12345678901234567890", set(), None),
        ("잼43242343424141341", set(), None),
        ("010-1234-5678", {"phone"}, "<PHONE>"),
        ("01012345678로 전화", {"phone"}, "<PHONE>로 전화"),
        ("+82 10-1234-5678", {"phone"}, "<PHONE>"),
        ("02-123-4567, 031)123-4567", {"phone"}, "<PHONE>, <PHONE>"),
        ("(212) 555-0123", {"phone"}, "<PHONE>"),
        ("2021-10-12 10:20", set(), None),
        ("2010-1234-5678", set(), None),
        ("a.b+c@mail.example.co.kr로", {"mail"}, "<EMAIL>로"),
        ("@누구 3@4", set(), None),
        ("v1.2.3 192.168.0.1 1,234,567", set(), None),
    ],
)
def test_what_is_personal(text, kinds, after):
    assert kinds_in(text) == kinds
    assert masked(text) == (after or text)


def test_check_digits():
    assert is_registration("900101", "1234568")
    assert not is_registration("900101", "1234569")
    assert not is_registration("990230", "1234567")
    assert not is_registration("991231", "3123456"), "born in 2099"
    assert is_card("5555555555554444")
    assert not is_card("0000000000000000")
    assert not is_card("1111111111111117")
