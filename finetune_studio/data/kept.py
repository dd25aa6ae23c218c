"""What was reckoned of all rows, kept in the cache as one number for each row."""

import os
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np

from finetune_studio import paths

Array = np.ndarray[Any, Any]


def kept(key: str, make: Callable[[], Array]) -> Array:
    """The array of a key, made now or earlier; a key stands for the rows and all that made it."""
    file = paths.cache() / "data" / f"{key}.npy"
    try:
        return np.asarray(np.load(file))
    except (OSError, ValueError, EOFError):
        made = make()  # not there, or a broken rest of an earlier program
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}.part")
    with part.open("wb") as out:
        np.save(out, made)
    os.replace(part, file)
    return made
