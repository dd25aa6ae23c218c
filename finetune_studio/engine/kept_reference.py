"""What the trained model said, kept with its run: every export and every `verify` needs the same.

It lies in the run's folder under the hash of all that it depends on: weights, tokenizer, recipe,
data, prompts, device and libraries. Where one of them has changed, the model is asked again.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from finetune_studio.engine import reference
from finetune_studio.engine.device import release
from finetune_studio.engine.tuned import Tuned
from finetune_studio.export.about import fingerprint
from finetune_studio.export.prompts import PROMPTS, TEXTS
from finetune_studio.runs.folder import RunFolder

FORMAT = 1  # of what is kept, and of how it is asked
SMALL = ("*.json", "*.jinja")  # beside the weights: how texts become tokens, and the adapter's form
LIBRARIES = ("torch", "transformers", "peft", "bitsandbytes", "tokenizers")


@contextmanager
def what_was_said(run: RunFolder, tuned: Tuned) -> Iterator[Path]:
    """The file of a `Reference` for this run: the one that is kept, or a new one.

    A run's folder that cannot be written to gets none; the file is then gone after the block.
    """
    of = _hash(tuned)
    if _is_of(run.reference, of):
        yield run.reference
        return
    made = reference.reference_of(tuned.model(), tuned)
    release()
    if _kept(made, run.reference, of):
        yield run.reference
        return
    with tempfile.TemporaryDirectory(prefix="studio-reference-") as folder:
        made.save(Path(folder) / run.reference.name, of)
        yield Path(folder) / run.reference.name


def _kept(made: reference.Reference, place: Path, of: str) -> bool:
    """Write it whole or not at all; whether it is there."""
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        made.save(part, of)
        os.replace(part, place)
    except (OSError, SafetensorError):  # the folder is read-only, or the disk is full
        return False
    finally:
        part.unlink(missing_ok=True)
    return True


def _is_of(file: Path, of: str) -> bool:
    try:
        with safe_open(file, framework="pt") as kept:
            return bool(kept.metadata().get(reference.OF) == of)
    except (OSError, SafetensorError):
        return False  # there is none, or a power cut left half of it


def _hash(tuned: Tuned) -> str:
    """Of everything that what is said depends on."""
    made_of = {
        "format": [FORMAT, reference.ROWS, reference.TOKENS, reference.LARGEST, reference.ANSWER],
        "weights": [fingerprint(tuned.folder), fingerprint(tuned.source)],
        "files": [_digests(tuned.folder), _digests(tuned.source)],
        "recipe": tuned.recipe.model_dump(mode="json"),
        "data": [_looks(each) for each in _files(tuned)],
        "prompts": [PROMPTS, TEXTS],
        "device": [tuned.device.kind, tuned.device.precision],
        "libraries": {name: _version(name) for name in LIBRARIES},
    }
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()


def _digests(folder: Path) -> dict[str, str]:
    files = (each for pattern in SMALL for each in folder.glob(pattern) if each.is_file())
    return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in files}


def _files(tuned: Tuned) -> list[Path]:
    """The data's files, and those of its folders; a data set of the Hub has none here."""
    data = tuned.recipe.data
    named = [Path(each).expanduser() for each in (*data.files, *data.validation_files)]
    inside = (sorted(each.rglob("*")) if each.is_dir() else [each] for each in named)
    return [file for files in inside for file in files if file.is_file()]


def _looks(file: Path) -> tuple[str, int, int]:
    about = file.stat()
    return str(file), about.st_size, about.st_mtime_ns


def _version(name: str) -> Any:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
