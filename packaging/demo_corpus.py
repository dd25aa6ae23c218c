"""The text that the demo model is made from, and the rule that keeps the samples out of it.

Film reviews are split by film, never by row: a held-out film's reviews go to the samples and to
measuring, all others to pre-training. Knows nothing of tokens or models.
"""

import hashlib
import random
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HELD_OUT_PERCENT = 15
ENGLISH_SHARE = 0.03
SEED = 0


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
    """Whether the film's reviews are kept from pre-training.

    Args:
        film: The film's id, as a number or as its digits.

    Returns:
        True for about 15 % of the films: sha256 of the id's digits, modulo 100, below 15.
    """
    digest = hashlib.sha256(str(film).encode()).hexdigest()
    return int(digest, 16) % 100 < HELD_OUT_PERCENT


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


def korean(every: Iterable[Review]) -> tuple[list[str], list[str]]:
    """Divide reviews into what is learned and what is measured on.

    A text that stands under a held-out film too (such as a single word of praise) is not learned.

    Returns:
        Texts to learn and held-out texts, each without duplicates, in the source's order.
    """
    every = list(every)
    kept = dict.fromkeys(review.text for review in every if held_out(review.film))
    learned = dict.fromkeys(r.text for r in every if not held_out(r.film) and r.text not in kept)
    return list(learned), list(kept)


def english() -> list[str]:
    """The paragraphs of our own English text, one a line of demo_english.txt."""
    text = Path(__file__).with_name("demo_english.txt").read_text(encoding="utf-8")
    return [clean(line) for line in text.splitlines() if line.strip()]


def corpus(shared: Path) -> tuple[list[str], list[str]]:
    """The pre-training texts, shuffled, with English repeated to about 3 % of the characters.

    Args:
        shared: As for `reviews`.

    Returns:
        Texts to learn and the held-out Korean texts.
    """
    learned, kept = korean(reviews(shared))
    own = english()
    wanted = ENGLISH_SHARE * sum(map(len, learned))
    times = max(1, round(wanted / sum(map(len, own))))
    texts = learned + own * times
    random.Random(SEED).shuffle(texts)
    return texts, kept
