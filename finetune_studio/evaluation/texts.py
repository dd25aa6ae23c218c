"""How near an answer is to a reference: chrF, ROUGE-L, exact match. Knows no model.

Texts are compared in normal form C: what macOS wrote in jamo equals what Windows wrote in
syllables. chrF (Popović 2015, through sacrebleu) counts pieces of one to six letters, so it needs
no words. ROUGE-L (Lin 2004, through rouge-score) needs some: rouge-score's own splitter keeps
a-z and 0-9 alone, which leaves nothing of a Korean text, so every Korean answer scores 0. Spaces
are no better: 학교에 and 학교는 would have nothing in common, for particles stick to their nouns.
Here each Hangul syllable, kana and Han character is a word, and a run of other letters or digits
is one.
"""

import re
import unicodedata
from functools import cache
from typing import Any

METRICS = ("chrf", "rouge_l", "exact_match")
SINGLE = "가-힣ㄱ-ㆎぁ-ヿ㐀-䶿一-鿿"
WORD = re.compile(rf"[{SINGLE}]|[^\W_{SINGLE}]+")


def scores(answer: str, reference: str) -> dict[str, float]:
    """Each of `METRICS`: chrF from 0 to 100, the others from 0 to 1."""
    said, wanted = plain(answer), plain(reference)
    return {
        "chrf": float(_chrf().sentence_score(said, [wanted]).score),
        "rouge_l": float(_rouge().score(wanted, said)["rougeL"].fmeasure),
        "exact_match": float(said == wanted),
    }


def plain(text: str) -> str:
    """Normal form C, runs of blanks as one."""
    return " ".join(unicodedata.normalize("NFC", text).split())


class Words:
    """Splits a text as ROUGE-L compares it here."""

    def tokenize(self, text: str) -> list[str]:
        """The words, in lower case."""
        return WORD.findall(unicodedata.normalize("NFC", text).lower())


@cache
def _chrf() -> Any:
    from sacrebleu.metrics import CHRF

    return CHRF()


@cache
def _rouge() -> Any:
    from rouge_score.rouge_scorer import RougeScorer  # seconds: it imports nltk

    return RougeScorer(["rougeL"], tokenizer=Words())
