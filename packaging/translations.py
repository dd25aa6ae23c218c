"""Keeps the .ts files in step with the source, and compiles them.

python packaging/translations.py            compile resources/i18n/*.ts to .qm
python packaging/translations.py update     take in new texts, drop those that are gone
python packaging/translations.py missing    print what has no Korean yet
"""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from tempfile import NamedTemporaryFile

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from texts import ROOT, Text, find  # noqa: E402  (its folder is no package)

from finetune_studio import qm  # noqa: E402

FOLDER = ROOT / "resources" / "i18n"
FORMS = {"ko": 1, "en": 2}  # plural forms
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n'
Key = tuple[str, str]


def read(code: str) -> dict[Key, list[str]]:
    """The translations of a language: by context and source, one for each plural form."""
    path = FOLDER / f"studio_{code}.ts"
    if not path.exists():
        return {}
    return {(each.context, each.source): list(each.forms) for each in qm.read(path)}


def write(code: str, texts: dict[Key, Text], known: dict[Key, list[str]]) -> None:
    """Write a language's file: every text that there is, with the translation that is known."""
    root = ET.Element("TS", version="2.1", language=code, sourcelanguage="en")
    for context in sorted({name for name, _ in texts}):
        part = ET.SubElement(root, "context")
        ET.SubElement(part, "name").text = context
        for key in sorted(key for key in texts if key[0] == context):
            if code != "en" or texts[key].plural:
                _message(part, texts[key], known.get(key, [""]), FORMS[code])
    ET.indent(root, " ")
    path = FOLDER / f"studio_{code}.ts"
    path.write_text(HEAD + ET.tostring(root, encoding="unicode") + "\n", encoding="utf-8")


def _message(part: ET.Element, text: Text, made: list[str], forms: int) -> None:
    message = ET.SubElement(part, "message")
    if text.plural:
        message.set("numerus", "yes")
    for place in sorted(text.places):
        ET.SubElement(message, "location", filename=f"../../finetune_studio/{place}")
    ET.SubElement(message, "source").text = text.source
    found = ET.SubElement(message, "translation")
    if not all(made):
        found.set("type", "unfinished")
    if text.plural:
        for number in range(forms):
            ET.SubElement(found, "numerusform").text = made[min(number, len(made) - 1)]
    else:
        found.text = made[0]


def update() -> None:
    """Take in new texts and drop those that are gone, in every language."""
    texts = find()
    for code in FORMS:
        write(code, texts, read(code))


def missing(code: str = "ko") -> list[Key]:
    """The texts that have no translation yet."""
    known = read(code)
    return sorted(key for key in find() if not all(known.get(key, [""])))


def release() -> list[Path]:
    """Compile every .ts file to a .qm file beside it; returns what was made."""
    made = []
    for code in FORMS:
        path = FOLDER / f"studio_{code}.qm"
        with NamedTemporaryFile(dir=FOLDER, delete=False) as file:  # readers have one or the other
            file.write(qm.compiled(code, qm.read(FOLDER / f"studio_{code}.ts")))
        Path(file.name).chmod(0o644)
        made.append(Path(file.name).replace(path))
    return made


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["update"]:
            update()
        case ["missing"]:
            for context, source in missing():
                print(f"{context}: {source}")
        case []:
            release()
        case _:
            sys.exit(__doc__)
