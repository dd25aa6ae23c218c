"""What goes up to the Hub: an allow-list of files, each looked at, nothing else.

Optimiser states, pickles and logs are no part of a model; a text file that names a folder of this
machine is refused. Knows no network.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from finetune_studio.errors import RefusedError
from finetune_studio.export.card import CARD
from finetune_studio.export.facts import Base, read_json
from finetune_studio.export.items import Contents, Item
from finetune_studio.i18n import tr

WEIGHTS = ("model*.safetensors", "adapter_model.safetensors", "*.gguf")
SMALL = (
    *("config.json", "generation_config.json", "adapter_config.json", "*.safetensors.index.json"),
    *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"),
    *("tokenizer.model", "vocab.json", "merges.txt", "chat_template.jinja", "Modelfile"),
    *("studio.json", "LICENSE", "LICENSE.*", "NOTICE", "NOTICE.*"),
)
TEXTS = (".json", ".jinja", ".txt", ".md", "")
"""Endings of files that are read for paths of this machine; Modelfile and LICENSE have none."""
LARGEST_TEXT = 256 << 20  # bytes; a larger one is no text of ours
OF_THE_MACHINE = ("_name_or_path",)


def collect(folder: Path, card: str, base: Base, private: Iterable[str] = ()) -> Contents:
    """Choose the files of an export or of a run's result.

    Args:
        folder: The export or the result.
        card: The text of the card, which takes the place of any README.md there.
        base: The base model as others may read it.
        private: Paths that must stand in no file, besides this person's home folder.

    Raises:
        RefusedError: There are no weights, or a file names a folder of this machine.
    """
    names = [path.name for path in sorted(folder.iterdir()) if path.is_file()]
    chosen = [name for name in names if _fits(name, (*WEIGHTS, *SMALL))]
    if not any(_fits(name, WEIGHTS) for name in chosen):
        raise RefusedError(
            tr("There are no weights to upload."),
            str(folder),
            tr("Choose a run that has finished, or a folder that `export` made."),
        )
    made = card.encode()
    items = [Item(CARD, len(made), content=made)]
    items += [_item(folder / name, base) for name in chosen]
    _refuse_paths(items, _needles(private))
    left = tuple(name for name in sorted(_all(folder)) if name not in chosen and name != CARD)
    return Contents(tuple(items), left)


def _all(folder: Path) -> Iterator[str]:
    return (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _fits(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _item(file: Path, base: Base) -> Item:
    """The file as it is, or rewritten where it names the base model by a folder."""
    changes = _published(file, base)
    if changes is None:
        return Item(file.name, file.stat().st_size, source=file)
    content = json.dumps(changes, indent=2, ensure_ascii=False).encode()
    return Item(file.name, len(content), content=content)


def _published(file: Path, base: Base) -> Mapping[str, Any] | None:
    """What the file should say in public; None where it says so already."""
    fields = {"adapter_config.json": "base_model_name_or_path", "studio.json": "base"}
    if file.name not in (*fields, "config.json", "tokenizer_config.json"):
        return None
    found = read_json(file)
    public = {name: value for name, value in found.items() if name not in OF_THE_MACHINE}
    field = fields.get(file.name)
    if field in public:
        public[field] = base.name
    return public if public != found else None


def _needles(private: Iterable[str]) -> list[str]:
    """Every spelling of the folders that nobody else should read of."""
    home = str(Path.home())
    folders = {home, os.path.realpath(home)} | {str(Path(each).expanduser()) for each in private}
    whole = {each.rstrip("/\\") for each in folders if len(Path(each).parts) > 1}
    with_end = {each + end for each in whole for end in ("/", "\\")}
    return sorted(with_end | {json.dumps(each)[1:-1] for each in with_end})


def _refuse_paths(items: list[Item], needles: list[str]) -> None:
    found = re.compile("|".join(map(re.escape, needles)))
    for item in items:
        text = _text(item)
        if match := found.search(text):
            place = text[match.start() : match.start() + 80].split('"')[0].splitlines()[0]
            raise RefusedError(
                tr("A file names a folder of this machine."),
                tr("“{name}” holds “{place}…”, which everybody could read.").format(
                    name=item.name, place=place
                ),
                tr("Remove it from the file, or export again."),
            )


def _text(item: Item) -> str:
    if item.content is not None:
        return item.content.decode()
    named = Path(item.name)
    if item.source is None or named.suffix not in TEXTS or item.size > LARGEST_TEXT:
        return ""
    return item.source.read_text(encoding="utf-8", errors="replace")
