"""Writes translations as Qt reads them (.qm), with nothing but Python: a build needs no Qt.

The format is what Qt's own `lrelease` writes: a magic number, then sections of a tag, a length and
data. A test compares the bytes. Knows of no text, and of no folder.
"""

import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MAGIC = bytes.fromhex("3cb86418caef9c95cd211cbf60a1bddd")
HASHES, MESSAGES, PLURALS, LANGUAGE = 0x42, 0x69, 0x88, 0xA7  # sections
END, TRANSLATION, SOURCE, CONTEXT, COMMENT = 1, 3, 6, 7, 8  # parts of a message
RULES = {"en": b"\x01\x01", "ko": b""}
"""When the first plural form is meant: in English where the number equals 1."""


@dataclass(frozen=True)
class Message:
    """One text.

    Attributes:
        context: Where it belongs.
        source: The text that the program asks for.
        forms: Its translation, one for each plural form.
    """

    context: str
    source: str
    forms: tuple[str, ...]


def read(path: Path) -> list[Message]:
    """The texts of a .ts file; those without a translation have one empty form."""
    found = []
    for context in ET.parse(path).getroot().iter("context"):
        name = context.findtext("name") or ""
        for message in context.iter("message"):
            made = message.find("translation")
            forms = () if made is None else tuple(each.text or "" for each in made)
            single = "" if made is None else made.text or ""
            found.append(Message(name, message.findtext("source") or "", forms or (single,)))
    return found


def compiled(language: str, messages: Iterable[Message]) -> bytes:
    """The file of a language; messages without a translation are left out."""
    written, places = bytearray(), []
    for each in sorted(messages, key=lambda each: (each.context.encode(), each.source.encode())):
        if any(each.forms):
            places.append((_hash(each.source.encode()), len(written)))
            written += _message(each)
    hashes = b"".join(struct.pack(">II", *place) for place in sorted(places))
    sections = [(LANGUAGE, language.encode()), (HASHES, hashes), (MESSAGES, bytes(written))]
    if rules := RULES[language]:
        sections.append((PLURALS, rules))
    return MAGIC + b"".join(_part(tag, data) for tag, data in sections)


def _message(message: Message) -> bytes:
    parts = [_part(TRANSLATION, form.encode("utf-16-be")) for form in message.forms]
    parts.append(_part(COMMENT, b""))
    parts.append(_part(SOURCE, message.source.encode()))
    parts.append(_part(CONTEXT, message.context.encode()))
    return b"".join(parts) + bytes([END])


def _part(tag: int, data: bytes) -> bytes:
    return struct.pack(">BI", tag, len(data)) + data


def _hash(text: bytes) -> int:
    """The ELF hash, by which Qt looks texts up."""
    found = 0
    for byte in text:
        found = (found << 4) + byte
        high = found & 0xF0000000
        found = (found ^ high >> 24) & ~high & 0xFFFFFFFF
    return found or 1
