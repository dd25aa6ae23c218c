"""The configuration of a model that may not be on the disk: folder, catalogue, or the Hub's cache.

Downloads nothing: what is needed for a plan is known beforehand or said to be missing.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune_studio import paths
from finetune_studio.catalog import refusals
from finetune_studio.catalog.entries import Entry, entry
from finetune_studio.catalog.resolve import DEMO
from finetune_studio.errors import RefusedError, remedy
from finetune_studio.i18n import tr


@dataclass(frozen=True)
class KnownModel:
    """What is known of a model before it is loaded.

    Attributes:
        config: The content of its config.json, or the catalogue's figures.
        entry: Its row in the catalogue; None for others.
        folder: Where it is on the disk; None where it is not.
    """

    config: Mapping[str, Any]
    entry: Entry | None
    folder: Path | None

    @property
    def missing_bytes(self) -> int:
        """Bytes that are still to be downloaded, as far as is known."""
        if not self.entry:
            return 0
        whole = self.folder and any(self.folder.glob("*.safetensors"))
        return 0 if whole else self.entry.download_bytes


def known_model(source: str, revision: str = "") -> KnownModel:
    """What is known of the model that a recipe names.

    Raises:
        RefusedError: It is neither on the disk nor in the catalogue.
    """
    if source == DEMO:
        folder = paths.resources() / "models" / DEMO
        return KnownModel(refusals.read_config(folder), None, folder)
    place = Path(source).expanduser()
    if place.is_dir():
        return KnownModel(refusals.read_config(place), None, place)
    row = entry(source)
    cached = _cached(source, revision)
    if cached:
        return KnownModel(refusals.read_config(cached), row, cached)
    if row:
        return KnownModel(row.config, row, None)
    raise RefusedError(
        tr("Nothing is known of the model {source}.").format(source=source),
        tr("It is no folder, not in the catalogue, and not on this disk."),
        remedy(
            tr("Download it with `finetune-studio models download {source}`."),
            tr("Download it on the page Model."),
        ).format(source=source),
    )


def _cached(source: str, revision: str) -> Path | None:
    if not cache_folder(source).is_dir():
        return None  # asking the Hub's client would take longer than the whole plan
    from finetune_studio.catalog import hub

    return hub.cached(source, revision)


def cache_folder(source: str) -> Path:
    """Where the Hub's client keeps a model. Source: huggingface_hub, environment variables."""
    home = os.environ.get("HF_HOME") or Path(
        os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface"
    )
    cache = os.environ.get("HF_HUB_CACHE") or Path(home) / "hub"
    return Path(cache).expanduser() / f"models--{source.replace('/', '--')}"
