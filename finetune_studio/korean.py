"""Korean particles by the sound of what stands before them. Knows no widget.

A translation has `‘{name}’이(가)` where nobody knows yet what comes; here one of the two is left.
"""

import re
from functools import lru_cache

BOTH = re.compile(
    r"(?P<last>[^\s‘’“”\"')\]]+?)(?P<close>[’”\"')\]]*)"
    r"(?P<both>이\(가\)|을\(를\)|은\(는\)|과\(와\)|와\(과\)|\(으\)로|\(이\)라|이에요\(예요\))"
)
EITHER = {
    "이(가)": ("이", "가"),
    "을(를)": ("을", "를"),
    "은(는)": ("은", "는"),
    "과(와)": ("과", "와"),
    "와(과)": ("과", "와"),
    "(으)로": ("으로", "로"),
    "(이)라": ("이라", "라"),
    "이에요(예요)": ("이에요", "예요"),
}
PAIRS = (("을", "를"), ("은", "는"), ("이", "가"), ("과", "와"), ("으로", "로"))
CLOSED_DIGITS = frozenset("013678")  # 영 일 삼 육 칠 팔
CLOSED_LETTERS = frozenset("lmnLMNR")  # 엘 엠 엔 알; also how most words with them end
RIEUL = frozenset("178lLR")
UNREAD = "|>.,;:!?…*`_"


def joined(text: str) -> str:
    """The text with one particle where two stood; what ends in no known sound keeps both."""
    return BOTH.sub(_chosen, text) if "(" in text else text


def follows(word: str, particle: str) -> str:
    """The form of a particle that follows a word; as it is where that is no particle."""
    for pair in PAIRS:
        if particle in pair:
            closed = is_closed(word, lenient=particle in ("으로", "로"))
            return particle if closed is None else pair[not closed]
    return particle


@lru_cache(1000)
def is_closed(word: str, *, lenient: bool = False) -> bool | None:
    """Whether a word ends in a consonant as it is read; None where nobody knows.

    Args:
        word: What is read.
        lenient: Whether ㄹ counts as open, as before 로.
    """
    last = word.rstrip(UNREAD)[-1:]
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28
        return final != 0 and not (lenient and final == 8)
    if lenient and last in RIEUL:
        return False
    if last.isascii() and last.isdigit():
        return last in CLOSED_DIGITS
    if last.isascii() and last.isalpha():
        return last in CLOSED_LETTERS
    return None


def _chosen(found: "re.Match[str]") -> str:
    last, close, both = found["last"], found["close"], found["both"]
    closed = is_closed(last, lenient=both == "(으)로")
    if closed is None:
        return found[0]
    return f"{last}{close}{EITHER[both][not closed]}"
