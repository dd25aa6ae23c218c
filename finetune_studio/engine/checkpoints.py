"""Checkpoints that can be trusted: whole only with their seal, hash-checked before they are used.

Knows their files and steps, and nothing of models.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SEAL = "checkpoint.json"


def seal(folder: Path, step: int, progress: dict[str, Any]) -> str:
    """Record every file's SHA-256, last of all; a checkpoint without its seal does not exist.

    Args:
        folder: The checkpoint.
        step: Its step.
        progress: What a resumed run must know besides, see `progress_of`.

    Returns:
        The SHA-256 over the recorded hashes, in hexadecimal.
    """
    files = {path.relative_to(folder).as_posix(): _sha256(path) for path in _files(folder)}
    whole = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
    part = folder / (SEAL + ".part")
    with part.open("w", encoding="utf-8") as out:
        json.dump({"step": step, "sha256": whole, "progress": progress, "files": files}, out)
        out.flush()
        os.fsync(out.fileno())
    os.replace(part, folder / SEAL)
    return whole


def progress_of(folder: Path) -> dict[str, Any]:
    """What was recorded beside the files of a sealed checkpoint."""
    kept: dict[str, Any] = json.loads((folder / SEAL).read_text(encoding="utf-8"))["progress"]
    return kept


def step_of(folder: Path) -> int:
    """The step in a checkpoint's name; -1 for any other folder."""
    name, _, number = folder.name.partition("-")
    return int(number) if name == "checkpoint" and number.isdigit() else -1


def sealed(folder: Path) -> list[Path]:
    """The sealed checkpoints below `folder`, oldest first (hashes not looked at)."""
    found = [each for each in folder.glob("checkpoint-*") if (each / SEAL).is_file()]
    return sorted((each for each in found if step_of(each) >= 0), key=step_of)


def is_sound(folder: Path) -> bool:
    """Whether every file of a checkpoint is there and has the hash that was recorded."""
    try:
        files = json.loads((folder / SEAL).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError):
        return False
    return all((folder / n).is_file() and _sha256(folder / n) == h for n, h in files.items())


def newest_sound(folder: Path) -> tuple[Path | None, list[Path]]:
    """The newest sound checkpoint, and the newer ones that were passed over as damaged."""
    damaged: list[Path] = []
    for each in reversed(sealed(folder)):
        if is_sound(each):
            return each, damaged
        damaged.append(each)
    return None, damaged


def tidy(folder: Path, keep: int, best: Path | None, step: int) -> None:
    """Delete all but the newest `keep` and the best, and what was never sealed.

    Those of later steps than `step`, the one just saved, go too: the run went back behind them,
    because they were damaged or it began anew, and they would push out what it saves now.
    """
    whole = [each for each in sealed(folder) if step_of(each) <= step]
    kept = {*whole[-keep:], *([best] if best else [])}
    for each in folder.glob("checkpoint-*"):
        if each.is_dir() and each not in kept:
            shutil.rmtree(each, ignore_errors=True)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != SEAL)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
