"""Writes a LoRA adapter as GGUF, for a base model that is GGUF too.

llama.cpp scales an adapter by alpha / rank alone, so an rsLoRA's alpha is written as what makes
that its own scale; DoRA changes more than a product, which the format cannot hold.
"""

import json
import shutil
from pathlib import Path

from finetune_studio.engine.deltas import scale_of
from finetune_studio.engine.gguf import Making, convert_adapter
from finetune_studio.errors import RefusedError, remedy
from finetune_studio.i18n import tr
from finetune_studio.recipe.methods import Full, Lora, Qlora

FILES = ("adapter_model.safetensors",)


def refuse_early(method: Full | Lora | Qlora) -> None:
    """Refuse adapters that GGUF cannot hold.

    Raises:
        RefusedError: It is DoRA.
    """
    if not isinstance(method, Full) and method.dora:
        raise RefusedError(
            tr("A DoRA adapter cannot be written as a GGUF adapter."),
            tr("GGUF holds the two matrices of LoRA and no magnitudes."),
            remedy(
                tr("Export it with --to gguf, which merges it first."),
                tr("Choose a quantisation instead, which merges it first."),
            ),
        )


def write(making: Making, out: Path) -> None:
    """Convert the adapter.

    Raises:
        RefusedError: llama.cpp's converter does not know the base model.
        StudioError: It failed otherwise.
    """
    adapter = making.work / "adapter"
    adapter.mkdir(parents=True)
    for name in FILES:
        shutil.copyfile(making.tuned.folder / name, adapter / name)
    config = json.loads((making.tuned.folder / "adapter_config.json").read_text(encoding="utf-8"))
    config |= {"lora_alpha": scale_of(config) * config["r"], "use_rslora": False}
    (adapter / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    convert_adapter(making, out, adapter)
