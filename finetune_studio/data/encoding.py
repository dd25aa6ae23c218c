"""Finds a text file's encoding from its bytes: UTF-8, UTF-16, UTF-32, cp949 (EUC-KR), Latin-1.

The sample starts where the first byte beyond ASCII stands, so a late Korean word is seen. A byte
that does not fit later becomes U+FFFD, which the quality report counts.
"""

import codecs
import io
import re
from pathlib import Path
from typing import BinaryIO

from finetune_studio.data.compression import open_bytes
from finetune_studio.data.files import kind_of
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

SAMPLE = 256 << 10
FAR = 64 << 20  # so much pure ASCII is taken as ASCII to its end
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
FORMATS = {
    "PNG": rb"\x89PNG",
    "JPEG": rb"\xff\xd8\xff",
    "GIF": rb"GIF8[79]a",
    "PDF": rb"%PDF-",
    "ZIP": rb"PK\x03\x04",
    "gzip": rb"\x1f\x8b",
    "zstd": rb"\x28\xb5\x2f\xfd",
    "Parquet": rb"PAR1[\x00-\x1f]",
    "Arrow": rb"ARROW1\x00",
    "Office 97": rb"\xd0\xcf\x11\xe0",
    "SQLite": rb"SQLite format 3\x00",
    "ELF": rb"\x7fELF",
}
"""How files begin that are no text, by what they are."""
ROWLESS = ("PNG", "JPEG", "GIF", "PDF", "ELF")  # kinds that cannot be read under any name
PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE)
HANGUL = re.compile("[가-힣ㄱ-ㆎ]")
CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
USUAL = re.compile(
    "[\t\n\r -~\u00a0-\u024f\u2010-\u2027\u3000-\u30ff\u3131-\u318e一-鿿가-힣\uff01-\uff5e]"
)
STRAY = 0.02  # of the characters beyond ASCII may be damaged before another encoding is tried


def open_text(path: Path, encoding: str) -> io.TextIOWrapper:
    """The file as text, line ends untouched; bytes that do not fit become U+FFFD."""
    return io.TextIOWrapper(open_bytes(path), encoding=encoding, errors="replace", newline="")


def detect(path: Path) -> str:
    """Python's name for the file's encoding.

    Raises:
        RefusedError: The file is not text, or in no encoding that is known here.
    """
    with open_bytes(path) as stream:
        sample = _sample(stream)
    _refuse_other_formats(sample, path)
    if kind_of(path) in ("json", "table") and PAGE.match(sample):
        raise RefusedError(
            tr("“{name}” holds a web page, and no rows.").format(name=path.name),
            hint=tr("Open the address in a browser, and download the data itself."),
        )
    encoding = _marked(sample) or _without_mark(sample)
    if encoding is None:
        raise RefusedError(
            tr("“{name}” is not text in a known encoding.").format(name=path.name),
            tr("Tried UTF-8, UTF-16, cp949 (EUC-KR) and Latin-1."),
            tr(
                "Save it as UTF-8 text. If it is no text, such as an Excel workbook, let its name "
                "end as such files do: .xlsx, .parquet, .arrow."
            ),
        )
    return encoding


def _refuse_other_formats(sample: bytes, path: Path) -> None:
    found = next((name for name, start in FORMATS.items() if re.match(start, sample)), None)
    if found is not None:
        raise RefusedError(
            tr("“{name}” is not text.").format(name=path.name),
            tr("It begins as files of the kind {kind} do.").format(kind=found),
            tr("They hold no rows: choose a table or text, such as CSV, JSONL or XLSX.")
            if found in ROWLESS
            else tr("Let its name end as such files do, or save its rows as CSV or JSONL."),
        )


def _sample(stream: BinaryIO) -> bytes:
    block = stream.read(SAMPLE)
    if _marked(block) or not block.isascii() or b"\0" in block:
        return block
    seen = len(block)
    while block and block.isascii() and seen < FAR:
        last, block = block, stream.read(SAMPLE)
        seen += len(block)
    return last + block if block else last


def _marked(sample: bytes) -> str | None:
    return next((name for mark, name in MARKS if sample.startswith(mark)), None)


def _without_mark(sample: bytes) -> str | None:
    if sample.count(b"\0") > len(sample) / 1000:
        return _wide(sample)
    for name in ("utf-8", "cp949"):
        text = _decoded(sample, name, "strict")
        if text is not None and _plausible(text, name):
            return name
    for name in ("utf-8", "cp949"):
        text = _decoded(sample, name, "replace") or ""
        beyond = sum(not sign.isascii() for sign in text)
        if text.count("\ufffd") <= STRAY * beyond and _plausible(text, name):
            return name
    return _western(sample)


def _wide(sample: bytes) -> str | None:
    shares = {}
    for name, high in (("utf-16-le", 1), ("utf-16-be", 0)):
        if sample[high::2].count(b"\0") < 0.9 * sample.count(b"\0"):
            continue  # in UTF-16 it is the high byte that is nothing
        text = _decoded(sample, name, "strict")
        if text:
            shares[name] = len(USUAL.findall(text)) / len(text)
    best = max(shares, key=lambda name: shares[name], default=None)
    return best if best and shares[best] > 0.9 else None


def _western(sample: bytes) -> str | None:
    beyond = sum(byte > 0x7F for byte in sample)
    if beyond > 0.3 * len(sample) or len(CONTROL.findall(sample.decode("latin-1"))) > 0:
        return None
    return "cp1252" if _decoded(sample, "cp1252", "strict") is not None else "latin-1"


def _decoded(sample: bytes, name: str, errors: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(name)(errors).decode(sample, final=False)
    except UnicodeDecodeError:
        return None


def _plausible(text: str, name: str) -> bool:
    if len(CONTROL.findall(text)) > len(text) / 100:
        return False
    if name != "cp949":
        return True
    beyond = sum(not sign.isascii() for sign in text)
    return len(HANGUL.findall(text)) >= beyond / 2
