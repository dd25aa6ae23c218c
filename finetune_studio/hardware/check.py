"""One thing that was looked at, and how it stands."""

from dataclasses import asdict, dataclass
from typing import Literal

Status = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Check:
    """One thing looked at: `name` is stable, `text` and `remedy` are sentences to read."""

    name: str
    status: Status
    text: str
    remedy: str = ""

    def as_dict(self) -> dict[str, str]:
        """`{"name", "status", "text", "remedy"}`, as `--json` prints it."""
        return asdict(self)
