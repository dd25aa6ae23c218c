"""Tokens joined to whole characters, so that a syllable which is cut into pieces stays readable.

A byte-level token may hold a part of a character: 학 can be `<ED><95>` and `<99>`. Neighbours are
joined until their bytes are whole characters; such a group is the least that can be shown. Knows
no labels.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from finetune_studio.tokens.spelling import Spelling, legible

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Token:
    """One token in its place.

    Attributes:
        id: Its number in the vocabulary.
        text: What it writes; pieces of a character as `<ED><95>`, a special token's name.
        start: Where it begins in the text, in code points; pieces of one character share it.
        end: Where it ends, excluded.
        special: Whether it is a control token.
    """

    id: int
    text: str
    start: int
    end: int
    special: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Tokens that cannot be shown apart.

    Attributes:
        text: Their part of the text, up to the next group; empty for an added special token.
        tokens: Their positions, in order; none where the tokenizer drops the whole text.
    """

    text: str
    tokens: tuple[int, ...]


@dataclass(frozen=True)
class Reading:
    """A text with its tokens; the groups' texts join to the text."""

    text: str
    tokens: tuple[Token, ...]
    groups: tuple[Group, ...]


@dataclass(slots=True)
class _Cluster:
    """Neighbouring tokens whose bytes are whole characters together.

    `text` is None where they are none, as after a byte that the vocabulary lacks.
    """

    first: int
    size: int
    text: str | None
    special: bool = False

    @property
    def positions(self) -> range:
        return range(self.first, self.first + self.size)


@dataclass(slots=True)
class _Place:
    """A group while it is made: token positions, and where it is in the text."""

    positions: list[int]
    start: int
    end: int
    added: bool = False


def align(spelling: Spelling, text: str, ids: Sequence[int], offsets: Sequence[Span]) -> Reading:
    """The tokens of a text, and their groups.

    Args:
        spelling: What the tokenizer's tokens write.
        text: What was encoded, without lone surrogates.
        ids: Its tokens, those that the tokenizer adds included.
        offsets: For each its place in the text in code points, as the tokenizer tells it.
    """
    raws = [spelling.raw(index) for index in ids]
    special = [index in spelling.special_ids for index in ids]
    added = [s and start == end for s, (start, end) in zip(special, offsets, strict=True)]
    clusters = list(_clusters(raws, special))
    spans: list[Span] = [(0, 0)] * len(ids)
    places: list[_Place] = []
    here = 0
    for cluster in clusters:
        if added[cluster.first]:
            spans[cluster.first] = (here, here)
            places.append(_Place([cluster.first], here, here, added=True))
            continue
        start, end = _hull(offsets, cluster)
        found = _find(text, cluster.text, here, start)
        if found is not None and cluster.text is not None:
            start, end = found, found + len(cluster.text)
            spans[cluster.first : cluster.first + cluster.size] = _split(raws, cluster, start)
        else:
            for position in cluster.positions:
                spans[position] = offsets[position]
        here = max(here, end)
        places.append(_Place([*cluster.positions], start, end))
    groups = tuple(_filled(text, _merged(places, special)))
    return Reading(text, tuple(_tokens(spelling, ids, spans, special)), groups)


def _clusters(raws: Sequence[bytes], special: Sequence[bool]) -> Iterator[_Cluster]:
    """Join tokens until they are valid UTF-8; what can never be is left without a text."""
    first, held = 0, b""
    for position, raw in enumerate(raws):
        if held and (special[position] or not _may_become(held + raw)):
            yield _Cluster(first, position - first, None)
            held = b""
        if not held:
            first = position
        held += raw
        size = position - first + 1
        if special[position]:
            yield _Cluster(first, size, legible(held), special=True)
        elif (text := _decoded(held)) is not None:
            yield _Cluster(first, size, text)
        elif _may_become(held):
            continue
        else:
            yield _Cluster(first, size, None)
        held = b""
    if held:
        yield _Cluster(first, len(raws) - first, None)


def _decoded(raw: bytes) -> str | None:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def _may_become(raw: bytes) -> bool:
    """Whether more bytes can make it valid UTF-8."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True


def _hull(offsets: Sequence[Span], cluster: _Cluster) -> Span:
    if cluster.size == 1:
        return offsets[cluster.first]
    spans = [offsets[position] for position in cluster.positions]
    return min(start for start, _ in spans), max(end for _, end in spans)


def _find(text: str, written: str | None, here: int, told: int) -> int | None:
    """Where the text has what a cluster writes, near where the tokenizer says that it is.

    Tokenizers tell too little (a space trimmed away) or too much (one place for all pieces of a
    word), so that what the tokens write decides wherever it is found.
    """
    if written is None:
        return None
    trimmed = not text[here:told].strip()
    places = (here, told) if trimmed else (told, here)
    return next((start for start in places if text.startswith(written, start)), None)


def _split(raws: Sequence[bytes], cluster: _Cluster, start: int) -> Iterator[Span]:
    """The span of each token of a cluster at `start`, reaching over characters it is a piece of."""
    if cluster.size == 1:
        yield start, start + len(cluster.text or "")
        return
    begun = start
    for position in cluster.positions:
        raw = raws[position]
        inside = bool(raw) and _continues(raw[0])
        end = begun + sum(not _continues(byte) for byte in raw)
        yield begun - inside, end
        begun = end


def _continues(byte: int) -> bool:
    return byte & 0xC0 == 0x80


def _merged(places: Iterable[_Place], special: Sequence[bool]) -> Iterator[_Place]:
    """Join what overlaps, and what has no place of its own to what follows it."""
    made: list[_Place] = []
    for place in places:
        while made and _belongs(made[-1], place, special):
            last = made.pop()
            end = max(last.end, place.end)
            place = _Place(last.positions + place.positions, min(last.start, place.start), end)
        made.append(place)
    if len(made) > 1 and _is_hollow(made[-1]) and not made[-2].added:
        made[-2].positions += made.pop().positions
    return iter(made)


def _belongs(last: _Place, place: _Place, special: Sequence[bool]) -> bool:
    if last.added or place.added:
        return False
    if _is_hollow(last) and not special[place.positions[0]]:
        return True
    return place.start < last.end


def _is_hollow(place: _Place) -> bool:
    return not place.added and place.start >= place.end


def _filled(text: str, places: Iterable[_Place]) -> Iterator[Group]:
    """Each group with its text, which reaches to the next one's start."""
    made = list(places)
    real = [place for place in made if not place.added]
    if not real and text:
        yield Group(text, ())
    starts = [0, *(place.start for place in real[1:]), len(text)]
    parts = pairwise(starts)
    for place in made:
        begin, end = (0, 0) if place.added else next(parts)
        yield Group(text[begin:end], tuple(place.positions))


def _tokens(
    spelling: Spelling, ids: Sequence[int], spans: Sequence[Span], special: Sequence[bool]
) -> Iterator[Token]:
    for index, (start, end), control in zip(ids, spans, special, strict=True):
        yield Token(index, spelling.shown(index), start, end, control)
