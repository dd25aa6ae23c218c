"""Turns reviews and English paragraphs into the documents that the demo model is trained on.

Every review comes twice: once alone, as a sentence to be judged comes, and once among others of its
film, one a line, so that the model learns to use a long context. Knows nothing of tokens.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from demo_corpus import Review, english, learned, measured, reviews

SHORTEST, LONGEST = 100, 700
"""How long a joined document is meant to be, in characters; 700 are about 400 tokens."""
ENGLISH_SHARE = 0.02
SEED = 0


def documents(shared: Path) -> tuple[list[str], list[str]]:
    """The documents to learn and those to measure on.

    Args:
        shared: The folder with the reviews, see `demo_corpus.reviews`.

    Returns:
        Documents to learn, shuffled, English among them; documents of watched films.
    """
    every = reviews(shared)
    chance = random.Random(SEED)
    korean = twice(learned(every), chance)
    own = english()
    wanted = ENGLISH_SHARE * sum(map(len, korean))
    times = max(2, round(wanted / sum(map(len, own))))
    both = korean + list(chain.from_iterable(_english(own, chance) for _ in range(times)))
    chance.shuffle(both)
    return both, twice(measured(every), chance)


def twice(every: Sequence[Review], chance: random.Random) -> list[str]:
    """Each review's text alone, and once more joined with others of its film where it has any."""
    return [review.text for review in every] + list(_by_film(every, chance))


def joined(texts: Sequence[str], chance: random.Random) -> Iterator[str]:
    """The texts in this order, one a line, in documents of changing length."""
    lines: list[str] = []
    wanted = chance.randint(SHORTEST, LONGEST)
    for text in texts:
        if lines and sum(map(len, lines)) + len(text) > wanted:
            yield "\n".join(lines)
            lines, wanted = [], chance.randint(SHORTEST, LONGEST)
        lines.append(text)
    if lines:
        yield "\n".join(lines)


def _by_film(every: Sequence[Review], chance: random.Random) -> Iterator[str]:
    films: dict[str, list[str]] = {}
    for review in every:
        films.setdefault(review.film, []).append(review.text)
    for texts in films.values():
        if len(texts) > 1:
            chance.shuffle(texts)
            yield from joined(texts, chance)


def _english(own: Sequence[str], chance: random.Random) -> list[str]:
    """One pass over the paragraphs: half of them alone, half joined, others each time."""
    mixed = chance.sample(own, len(own))
    half = len(mixed) // 2
    return mixed[:half] + list(joined(mixed[half:], chance))
