"""Personal data in a text: resident registration, card, phone and e-mail, found and masked.

Numbers count only where their check digit holds, so that order numbers are left alone.
"""

import re
from collections.abc import Callable
from datetime import date

from finetune_studio.data.quality.repairs import REPAIRS, Repair
from finetune_studio.i18n import mark

REGISTRATION = re.compile(r"(?<![\d-])(\d{6})[- ]?([1-8]\d{6})(?![\d-])")
CARD = re.compile(r"(?<![\d-])(?:\d[ -]?){13,15}\d(?![\d-])")
PHONE = re.compile(
    r"(?<![\d+-])(?:"
    r"(?:\+82[ -]?|0)1[016-9][ -.]?\d{3,4}[ -.]?\d{4}"  # Korean mobile
    r"|(?:\+82[ -]?|0)(?:2|[3-6][1-5]|70)[ -.)]\d{3,4}[ -.]\d{4}"  # Korean landline, with parts
    r"|\(\d{3}\) ?\d{3}-\d{4}"  # North America
    r"|\+(?!82)\d{1,3}[ -]\d{1,4}(?:[ -]\d{2,4}){2,3}"  # any country, with parts
    r")(?![\d-])"
)
MAIL = re.compile(
    r"(?<![A-Za-z0-9_.+-])[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,4}"
    r"[A-Za-z]{2,18}(?![A-Za-z0-9@-]|\.[A-Za-z])"
)
PATTERN = (
    r"\d{6}[- ]?[1-8]\d{6}|(?:\d[ -]?){12}\d|01[016-9][ -.]?\d{3,4}|\+\d{1,3}[ -]?\d|"
    r"0\d{1,2}[ -.)]\d{3,4}[ -.]\d{4}|\(\d{3}\) ?\d{3}-|[A-Za-z0-9_.+-]@[A-Za-z0-9]"
)
WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
RANDOM_SINCE = date(2020, 10, 1)
"""Since then numbers are given at random and the last digit checks nothing (Ministry of the
Interior and Safety, 2020 reform of the resident registration number)."""
BEGINNINGS = {
    14: ("30", "36", "38"),  # Diners Club
    15: ("34", "37"),  # American Express
    16: tuple(str(number) for number in range(22, 70)),  # Mastercard, Visa, JCB, UnionPay, Discover
}
"""How the numbers of payment cards begin, by their length (ISO/IEC 7812 issuers)."""
CENTURIES = {"1": 1900, "2": 1900, "3": 2000, "4": 2000, "5": 1900, "6": 1900, "7": 2000, "8": 2000}


def is_registration(front: str, back: str) -> bool:
    """Whether six and seven digits are a Korean resident (or foreigner) registration number."""
    year, month, day = (int(front[place : place + 2]) for place in (0, 2, 4))
    try:
        born = date(CENTURIES[back[0]] + year, month, day)
    except ValueError:
        return False
    if born >= RANDOM_SINCE:
        return born <= date.today()
    total = sum(w * int(d) for w, d in zip(WEIGHTS, front + back[:6], strict=True))
    check = (11 - total % 11) % 10
    foreign = back[0] in "5678"
    return int(back[6]) in ({check, (check + 2) % 10} if foreign else {check})


def is_card(number: str) -> bool:
    """Whether the digits are a payment card's: a known first digit, and Luhn's check holds."""
    digits = [int(sign) for sign in number if sign.isdigit()]
    begins = number[:2] in BEGINNINGS.get(len(digits), ())
    if not begins or len(set(digits)) == 1:
        return False
    doubled = [d * 2 - 9 * (d > 4) if place % 2 else d for place, d in enumerate(digits[::-1])]
    return sum(doubled) % 10 == 0


KINDS: dict[str, tuple[re.Pattern[str], Callable[[re.Match[str]], bool], str]] = {
    "registration": (REGISTRATION, lambda m: is_registration(m[1], m[2]), "<ID>"),
    "card": (CARD, lambda m: is_card(m[0]), "<CARD>"),
    "phone": (PHONE, lambda _: True, "<PHONE>"),
    "mail": (MAIL, lambda _: True, "<EMAIL>"),
}
NAMES = {
    "registration": mark("resident registration numbers"),
    "card": mark("card numbers"),
    "phone": mark("phone numbers"),
    "mail": mark("e-mail addresses"),
}


def masked(text: str) -> str:
    """The text with each piece of personal data replaced by its kind, such as `<PHONE>`."""
    for pattern, holds, mask in KINDS.values():
        text = pattern.sub(lambda m, holds=holds, mask=mask: mask if holds(m) else m[0], text)  # type: ignore[misc]
    return text


def kinds_in(text: str) -> set[str]:
    """Which kinds of personal data a text holds, by their names in `KINDS`."""
    found = set()
    for name, (pattern, holds, mask) in KINDS.items():
        after = pattern.sub(lambda m, holds=holds, mask=mask: mask if holds(m) else m[0], text)  # type: ignore[misc]
        if after != text:
            found.add(name)
        text = after
    return found


PERSONAL = Repair("personal-data", PATTERN, masked)
MENDING = REPAIRS | {PERSONAL.code: PERSONAL}
"""Every repair of a text, in the order in which they are applied and told."""
