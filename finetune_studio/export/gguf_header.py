"""Reads what a GGUF file says of itself: the keys before its tensors, lists left out.

The format: ggml's docs/gguf.md. Needs neither llama.cpp nor numpy.
"""

import struct
from pathlib import Path
from typing import Any, BinaryIO

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

MAGIC = b"GGUF"
SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q",
           11: "<q", 12: "<d"}  # fmt: skip
STRING, ARRAY = 8, 9
LONGEST = 1 << 26  # bytes of one string; templates have some tens of thousands
BEGIN_ADDED = ("llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0",
               "lfm2", "tekken", "chameleon")  # fmt: skip
"""Ways of dividing words for which llama.cpp begins every text by itself, if a file does not say
(src/llama-vocab.cpp)."""


def read_header(file: Path) -> dict[str, Any]:
    """The keys of a GGUF file with single values.

    Raises:
        RefusedError: It is no GGUF file, or a torn one.
    """
    try:
        with file.open("rb") as stream:
            if stream.read(4) != MAGIC:
                raise ValueError(MAGIC)
            _, _, keys = _unpack(stream, "<IQQ")
            pairs = (_pair(stream) for _ in range(keys))
            return {name: value for name, value in pairs if value is not None}
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise RefusedError(
            tr("“{name}” is no GGUF file, or is damaged.").format(name=file.name),
            hint=tr("Export it again."),
        ) from error


def begins_texts(header: dict[str, Any]) -> bool:
    """Whether llama.cpp puts the token that begins a text before every text by itself."""
    said = header.get("tokenizer.ggml.add_bos_token")
    if said is not None:
        return bool(said)
    known = header.get("tokenizer.ggml.pre") in BEGIN_ADDED
    return known or header.get("tokenizer.ggml.model") == "llama"


def _pair(stream: BinaryIO) -> tuple[str, Any]:
    name = _string(stream)
    (kind,) = _unpack(stream, "<I")
    return name, _value(stream, kind)


def _value(stream: BinaryIO, kind: int) -> Any:
    if kind == STRING:
        return _string(stream)
    if kind == ARRAY:
        inner, count = _unpack(stream, "<IQ")
        _pass_over(stream, inner, count)
        return None
    return _unpack(stream, SCALARS[kind])[0]


def _pass_over(stream: BinaryIO, kind: int, count: int) -> None:
    if kind in SCALARS:
        stream.seek(struct.calcsize(SCALARS[kind]) * count, 1)
        return
    for _ in range(count):
        _value(stream, kind)


def _string(stream: BinaryIO) -> str:
    (length,) = _unpack(stream, "<Q")
    data = stream.read(length) if length <= LONGEST else b""
    if len(data) != length:
        raise ValueError("torn")
    return data.decode("utf-8", "replace")


def _unpack(stream: BinaryIO, form: str) -> tuple[Any, ...]:
    return struct.unpack(form, stream.read(struct.calcsize(form)))
