"""Compiled translations are what Qt's own compiler makes of the same files."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from finetune_studio.qm import Message, compiled, read
from tests.conftest import ROOT

ODD = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="{code}">
 <context><name>gui</name>
  <message><source>Save</source><translation>저장</translation></message>
  <message><source>같은 😀 글</source><translation>another &amp; 😀</translation></message>
  <message><source>none</source><translation type="unfinished"></translation></message>
  <message numerus="yes"><source>%n row(s)</source><translation>{forms}</translation></message>
 </context>
 <context><name>core</name>
  <message><source>Save</source><translation>보관</translation></message>
 </context>
</TS>
"""
FORMS = {"ko": ("%n행",), "en": ("%n row", "%n rows")}


def of_qt(source: Path, target: Path) -> bytes:
    """What Qt's compiler makes."""
    found = find_spec("PySide6")
    tool = Path(found.origin).parent / "lrelease" if found and found.origin else Path("lrelease")
    try:
        subprocess.run([tool, "-silent", source, "-qm", target], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"needs_qt_tools: Qt's compiler does not run here ({error})")
    return target.read_bytes()


@pytest.mark.parametrize("code", ["ko", "en"])
def test_every_kind_of_text(tmp_path, code):
    forms = "".join(f"<numerusform>{each}</numerusform>" for each in FORMS[code])
    source = tmp_path / "odd.ts"
    source.write_text(ODD.format(code=code, forms=forms), encoding="utf-8")
    texts = [
        Message("gui", "Save", ("저장",)),
        Message("gui", "같은 😀 글", ("another & 😀",)),
        Message("gui", "none", ("",)),
        Message("gui", "%n row(s)", FORMS[code]),
        Message("core", "Save", ("보관",)),
    ]
    assert read(source) == texts
    assert compiled(code, texts) == of_qt(source, tmp_path / "odd.qm")


@pytest.mark.parametrize("code", ["ko", "en"])
def test_the_program_s_own(tmp_path, code):
    made = subprocess.run(
        [sys.executable, ROOT / "packaging" / "translations.py"], check=True, capture_output=True
    )
    assert made.stderr == b""
    folder = ROOT / "resources" / "i18n"
    expected = of_qt(folder / f"studio_{code}.ts", tmp_path / "qt.qm")
    assert (folder / f"studio_{code}.qm").read_bytes() == expected
