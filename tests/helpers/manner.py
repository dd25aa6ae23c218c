"""The manner in which Korean is spoken: 해요체 everywhere, in the window as in what it writes."""

import re
import unicodedata

ENDINGS = re.compile(
    r"[가-힣]*([가-힣])(니다|니까|시다)|[가-힣]*(십시오|하시겠)|[가-힣]+다(?=[.!?])"
)
BOTH = re.compile(r"[이을은과와]\([가를는와과]\)|\(으\)로|\(이\)라")
JAMO = "\u11b8"  # the ㅂ at the end of 합, 입, 습


def other_manners(text: str) -> list[str]:
    """The words of a Korean text that are not 해요체, but 합니다체 or 한다체."""
    return [found[0] for found in ENDINGS.finditer(text) if not _is_because(found)]


def both_particles(text: str) -> list[str]:
    """Where two particles stand and none was chosen, though nobody chooses one any more."""
    return BOTH.findall(text)


def _is_because(found: "re.Match[str]") -> bool:
    """Whether it only looks like an ending, as 쓰니까 does, and 아니다."""
    return found[1] is not None and not unicodedata.normalize("NFD", found[1]).endswith(JAMO)
