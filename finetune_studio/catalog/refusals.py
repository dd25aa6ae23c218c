"""Why a folder is no model that can be trained: each case in one clear sentence."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from finetune_studio.catalog import known
from finetune_studio.catalog.weights import INDEX, weight_files
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "spiece.model", "tekken.json", "vocab.txt")


def read_json(file: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        RefusedError: The file cannot be read or holds no JSON object.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        why = error.strerror or str(error)
    except (ValueError, RecursionError):
        why = tr("it is not JSON")
    else:
        if isinstance(content, dict):
            return content
        why = tr("it holds no JSON object")
    raise RefusedError(
        tr("A model file cannot be read."),
        tr("“{name}”: {why}.").format(name=file.name, why=why),
        tr("Download or copy the model again."),
    )


def read_config(folder: Path) -> dict[str, Any]:
    """The folder's config.json.

    Raises:
        RefusedError: There is none, because this is an adapter, a GGUF file or something else.
    """
    if (folder / "config.json").is_file():
        return read_json(folder / "config.json")
    if folder.suffix.lower() == ".gguf" and folder.is_file():
        raise _gguf(folder.name)
    if folder.is_file():
        raise RefusedError(
            tr("This is a file, not a model folder."),
            f"“{folder}”",
            tr("Choose the folder that holds config.json, the weights and the tokenizer."),
        )
    if not folder.is_dir():
        raise RefusedError(tr("There is no such folder."), f"“{folder}”", tr("Check the path."))
    if (folder / "adapter_config.json").is_file():
        raise _adapter(folder)
    if ggufs := sorted(folder.glob("*.gguf")):
        raise _gguf(ggufs[0].name)
    raise RefusedError(
        tr("This folder holds no model."),
        tr("“{folder}” has no config.json.").format(folder=folder.name),
        tr("Choose the folder that holds config.json, the weights and the tokenizer."),
    )


def _gguf(name: str) -> RefusedError:
    return RefusedError(
        tr("A GGUF model cannot be trained."),
        tr("“{name}” is made for running a model, and its weights are usually rounded.").format(
            name=name
        ),
        tr("Choose the original model that it was made from; GGUF can be made of the result."),
    )


def _adapter(folder: Path) -> RefusedError:
    base = read_json(folder / "adapter_config.json").get("base_model_name_or_path") or "?"
    return RefusedError(
        tr("This is an adapter, not a model."),
        tr("“{folder}” belongs on top of the base model “{base}”.").format(
            folder=folder.name, base=base
        ),
        tr("Choose the base model, or merge the adapter first."),
    )


def custom_code(folder: Path, config: Mapping[str, Any]) -> str:
    """The class of its own that the model needs; empty where transformers has the same class.

    Models from before transformers knew their type bring a copy of the class that it has now; a
    class of another name may compute something else, so it is never replaced unasked.
    """
    places = config.get("auto_map")
    if isinstance(places, dict) and places:
        named = places.get("AutoModelForCausalLM") or architecture_of(config) or "?"
        if str(named).rpartition(".")[2] != known.class_of(str(config.get("model_type"))):
            return str(named)
    about = folder / "tokenizer_config.json"
    if about.is_file() and not (folder / "tokenizer.json").is_file():
        named = read_json(about).get("auto_map")
        own = named.get("AutoTokenizer") if isinstance(named, dict) else named
        if own:
            return str(own[0] if isinstance(own, list) else own)
    return ""


def architecture_of(config: Mapping[str, Any]) -> str:
    """The class that config.json names first; empty where it names none."""
    named = config.get("architectures")
    return str(named[0]) if isinstance(named, list) and named else ""


def own_code(name: str) -> RefusedError:
    """The refusal of a model that brings code the person has not agreed to run."""
    return RefusedError(
        tr("This model needs to run its own code."),
        tr("Its config names “{name}”, Python code that comes with the model.").format(name=name),
        tr(
            "If you trust its maker, turn on “Run the model's own code”"
            " (model.trust_remote_code): it runs with all your rights."
        ),
    )


def refuse_unknown(config: Mapping[str, Any]) -> None:
    """Refuse a model type that transformers has no code for, or that writes no text."""
    kind = str(config.get("model_type") or "")
    if not kind:
        raise RefusedError(
            tr("This is no language model."),
            tr("config.json names no model_type."),
            tr("Choose another model."),
        )
    found = known.kind_of(kind)
    if found == "unknown":
        raise RefusedError(
            tr("This kind of model is unknown."),
            tr("transformers {version} has no code for the model type “{kind}”.").format(
                version=known.listed_version(), kind=kind
            ),
            tr("Update the training part, or choose another model."),
        )
    if found == "other":
        raise RefusedError(
            tr("This model does not write text."),
            tr("A model of the type “{kind}” cannot be fine-tuned here.").format(kind=kind),
            tr("Choose a text-generating model."),
        )
    _refuse_head_size(kind, config)


def _refuse_head_size(kind: str, config: Mapping[str, Any]) -> None:
    hidden, heads = config.get("hidden_size"), config.get("num_attention_heads")
    if kind not in known.whole_heads() or not isinstance(hidden, int):
        return
    if isinstance(heads, int) and heads and hidden % heads:
        raise RefusedError(
            tr("transformers cannot load this model."),
            tr(
                "{version} insists that the hidden size ({hidden}) is a multiple of the"
                " attention heads ({heads})."
            ).format(version=known.listed_version(), hidden=hidden, heads=heads),
            tr("Choose another model of the family."),
        )


def refuse_weights(folder: Path) -> None:
    """Refuse a folder without safetensors weights, by what it has instead."""
    if weight_files(folder) or (folder / INDEX).is_file():
        return
    pickles = sorted(f.name for f in folder.iterdir() if f.suffix.lower() in PICKLES)
    if pickles:
        raise RefusedError(
            tr("The weights are in an unsafe format."),
            tr("“{name}” is a pickle file: loading it can run any code.").format(name=pickles[0]),
            tr("Choose a copy of the model in the safetensors format."),
        )
    if ggufs := sorted(folder.glob("*.gguf")):
        raise _gguf(ggufs[0].name)
    raise RefusedError(
        tr("The model has no weights."),
        tr("“{folder}” has config.json but no safetensors file.").format(folder=folder.name),
        tr("Download or copy the model again."),
    )


def refuse_without_tokenizer(folder: Path) -> None:
    """Refuse a model that comes without its tokenizer: another one would make nonsense."""
    pair = (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file()
    if not pair and not any((folder / name).is_file() for name in TOKENIZERS):
        raise RefusedError(
            tr("The model has no tokenizer."),
            tr("“{folder}” holds none of its files, such as tokenizer.json.").format(
                folder=folder.name
            ),
            tr("Copy the tokenizer of the same model into the folder."),
        )
