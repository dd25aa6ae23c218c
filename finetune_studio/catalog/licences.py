"""What licences allow, in plain words; and what follows where a model meets data.

The sentences stand in resources/licences/licences.json. A licence that is not known there is
unknown, never fine. This is no legal advice, which every page that shows it says.
"""

import functools
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from finetune_studio import paths
from finetune_studio.catalog.wording import language, worded

Commercial = Literal["yes", "conditional", "no", "unknown"]
Checked = Literal["text", "secondary", "none"]


@dataclass(frozen=True)
class Licence:
    """One licence.

    Attributes:
        key: Its stable name, such as `apache-2.0`.
        name: Its full name.
        spdx: Its SPDX identifier; empty where it has none.
        link: Where its text is; empty where there is none.
        commercial: Whether commercial use is allowed.
        checked: What the sentences were checked against: the `text` of the licence, `secondary`
            reports of it, or nothing.
        attribution: Whether its author must be named.
        share_alike: Whether what is made of it must carry the same licence.
        no_derivatives: Whether changed versions may not be passed on.
        name_prefix: How the name of a published derivative must begin.
        notice: What must be shown with a published derivative.
    """

    key: str
    name: str
    spdx: str
    link: str
    commercial: Commercial
    checked: Checked
    attribution: bool
    share_alike: bool
    no_derivatives: bool
    name_prefix: str
    notice: str

    @property
    def commercial_sentence(self) -> str:
        """Whether it may be used commercially, in the language in use."""
        return worded(_sentences(self.key)["commercial"])

    @property
    def conditions(self) -> list[str]:
        """What has to be done for it, a sentence each."""
        return [worded(each) for each in _sentences(self.key)["conditions"]]

    @property
    def naming(self) -> str:
        """How what is made of it must be called; empty where it does not say."""
        return _optional(_sentences(self.key)["naming"])

    @property
    def outputs(self) -> str:
        """What a model's outputs may be used for; empty where that was not confirmed."""
        return _optional(_sentences(self.key)["outputs"])

    @property
    def sentences(self) -> list[str]:
        """Everything there is to say of it, in order."""
        return self.said(language())

    def said(self, code: str) -> list[str]:
        """Everything there is to say of it in that language, `en` or `ko`, in order."""
        found = _sentences(self.key)
        texts = [found["commercial"], *found["conditions"], found["naming"], found["outputs"]]
        return [str(each[code]) for each in texts if each]

    def as_dict(self) -> dict[str, Any]:
        """The licence as `models show --json` prints it."""
        return {
            "key": self.key,
            "name": self.name,
            "spdx": self.spdx or None,
            "link": self.link or None,
            "commercial": self.commercial,
            "checked": self.checked,
            "sentences": self.sentences,
        }


def licence(named: str) -> Licence:
    """The licence of that key, SPDX identifier, or name as the Hub's tags have it."""
    return licences()[_keys().get(_plain(named), "unknown")]


@functools.cache
def licences() -> Mapping[str, Licence]:
    """Every licence that something is known of, by key."""
    left_out = {"sentences", "aliases", "used_for"}
    return {
        key: Licence(key, **{name: value for name, value in about.items() if name not in left_out})
        for key, about in _content().items()
    }


def choices(kind: Literal["model", "data"]) -> list[Licence]:
    """The licences that a model or data can be said to have, for a list to choose from."""
    return [licences()[key] for key, about in _content().items() if kind in about["used_for"]]


@functools.cache
def _keys() -> Mapping[str, str]:
    """Every way to name a licence, and its key."""
    found: dict[str, str] = {}
    for key, about in _content().items():
        for name in (key, about["spdx"], about["name"], *about["aliases"]):
            if name or key == "unknown":
                found.setdefault(_plain(name), key)
    return found


def _plain(name: str) -> str:
    name = unicodedata.normalize("NFC", name).casefold()
    return re.sub(r"[\s_-]+", "-", name.strip()).removeprefix("license:")


def _optional(texts: Mapping[str, str] | None) -> str:
    return worded(texts) if texts else ""


def _sentences(key: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = _content()[key]["sentences"]
    return found


@functools.cache
def _content() -> dict[str, Any]:
    file = paths.resources() / "licences" / "licences.json"
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return dict(content["licences"])
