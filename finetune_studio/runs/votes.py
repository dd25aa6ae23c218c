"""Which of two answers a person liked better without knowing whose they were: the tally of a run.

`RUN/votes.jsonl` holds a vote a line. A file that is broken in places counts by its sound lines.
"""

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.lines import LineReader, LineWriter

Side = Literal["base", "tuned", "tie"]
SIDES: tuple[Side, ...] = get_args(Side)


@dataclass(frozen=True)
class Tally:
    """Votes counted."""

    base: int = 0
    tuned: int = 0
    tie: int = 0

    @property
    def total(self) -> int:
        """How many votes there are."""
        return self.base + self.tuned + self.tie


def vote(run: RunFolder, side: Side, prompt: str, answers: Mapping[str, str]) -> Tally:
    """Keep a vote; the tally with it.

    Args:
        run: The run.
        side: Whose answer was liked better.
        prompt: What was asked.
        answers: What `base` and `tuned` said.

    Raises:
        OSError: The disk is full or gone.
    """
    said = {"base": answers.get("base", ""), "tuned": answers.get("tuned", "")}
    kept = {"time": time.time(), "vote": side, "prompt": prompt, **said}
    with LineWriter(_file(run)) as writer:
        writer.write(json.dumps(kept, ensure_ascii=False), durable=True)
    return tally(run)


def tally(run: RunFolder) -> Tally:
    """How often each side was liked better."""
    counts = Counter(filter(None, map(_side, LineReader(_file(run)).read())))
    return Tally(counts["base"], counts["tuned"], counts["tie"])


def _side(line: bytes) -> str | None:
    try:
        document: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    found = document.get("vote") if isinstance(document, dict) else None
    return found if found in SIDES else None


def _file(run: RunFolder) -> Path:
    return run.path / "votes.jsonl"
