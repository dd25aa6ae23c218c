"""A few tokens through a model, to try something on it before the first step."""

import torch
from torch import nn

from finetune_studio.engine.device import Device

TRIED = 48  # tokens


def few_tokens(model: nn.Module, device: Device) -> torch.Tensor:
    """The logits of a few tokens, `[1, tokens, vocabulary]`, computed as in training."""
    embedding = model.get_input_embeddings()
    ids = (torch.arange(TRIED) * 37 % embedding.num_embeddings)[None].to(device.place)
    with torch.autocast(device.kind, device.dtype, enabled=device.precision != "fp32"):
        made: torch.Tensor = model(input_ids=ids, use_cache=False).logits
    return made
