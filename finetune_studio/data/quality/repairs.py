"""Faults inside a text, each with the pattern that may betray it and the function that mends it.

A text has the fault exactly where mending changes it; the pattern only spares the others the work.
It is matched by RE2, over whole Arrow arrays.
"""

import html
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

TIMES = 6  # an entity of an entity of an entity …


@dataclass(frozen=True)
class Repair:
    """A fault of a text and its cure.

    Attributes:
        code: The finding's and the fix's name.
        pattern: What every faulty text holds (RE2); sound texts may hold it too.
        mend: The text without the fault; the same text where it has none.
    """

    code: str
    pattern: str
    mend: Callable[[str], str]

    def suspects(self, values: Any) -> "np.ndarray[Any, Any]":
        """The places of the texts that hold the pattern."""
        held = pc.match_substring_regex(values, self.pattern)
        return np.flatnonzero(held.fill_null(False).to_numpy(zero_copy_only=False))

    def changes(self, values: Any) -> dict[int, str]:
        """The mended texts by their places; only those that mending changes."""
        places = self.suspects(values)
        before = values.take(pa.array(places)).to_pylist()
        pairs = ((place, text, self.mend(text)) for place, text in zip(places, before, strict=True))
        return {int(place): after for place, text, after in pairs if after != text}


def with_changes(values: Any, changes: dict[int, str]) -> Any:
    """The array with some of its texts replaced."""
    if not changes:
        return values
    mask = np.zeros(len(values), dtype=bool)
    mask[list(changes)] = True
    after = [changes[place] for place in sorted(changes)]
    return pc.replace_with_mask(values, pa.array(mask), pa.array(after, values.type))


def _until_still(mend: Callable[[str], str]) -> Callable[[str], str]:
    def mended(text: str) -> str:
        for _ in range(TIMES):
            after = mend(text)
            if after == text:
                break
            text = after
        return text

    return mended


def compose(text: str) -> str:
    """Letters with their marks in one character each (NFC): Hangul syllables, not letters."""
    return unicodedata.normalize("NFC", text)


ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
CONTROL = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
UNSEEN = "\u00ad\u200b\u2060\ufeff\u202d\u202e\ufffe\uffff"
"""Soft hyphen, blanks without width, marks of byte order, overrides of direction, no characters."""
STRIPPED = re.compile(f"[{CONTROL}{UNSEEN}]")


def without_control(text: str) -> str:
    """The text without control and unseen characters; form feeds become line ends."""
    plain = ESCAPES.sub("", text).replace("\x0c", "\n").replace("\x0b", "\n").replace("\x85", "\n")
    return STRIPPED.sub("", plain)


TAGS = (
    "p|br|div|span|a|b|i|u|s|em|strong|font|center|img|hr|ul|ol|li|dl|dt|dd|table|thead|tbody|tr|"
    "td|th|h[1-6]|blockquote|pre|code|sup|sub|section|article|header|footer|figure|figcaption|"
    "html|head|body|title|meta|link|script|style|iframe|small|big|label|input|button|form"
)
TAG = re.compile(rf"</?({TAGS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
BREAK = re.compile(r"<(?:br|hr)\s*/?>|</(?:p|div|li|tr|h[1-6]|blockquote)>", re.IGNORECASE)
UNSEEN_BODY = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
ENTITY = re.compile(
    r"&(?:nbsp|lt|gt|amp|quot|apos|middot|hellip|[lr][sd]quo|#\d{2,6}|#x[\da-f]{2,6});",
    re.IGNORECASE,
)
FENCE = "```"


@_until_still
def without_html(text: str) -> str:
    """The text without tags, entities spelled out; a text with a code fence stays as it is."""
    if FENCE in text:
        return text
    plain = BREAK.sub("\n", UNSEEN_BODY.sub("", text))
    plain = ENTITY.sub(lambda each: html.unescape(each[0]), TAG.sub(_unless_alone, plain))
    return plain if plain == text else plain.replace("\u00a0", " ").strip()


def _unless_alone(tag: re.Match[str]) -> str:
    """Nothing; but a letter in angles that nothing closes is no tag: `>ㅁ<b>`."""
    letter = tag[1].lower()
    alone = len(letter) == 1 and letter != "p" and f"</{letter}>" not in tag.string.lower()
    return tag[0] if alone else ""


HANGUL = re.compile("[가-힣]")
HIGH = re.compile("[\u00a1-\u00fe]+")
BEYOND = re.compile("[^\x00-\x7f]")


def decoded_rightly(text: str) -> str:
    """The text as it was before it was decoded with a wrong encoding, where that can be undone."""
    from ftfy import fix_encoding

    return _from_western(text) or fix_encoding(text)


def _from_western(text: str) -> str | None:
    """Korean in cp949 that was read as Latin-1, such as `¾È³ç`."""
    if not any(len(run) >= 4 and len(set(run)) > 2 for run in HIGH.findall(text)):
        return None
    for name in ("latin-1", "cp1252"):
        try:
            made = text.encode(name).decode("cp949")
        except UnicodeError:
            continue
        if len(HANGUL.findall(made)) >= 0.8 * len(BEYOND.findall(made)) > 0:
            return made
    return None


REPAIRS = {
    each.code: each
    for each in (
        Repair(
            "mojibake",
            "[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]|"
            "[\u00a1-\u00fe]{4}",
            decoded_rightly,
        ),
        Repair("decomposed", r"[\p{M}\x{1100}-\x{11ff}]", compose),
        Repair("control-characters", rf"[{CONTROL}{UNSEEN}]", without_control),
        Repair("html", r"(?i)<[/a-z][^<>]*>|&(?:#?[a-z0-9]{2,7});", without_html),
    )
}
"""In the order in which they are applied."""
