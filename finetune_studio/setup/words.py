"""The person's language before there is Qt: reads the Korean texts from the wheel itself.

Standard library only. Knows the .ts files by their form and no text.
"""

import locale
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

from finetune_studio import i18n, speech

FILE = "finetune_studio/_resources/i18n/studio_ko.ts"


def speak(folder: Path) -> None:
    """Say the core's texts in Korean where the person's system is Korean."""
    if not _korean():
        return
    try:
        wheel = next(folder.glob("finetune_studio-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            texts = read(archive.read(FILE).decode("utf-8"))
    except (StopIteration, OSError, KeyError, ET.ParseError, zipfile.BadZipFile):
        return  # English is understood better than silence
    i18n.install(lambda text: texts.get(text, text))


def read(document: str) -> dict[str, str]:
    """The core's texts of a .ts file, by their source."""
    contexts = ET.fromstring(document).iter("context")
    core = [each for each in contexts if each.findtext("name") == i18n.CONTEXT]
    return {
        message.findtext("source") or "": message.findtext("translation") or ""
        for context in core
        for message in context.iter("message")
        if message.findtext("translation")
    }


def _korean() -> bool:
    on_windows = sys.platform == "win32" and (locale.getlocale()[0] or "")
    return speech.language() == "ko" or str(on_windows).lower().startswith("ko")
