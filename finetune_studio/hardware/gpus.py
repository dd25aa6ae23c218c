"""Accelerators that models are trained on, for planning on a machine that is not at hand."""

import difflib
import functools
import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from finetune_studio import paths
from finetune_studio.errors import RefusedError
from finetune_studio.hardware.nvml import GPU
from finetune_studio.i18n import tr

Maker = Literal["nvidia", "apple", "tpu"]
GIB, MIB = 2**30, 2**20


@dataclass(frozen=True)
class Accelerator:
    """One kind of accelerator.

    Attributes:
        name: Such as `RTX 4090 24GB`.
        kind: Whose it is; the trainer runs on `nvidia` alone.
        memory_bytes: Memory that the driver shows.
        bandwidth: Memory bandwidth in 10^9 bytes a second; 0 where unknown.
        tflops: Dense 16-bit products in 10^12 operations a second; 0 where unknown.
        capability: Compute capability; None where there is none.
        bf16: Whether it computes in bf16.
        fp8: Whether it computes in 8-bit floats.
        confirmed: Whether its figures come from its maker or several sources.
        found_in: Where it is found.
    """

    name: str
    kind: Maker
    memory_bytes: int
    bandwidth: float
    tflops: float
    capability: tuple[int, int] | None
    bf16: bool
    fp8: bool
    confirmed: bool
    found_in: str


@functools.cache
def accelerators() -> tuple[Accelerator, ...]:
    """Every accelerator that is known."""
    file = paths.resources() / "catalog" / "gpus.json"
    return tuple(_read(each) for each in json.loads(file.read_text(encoding="utf-8"))["gpus"])


def find_accelerator(name: str) -> Accelerator:
    """The accelerator of that name, such as `T4`, `rtx4090` or `A100 80GB`.

    Raises:
        RefusedError: None is called so; the nearest names are told.
    """
    found = [each for each in accelerators() if _plain(name) and _plain(name) in _plain(each.name)]
    if found:
        return min(found, key=lambda each: (_size_of(each), len(each.name)))
    names = [each.name for each in accelerators()]
    near = difflib.get_close_matches(name, names, n=4, cutoff=0.3) or names[:4]
    raise RefusedError(
        tr("No GPU called {name} is known.").format(name=name),
        hint=tr("Choose one such as {names}.").format(names=", ".join(near)),
    )


def match(gpu: GPU) -> Accelerator | None:
    """What is known of a GPU in this machine, by its name and the size of its memory."""
    shown = _plain(gpu.name)
    fitting = [each for each in accelerators() if each.kind == "nvidia" and _key(each) in shown]
    if not fitting:
        return None
    longest = max(len(_key(each)) for each in fitting)
    nearest = [each for each in fitting if len(_key(each)) == longest]
    return min(nearest, key=lambda each: abs(each.memory_bytes - gpu.total_bytes))


def _key(each: Accelerator) -> str:
    """The model's own name, without the size of its memory or the way it is plugged in."""
    return _plain(re.sub(r"\b(\d+GB|SXM|Blackwell)\b", "", each.name))


def _size_of(each: Accelerator) -> int:
    return 0 if each.kind == "nvidia" else 1


def _plain(name: str) -> str:
    words = re.sub(r"nvidia|geforce|tesla|generation", "", name.casefold())
    return re.sub(r"[^a-z0-9]", "", words)


def _read(each: dict[str, Any]) -> Accelerator:
    visible = each.get("visible_mib")
    capability = each["capability"]
    return Accelerator(
        name=each["name"],
        kind=each["kind"],
        memory_bytes=visible * MIB if visible else int(each["memory_gib"] * GIB * 0.99),
        bandwidth=each["bandwidth_gbs"] or 0,
        tflops=each["tflops"] or 0,
        capability=(capability[0], capability[1]) if capability else None,
        bf16=each["bf16"],
        fp8=each["fp8"],
        confirmed=each["confirmed"],
        found_in=each["found_in"],
    )
