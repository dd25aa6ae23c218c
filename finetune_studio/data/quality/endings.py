"""Whether an answer stops in the middle: what its last characters say, over whole Arrow arrays."""

from typing import Any

import numpy as np
import pyarrow.compute as pc

SHORT = 40
"""Characters; shorter answers are often single words and say nothing about the others."""
USUAL = 0.8
"""Only where so many of the longer answers end a sentence, one that does not is held to be cut."""

SHORT_ANSWER, ENDED, UNENDED, OPEN = range(4)

CLOSED = (
    r"(?:[.!?。！？…~∼～)\]}>\"'”’»」』】）〉》;:*_`|/%°+=\d]|\p{So}|\p{Sk}|\p{Mn}|\p{Sc}|"
    r"[다요죠까네음함됨임오라자지군걸게래데니ㅋㅎㅠㅜㅇ]|https?://\S+)$"
)
HANGING = (
    r"(?:[,，、(\[{“‘「『（〈《:：]|[가-힣](?:은|는|를|[^마가노]을|에서|에게|으로|하고|하며|지만|그리고|그러나)|"
    r"\s(?:the|a|an|of|to|and|or|which|from|as))$"
)
FENCE = "```"

Array = np.ndarray[Any, Any]


def endings(values: Any) -> Array:
    """One of the four codes above for each text of an Arrow array."""
    trimmed = pc.utf8_trim_whitespace(values)
    long = _flags(pc.greater_equal(pc.utf8_length(trimmed), SHORT))
    fences = pc.count_substring(trimmed, FENCE).to_numpy(zero_copy_only=False)
    hanging = _flags(pc.match_substring_regex(trimmed, HANGING)) | (fences % 2 == 1)
    closed = _flags(pc.match_substring_regex(trimmed, CLOSED))
    found = np.where(hanging, OPEN, np.where(closed, ENDED, UNENDED))
    return np.where(long, found, SHORT_ANSWER).astype(np.uint8)


def cut(found: Array) -> Array:
    """Flags the answers that seem to be cut off."""
    ended, unended = (found == ENDED).sum(), (found == UNENDED).sum()
    if ended and ended >= USUAL * (ended + unended):
        return np.asarray(found >= UNENDED)
    return np.asarray(found == OPEN)


def _flags(found: Any) -> Array:
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)
