"""What `run.json` holds: whose run it is and which process trains it. Knows nothing of folders."""

import json
import socket
import time
from dataclasses import asdict, dataclass, field, fields
from typing import Any

FORMAT = "finetune-studio run"


@dataclass(frozen=True, kw_only=True)
class RunInfo:
    """What `run.json` holds. Times are in seconds since 1970.

    Attributes:
        name: As the person calls the run.
        created: When the folder was made.
        host: The computer that trains.
        pid: Of the trainer started last; None before the first start.
        process_created: When that process began, to tell it from a later one with its number.
        command: How it was started.
        events_offset: Where its events begin in `events.jsonl`, in bytes.
        log_offset: Where its words begin in `trainer.log`, in bytes.
        exit_code: How it ended, where somebody saw it (negative: the signal).
        forced: How it was made to end, if it was: "interrupt", "terminate" or "kill".
    """

    name: str
    created: float = field(default_factory=time.time)
    host: str = field(default_factory=socket.gethostname)
    pid: int | None = None
    process_created: float | None = None
    command: list[str] = field(default_factory=list)
    events_offset: int = 0
    log_offset: int = 0
    exit_code: int | None = None
    forced: str | None = None

    def to_json(self) -> str:
        """The text of `run.json`."""
        return json.dumps({"format": FORMAT} | asdict(self), ensure_ascii=False, indent=1)


def parse(text: bytes) -> RunInfo:
    """Read the text of `run.json`; what this version does not know is left out.

    Raises:
        ValueError: It is not the text of a `run.json`.
    """
    try:
        document = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f'"format" is not "{FORMAT}"')
    given = {f.name: document[f.name] for f in fields(RunInfo) if f.name in document}
    for name, value in given.items():
        if not _fits(name, value):
            raise ValueError(f"{name} is {value!r}")
    defaults: dict[str, Any] = {"name": "", "created": 0.0, "host": ""}
    return RunInfo(**defaults | given)


_TYPES: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "created": (float, int),
    "host": (str,),
    "pid": (int, type(None)),
    "process_created": (float, int, type(None)),
    "command": (list,),
    "events_offset": (int,),
    "log_offset": (int,),
    "exit_code": (int, type(None)),
    "forced": (str, type(None)),
}


def _fits(name: str, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, _TYPES[name]):
        return False
    return not (name.endswith("_offset") and isinstance(value, int) and value < 0)
