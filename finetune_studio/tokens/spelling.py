"""What a token writes: its bytes, out of the alphabet in which its vocabulary is kept.

Byte-level vocabularies write `ëĤĺ` for 나, SentencePiece's write `▁` for a space and `<0xEB>` for
a byte, WordPiece's `##` for the middle of a word. Knows one token at a time, no text.
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from finetune_studio.tokens.loading import Tokenizer

BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
HEX = "finetune-studio-hex"


def _as_hex(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "".join(f"<{byte:02X}>" for byte in error.object[error.start : error.end]), error.end


codecs.register_error(HEX, _as_hex)


def legible(raw: bytes) -> str:
    """The bytes as text, those that are no whole character as `<ED><95>`."""
    return raw.decode("utf-8", HEX)


class Spelling:
    """What the tokens of one tokenizer write."""

    def __init__(self, tokenizer: "Tokenizer") -> None:
        backend = tokenizer.backend
        parts = [*parts_of(backend.decoder), *parts_of(backend.pre_tokenizer)]
        kinds = {part["type"] for part in parts}
        self.special_ids = tokenizer.special_ids
        self._token = tokenizer.token
        self._added = {
            index: token.content for index, token in backend.get_added_tokens_decoder().items()
        }
        self._byte_level = "ByteLevel" in kinds
        self._falls_back = "ByteFallback" in kinds or getattr(backend.model, "byte_fallback", False)
        self._spaces = tuple(_spaces(parts))
        self._suffix = next((p["suffix"] for p in parts if p["type"] == "BPEDecoder"), "")
        self._middle = next((p["prefix"] for p in parts if p["type"] == "WordPiece"), "")
        self._known: dict[int, bytes] = {}
        self._shown: dict[int, str] = {}

    def raw(self, token_id: int) -> bytes:
        """The bytes that the token writes; a special token writes its name."""
        if token_id not in self._known:
            self._known[token_id] = self._spelt(token_id)
        return self._known[token_id]

    def shown(self, token_id: int) -> str:
        """What the token writes, legible: pieces of characters as `<ED><95>`."""
        if token_id not in self._shown:
            self._shown[token_id] = legible(self.raw(token_id))
        return self._shown[token_id]

    def _spelt(self, token_id: int) -> bytes:
        token = self._added.get(token_id)
        if token is None:
            return self._from_vocabulary(self._token(token_id))
        return (token if token_id in self.special_ids else self._spaced(token)).encode()

    def _from_vocabulary(self, token: str) -> bytes:
        if self._byte_level and all(sign in BYTES for sign in token):
            return bytes(BYTES[sign] for sign in token)
        if self._falls_back and (byte := BYTE.fullmatch(token)):
            return bytes([int(byte[1], 16)])
        if self._suffix and token.endswith(self._suffix):
            token = token.removesuffix(self._suffix) + " "
        return self._spaced(token.removeprefix(self._middle)).encode()

    def _spaced(self, token: str) -> str:
        for sign in self._spaces:
            token = token.replace(sign, " ")
        return token


def parts_of(component: Any) -> Iterator[dict[str, Any]]:
    """The component and what it is made of, as tokenizer.json has them."""
    if component is None:
        return
    waiting = [json.loads(component.__getstate__())]
    while waiting:
        part = waiting.pop()
        yield part
        for name in ("normalizers", "pretokenizers", "decoders"):
            waiting.extend(part.get(name) or ())


def _spaces(parts: list[dict[str, Any]]) -> Iterator[str]:
    """The signs that stand for a space."""
    for part in parts:
        if part["type"] == "Metaspace":
            yield part["replacement"]
        elif part["type"] == "Replace" and part.get("content") == " ":
            sign = part["pattern"].get("String")
            if sign:
                yield sign


def _byte_alphabet() -> dict[str, int]:
    """The byte that each sign stands for in a byte-level vocabulary.

    Printable bytes of Latin-1 stand for themselves, the others, in order, for what follows U+00FF.
    Source: Radford et al. 2019 (GPT-2), whose vocabulary was first written so.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {
        chr(0x100 + place): byte for place, byte in enumerate(others)
    }


BYTES = _byte_alphabet()
