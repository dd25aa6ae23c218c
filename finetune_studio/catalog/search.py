"""Looks for models on the Hub, and tells of each what matters before a download.

What the Hub says of a model is its uploader's word: a licence or type that is not known here is
told as unknown. Knows nothing of this machine.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from finetune_studio.catalog import access, connection, known
from finetune_studio.catalog.entries import entry
from finetune_studio.catalog.licences import licence
from finetune_studio.catalog.weights import BITS
from finetune_studio.i18n import tr

MOST, PAGE = 10_000, 1000
"""Results that are asked for at most, and at once."""
WANTED = ("downloads", "gated", "safetensors", "tags", "config", "lastModified", "library_name")


@dataclass(frozen=True)
class Found:
    """One model on the Hub.

    Attributes:
        id: Its name there.
        licence: A key of `licences.licence`, `unknown` where it is not known here.
        licence_named: What its uploader calls it; empty where nothing is said.
        gated: Whether its maker lets people in: `auto` at once, `manual` one by one; empty for all.
        downloads: In the last month.
        parameters: Numbers in its weights, as counted by the Hub; None where it does not say.
        weight_bytes: Size of its safetensors weights; None where the Hub does not say.
        model_type: Such as `llama`; empty where the Hub does not say.
        updated: The date of its last change.
        quantised: Whether its weights are quantised already.
    """

    id: str
    licence: str
    licence_named: str
    gated: Literal["", "auto", "manual"]
    downloads: int
    parameters: int | None
    weight_bytes: int | None
    model_type: str
    updated: str
    quantised: bool

    @property
    def obstacle(self) -> str:
        """Why the trainer cannot load it, as a sentence; empty where nothing speaks against it."""
        if self.weight_bytes is None and not entry(self.id):
            return tr("It has no safetensors weights, or the Hub does not tell of them.")
        if self.quantised:
            return tr("Its weights are quantised already: choose the original model.")
        kind = known.kind_of(self.model_type) if self.model_type else "text"
        if kind == "unknown":
            text = tr("transformers {version} has no code for the model type “{kind}”.")
            return text.format(version=known.listed_version(), kind=self.model_type)
        return tr("It writes no text.") if kind == "other" else ""

    def as_dict(self) -> dict[str, Any]:
        """The model as `models search --json` prints it."""
        return {
            "id": self.id,
            "licence": self.licence,
            "licence_named": self.licence_named or None,
            "commercial": licence(self.licence).commercial,
            "gated": self.gated or None,
            "downloads": self.downloads,
            "parameters": self.parameters,
            "weight_bytes": self.weight_bytes,
            "model_type": self.model_type or None,
            "updated": self.updated or None,
            "obstacle": self.obstacle or None,
        }


def search(words: str, limit: int = 100) -> list[Found]:
    """Text-generating models whose name holds the words, most downloaded first.

    Raises:
        RefusedError: The Hub refuses.
        StudioError: The Hub cannot be asked; what is on the disk can be used nevertheless.
    """
    from huggingface_hub import ModelInfo

    asked: dict[str, Any] = {
        "search": words,
        "pipeline_tag": "text-generation",
        "sort": "downloads",
        "limit": min(limit, PAGE),
        "expand": list(WANTED),
    }
    try:
        rows = itertools.islice(_rows(asked), min(limit, MOST))
        return [read(ModelInfo(**row)) for row in rows]
    except Exception as error:
        raise connection.failure(tr("The list of models"), "main", error) from error


def _rows(asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The Hub's answers, page by page; its own client would wait for them without a limit."""
    from huggingface_hub import constants
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

    headers = build_hf_headers(token=access.token() or False)
    page: str | None = f"{constants.ENDPOINT}/api/models"
    more: dict[str, Any] = {"params": asked}
    while page:
        answer = connection.session().get(
            page, headers=headers, timeout=connection.ANSWER, follow_redirects=True, **more
        )
        hf_raise_for_status(answer)
        yield from answer.json()
        page, more = answer.links.get("next", {}).get("url"), {}


def look_up(model: str, revision: str = "") -> Found:
    """What the Hub says of one model.

    Raises:
        RefusedError: There is no such model.
        StudioError: The Hub cannot be asked.
    """
    try:
        about = connection.api().model_info(
            model, revision=revision or None, timeout=connection.ANSWER
        )
    except Exception as error:
        raise connection.failure(model, revision or "main", error) from error
    return read(about)


def read(about: Any) -> Found:
    """One answer of the Hub, whatever of it is missing or odd."""
    tags = [str(each) for each in about.tags or ()]
    named = next((t.removeprefix("license:") for t in tags if t.startswith("license:")), "")
    weights = getattr(about, "safetensors", None)
    by_type = dict(getattr(weights, "parameters", None) or {})
    config = about.config if isinstance(about.config, dict) else {}
    changed = getattr(about, "last_modified", None)
    return Found(
        id=str(about.id),
        licence=licence(named).key,
        licence_named=named,
        gated=about.gated if about.gated in ("auto", "manual") else "",
        downloads=int(about.downloads or 0),
        parameters=getattr(weights, "total", None),
        weight_bytes=sum(n * BITS.get(kind, 16) // 8 for kind, n in by_type.items()) or None,
        model_type=str(config.get("model_type") or ""),
        updated=changed.date().isoformat() if changed else "",
        quantised="quantization_config" in config,
    )
