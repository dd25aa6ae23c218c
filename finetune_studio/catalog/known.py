"""Which model types transformers loads by itself, known without importing it.

The bundled list is of one version; a newer installed transformers counts too.
"""

import functools
import importlib.util
import json
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from finetune_studio import paths

REFUSING = (
    "is not a multiple of the number of attention",
    "hidden size is not divisible by the number of attention heads",
)
"""What transformers' code says where it refuses such a shape."""
Kind = Literal["text", "image-text", "other", "unknown"]


def kind_of(model_type: str) -> Kind:
    """What a model type writes or does; `unknown` where transformers has no code for it."""
    types = _types()
    for kind in ("text", "image-text", "other"):
        if model_type in types[kind]:
            return kind
    return "text" if _installed(model_type) else "unknown"


def class_of(model_type: str) -> str:
    """The class that transformers loads the type with; empty where the list does not say."""
    types = _types()
    return str(types["text"].get(model_type) or types["image-text"].get(model_type, ""))


def listed_version() -> str:
    """The transformers version that the bundled list was taken from."""
    return str(_types()["transformers"])


def whole_heads() -> frozenset[str]:
    """Types that the listed version refuses where hidden size is no multiple of the heads.

    Of these, where a newer transformers is installed, those whose code still refuses: it may have
    been mended there.
    """
    listed = frozenset(_types()["whole_heads"])
    with suppress(PackageNotFoundError):
        if _numbers(version("transformers")) > _numbers(listed_version()):
            return frozenset(each for each in listed if _still_refuses(each))
    return listed


@functools.cache
def _still_refuses(model_type: str) -> bool:
    found = importlib.util.find_spec("transformers")
    if not found or not found.origin:
        return True
    family = model_type.removesuffix("_text")  # text models of families that see
    file = Path(found.origin).parent / "models" / family / f"configuration_{family}.py"
    try:
        code = file.read_text(encoding="utf-8")
    except OSError:
        return False
    return any(words in code for words in REFUSING)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:3] if part.isdigit())


@functools.cache
def _types() -> dict[str, Any]:
    file = paths.resources() / "catalog" / "architectures.json"
    types: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return types


def _installed(model_type: str) -> bool:
    found = importlib.util.find_spec("transformers")
    if not found or not found.origin or not model_type.isidentifier():
        return False
    return (Path(found.origin).parent / "models" / model_type / "__init__.py").is_file()
