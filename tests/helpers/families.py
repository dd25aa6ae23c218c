"""Tiny models of the catalogue's families: random weights, each with its family's peculiarities.

Windows shorter than a sequence, soft caps, scaled logits, layers without rotary places, odd heads.
"""

from typing import Any

import torch
import transformers

SMALL: dict[str, Any] = {
    "vocab_size": 200,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
WINDOW = 7
SLIDING = ["sliding_attention", "full_attention"]
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("Llama", {"tie_word_embeddings": True}),
    "qwen2": ("Qwen2", {}),
    "qwen3": ("Qwen3", {"head_dim": 24}),
    "mistral": ("Mistral", {"sliding_window": WINDOW}),
    "gemma2": (
        "Gemma2",
        {"head_dim": 16, "sliding_window": WINDOW, "layer_types": SLIDING}
        | {"attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0},
    ),
    "gemma3": ("Gemma3", {"head_dim": 16, "sliding_window": WINDOW, "layer_types": SLIDING}),
    "phi": ("Phi", {"num_key_value_heads": 4}),
    "phi3": ("Phi3", {"sliding_window": WINDOW}),
    "exaone4": ("Exaone4", {"sliding_window": WINDOW, "layer_types": SLIDING}),
    "granite": ("Granite", {"logits_scaling": 3.0, "attention_multiplier": 0.3}),
    "olmo2": ("Olmo2", {}),
    "smollm3": ("SmolLM3", {"no_rope_layers": [1, 0]}),
}


def make_family(name: str, labels: int = 0) -> Any:
    """A model of a family, fp32, the same at each call.

    Args:
        name: One of `FAMILIES`, `gpt2` or `gemma3-vision`.
        labels: For a classification: how many; 0 makes a generating model.
    """
    torch.manual_seed(0)
    if name == "gpt2":
        small = {"n_embd": 64, "n_layer": 2, "n_head": 4, "vocab_size": 200}
        return transformers.GPT2LMHeadModel(transformers.GPT2Config(**small)).eval()
    if name == "gemma3-vision":
        return _seeing().eval()
    family, peculiar = FAMILIES[name]
    text = "Gemma3TextConfig" if family == "Gemma3" else f"{family}Config"
    values = SMALL | peculiar | ({"num_labels": labels} if labels else {})
    config = getattr(transformers, text)(**values)
    kind = "ForSequenceClassification" if labels else "ForCausalLM"
    return getattr(transformers, family + kind)(config).eval()


def _seeing() -> Any:
    _, peculiar = FAMILIES["gemma3"]
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1}
    vision |= {"num_attention_heads": 2, "image_size": 28, "patch_size": 14}
    config = transformers.Gemma3Config(
        text_config=SMALL | peculiar,
        vision_config=vision,
        mm_tokens_per_image=4,
        image_token_index=199,
        boi_token_index=198,
        eoi_token_index=197,
    )
    return transformers.Gemma3ForConditionalGeneration(config)
