"""Lets a model that answers take each token's step without Python: recorded, or as a CUDA graph.

Done is what says the same as the model's own step, which is tried. Everything else is computed as
ever, and so is a model that neither is for: mixtures of experts, whose way depends on the token,
models that turn otherwise in long texts, and, on a processor, those that forget.
"""

from typing import Any

import torch

from finetune_studio.engine import graphed, recorded, steps
from finetune_studio.engine.speed.choice import Choice


def quicken(model: Any) -> Choice:
    """Let a model take its steps so; whether that was done, and why not.

    Args:
        model: Ready to answer; it must not be changed any more.
    """
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    kinds = {each.device.type for each in inner.parameters()}
    if kinds not in ({"cpu"}, {"cuda"}):
        return Choice(False, "it lies on several devices")
    way: Any = recorded if kinds == {"cpu"} else graphed
    if obstacle := steps.obstacle(inner) or way.obstacle(inner):
        return Choice(False, obstacle)
    with torch.no_grad():
        try:
            return _quickened(inner, way)
        except steps.ObstacleError as error:
            return Choice(False, str(error))
        except Exception as error:  # noqa: BLE001  (told; such a model answers as ever)
            return Choice(False, f"{type(error).__name__}: {' '.join(str(error).split())}"[:200])


def _quickened(model: Any, way: Any) -> Choice:
    quick = way.quick(model)
    if not steps.agree(model, model.forward, quick, way.close(model)):
        return Choice(False, "such a step said something else when it was tried")
    model.forward = quick
    return Choice(True, "auto")
