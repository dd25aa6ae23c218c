"""The text that the demo model is made from, and the rule that keeps the samples out of it.

Film reviews are split by film, never by row: a held-out film's reviews go to the samples and to
measuring, all others to pre-training. Knows nothing of tokens or models.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HELD_OUT_PERCENT = 15

VULGAR = re.compile(
    "시발|씨발|씨바|ㅅㅂ|ㅆㅂ|ㅂㅅ|병신|븅신|새끼|쉐끼|색히|새키|색기|십새|지랄|ㅈㄹ|좆|존나|죤나|ㅈㄴ"
    "|개같|엿같|썅|홍어|짱깨|쪽바리|쪽발|창녀|걸레|섹스|야동|강간|자위|김치녀|된장녀|년들|아가리"
    "|대가리|애미|에미|니미|후장|씹|뒈|닥쳐|꺼져|처먹|쳐먹|일베|메갈|한남충|빨갱이|좌빨|수꼴"
)
"""Swearing and slurs: about 1 % of the reviews, which the demo model need not learn."""

PERSONAL = re.compile(r"https?:|www\.|[\w.]+@[\w.]+|\d{2,4}-\d{3,4}-\d{4}|\d{8,}")


@dataclass(frozen=True)
class Review:
    """One film review.

    Attributes:
        key: The review's id at its source.
        text: What was written, cleaned.
        label: 1 for a rating of 9 or 10, 0 for 1 to 4, None between.
        film: The film's id.
    """

    key: str
    text: str
    label: int | None
    film: str


def held_out(film: str | int) -> bool:
    """Whether the film's reviews are kept from pre-training, for the samples and for measuring.

    Args:
        film: The film's id, as a number or as its digits.

    Returns:
        True for about 15 % of the films: sha256 of the id's digits, modulo 100, below 15.
    """
    return _hundredth(film) < HELD_OUT_PERCENT


def watched(film: str | int) -> bool:
    """Whether pre-training measures itself on the film: another 1 % of the films, not learned."""
    return _hundredth(film) == HELD_OUT_PERCENT


def clean(text: str) -> str:
    """The text in NFC, each run of white space one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def order(key: str) -> str:
    """A sorting key that shuffles the same way everywhere and for ever."""
    return hashlib.sha256(f"order:{key}".encode()).hexdigest()


def reviews(shared: Path) -> list[Review]:
    """All reviews, in the source's order; empty ones left out.

    Args:
        shared: The folder with `nsmc/reviews.parquet`, or with `reviews.parquet` itself.

    Raises:
        FileNotFoundError: Neither file is there.
    """
    from pyarrow import parquet

    beside = shared / "reviews.parquet"
    path = beside if beside.is_file() else shared / "nsmc" / "reviews.parquet"
    rows = parquet.read_table(path, columns=["id", "text", "label", "movie"]).to_pylist()
    found = (Review(r["id"], clean(r["text"] or ""), r["label"], str(r["movie"])) for r in rows)
    return [review for review in found if review.text]


def learned(every: Iterable[Review]) -> list[Review]:
    """The reviews that the demo model learns, no text twice, in the source's order.

    A text that stands under a held-out or watched film too (such as a single word of praise) is
    not learned; nor is one with swearing, an address or a long number.
    """
    every = list(every)
    kept = {r.text for r in every if held_out(r.film) or watched(r.film)}
    return _distinct(r for r in every if r.text not in kept and _fit(r.text))


def measured(every: Iterable[Review]) -> list[Review]:
    """The reviews of watched films, which pre-training is measured on, no text twice.

    None of them stands under a held-out film.
    """
    every = list(every)
    kept = {r.text for r in every if held_out(r.film)}
    return _distinct(r for r in every if watched(r.film) and r.text not in kept and _fit(r.text))


def english() -> list[str]:
    """The paragraphs of our own English text, one a line of demo_english.txt."""
    text = Path(__file__).with_name("demo_english.txt").read_text(encoding="utf-8")
    return [clean(line) for line in text.splitlines() if line.strip()]


def _hundredth(film: str | int) -> int:
    return int(hashlib.sha256(str(film).encode()).hexdigest(), 16) % 100


def _fit(text: str) -> bool:
    return not VULGAR.search(text) and not PERSONAL.search(text)


def _distinct(found: Iterable[Review]) -> list[Review]:
    first: dict[str, Review] = {}
    for review in found:
        first.setdefault(review.text, review)
    return list(first.values())
