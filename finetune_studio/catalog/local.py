"""What a folder on the disk is, before anything heavy is loaded: a model, or why not.

Reads config.json, the weights' headers and the names of the other files. Runs none of its code.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from finetune_studio.catalog import refusals
from finetune_studio.catalog.weights import Tensor, dtypes, read_weights, weight_files

LONGEST_CONTEXT = 100_000_000  # tokens; beyond it the number is a placeholder


@dataclass(frozen=True)
class ModelFacts:
    """What was found.

    Attributes:
        folder: Where.
        config: The whole config.json.
        model_type: Such as `llama`.
        architecture: The class that config.json names, such as `LlamaForCausalLM`.
        parameters: Distinct parameters in the weight files; None for quantised weights, whose
            packed numbers are not parameters.
        weight_bytes: Size of the weight files.
        dtypes: Numbers stored, by type.
        context: Tokens that the model can read; 0 where config.json does not say.
        fast_tokenizer: Whether there is a tokenizer.json, which needs no conversion.
        chat_template: Whether the folder brings one.
        custom_code: Whether the model needs Python code that it brings along.
        quantization: How the weights are quantised already, such as `bitsandbytes`; or empty.
        licence: What its README's header says; empty where it says nothing.
    """

    folder: Path
    config: Mapping[str, Any]
    model_type: str
    architecture: str
    parameters: int | None
    weight_bytes: int
    dtypes: Mapping[str, int]
    context: int
    fast_tokenizer: bool
    chat_template: bool
    custom_code: bool
    quantization: str
    licence: str


def inspect_model(folder: Path, trust_remote_code: bool = False) -> ModelFacts:
    """Look into a model folder.

    Args:
        folder: Holds config.json, safetensors weights and a tokenizer.
        trust_remote_code: Whether the person agreed to run code that the model brings.

    Raises:
        RefusedError: The folder holds no model that can be trained; the error says why.
    """
    config = refusals.read_config(folder)
    custom = refusals.custom_code(folder, config)
    if custom and not trust_remote_code:
        raise refusals.own_code(custom)
    if not custom:
        refusals.refuse_unknown(config)
    refusals.refuse_weights(folder)
    tensors = read_weights(folder)
    refusals.refuse_without_tokenizer(folder)
    quantization = quantization_of(config)
    return ModelFacts(
        folder=folder,
        config=config,
        model_type=str(config.get("model_type", "")),
        architecture=refusals.architecture_of(config),
        parameters=None if quantization else _parameters(config, tensors),
        weight_bytes=sum(file.stat().st_size for file in weight_files(folder)),
        dtypes=dtypes(tensors),
        context=context_length(config),
        fast_tokenizer=(folder / "tokenizer.json").is_file(),
        chat_template=_has_template(folder),
        custom_code=bool(custom),
        quantization=quantization,
        licence=readme_licence(folder),
    )


def text_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of config.json that describes the text model (multimodal models nest it)."""
    for name in ("text_config", "llm_config", "language_config"):
        if isinstance(nested := config.get(name), dict):
            return {**nested, "tie_word_embeddings": _tied(config, nested)}
    return config


def context_length(config: Mapping[str, Any]) -> int:
    """Tokens the model can read, by config.json; 0 where it does not say or cannot be believed."""
    text = text_config(config)
    for name in ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx"):
        value = text.get(name)
        if isinstance(value, int) and 0 < value <= LONGEST_CONTEXT:
            return value
    return 0


def quantization_of(config: Mapping[str, Any]) -> str:
    """How the weights are quantised already, such as `bitsandbytes` or `gptq`; or empty."""
    about = config.get("quantization_config")
    return str(about.get("quant_method") or "unknown") if isinstance(about, dict) else ""


def readme_licence(folder: Path) -> str:
    """The licence that the README's YAML header names; empty where there is none."""
    try:
        text = (folder / "README.md").read_text(encoding="utf-8-sig")
        header = re.match(r"---\s*\n(.*?)\n---\s*(\n|$)", text, re.DOTALL)
        about = yaml.safe_load(header.group(1)) if header else {}
    except (OSError, ValueError, yaml.YAMLError):
        return ""
    if not isinstance(about, dict):
        return ""
    named = about.get("license")
    return str((about.get("license_name") if named == "other" else None) or named or "")


def _tied(outer: Mapping[str, Any], inner: Mapping[str, Any]) -> Any:
    return inner.get("tie_word_embeddings", outer.get("tie_word_embeddings"))


def _parameters(config: Mapping[str, Any], tensors: list[Tensor]) -> int:
    tied = bool(text_config(config).get("tie_word_embeddings"))
    return sum(t.count for t in tensors if not (tied and t.name.endswith("lm_head.weight")))


def _has_template(folder: Path) -> bool:
    if (folder / "chat_template.jinja").is_file() or (folder / "chat_template.json").is_file():
        return True
    about = folder / "tokenizer_config.json"
    return about.is_file() and bool(refusals.read_json(about).get("chat_template"))
