"""Puts an adapter on a model: which layers, how wide, in which variant."""

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from torch import nn
from transformers import PreTrainedModel

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.recipe.methods import Full
from finetune_studio.recipe.schema import Recipe

GROUPS = {
    "attention": ("attn", "attention"),
    "mlp": ("mlp", "feed_forward", "ffn", "experts"),
}
"""Words in the path of a layer that tell its group."""
HEADS = {"score", "classifier", "lm_head", "embed_out"}


def with_adapter(model: PreTrainedModel, recipe: Recipe) -> PreTrainedModel | PeftModel:
    """The model with the recipe's adapter, its base frozen.

    The model itself for full fine-tuning. What sees or hears, in a model that does more than
    write, gets neither adapter nor gradient: text alone would teach it nothing.
    """
    method = recipe.method
    if isinstance(method, Full):
        for name, weight in model.named_parameters():
            weight.requires_grad_(_writes(model, name))
        return model
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS if recipe.task.kind == "classify" else TaskType.CAUSAL_LM,
        r=method.rank,
        lora_alpha=method.alpha,
        lora_dropout=method.dropout,
        target_modules=find_targets(model, method.targets),
        exclude_modules=_other_towers(model),
        use_dora=method.dora,
        use_rslora=method.rslora,
    )
    torch.manual_seed(recipe.training.seed)
    adapted = get_peft_model(model, config)
    model.disable_input_require_grads()  # peft wants them for reentrant checkpoints
    return adapted


def find_targets(model: nn.Module, asked: tuple[str, ...]) -> list[str]:
    """The names of the layers that get an adapter.

    `all-linear` is every linear layer but the heads; `attention` and `mlp` are those in such a
    block;
    any other word is a layer's own last name.

    Raises:
        RefusedError: A word fits no layer of this model; the names it has are told.
    """
    layers = _linear_layers(model)
    found: set[str] = set()
    for word in asked:
        fitting = {name.rpartition(".")[2] for name in layers if _fits(name, word)}
        if not fitting:
            names = sorted({name.rpartition(".")[2] for name in layers})
            raise RefusedError(
                tr("This model has no layer called {word}.").format(word=word),
                hint=tr("Choose from: {names}.").format(names=", ".join(names)),
            )
        found |= fitting
    return sorted(found)


def _linear_layers(model: nn.Module, *, writing: bool = True) -> list[str]:
    """The paths of the linear layers that write, or of those that do something else."""
    return [
        name
        for name, layer in model.named_modules()
        if (isinstance(layer, nn.Linear) or type(layer).__name__ == "Conv1D")
        and name.rpartition(".")[2] not in HEADS
        and _writes(model, name) == writing
    ]


def _other_towers(model: nn.Module) -> list[str] | None:
    return _linear_layers(model, writing=False) or None


def _writes(model: nn.Module, path: str) -> bool:
    """Whether a layer or weight is of the text decoder or of a head, and of no other tower."""
    if not hasattr(model, "get_decoder"):
        return True
    decoder = model.get_decoder()
    prefix = next((name for name, each in model.named_modules() if each is decoder), "")
    return not prefix or path.startswith(f"{prefix}.") or not HEADS.isdisjoint(path.split("."))


def _fits(name: str, word: str) -> bool:
    block, _, last = name.rpartition(".")
    if word == "all-linear":
        return True
    if word in GROUPS:
        return any(part in block for part in GROUPS[word])
    return word == last


def count_parameters(model: nn.Module) -> tuple[int, int]:
    """Trainable and all parameters; a 4-bit weight counts as the numbers it stands for."""
    trainable = whole = 0
    for weight in model.parameters():
        state = getattr(weight, "quant_state", None)
        size = state.shape.numel() if state is not None else weight.numel()
        whole += size
        trainable += size if weight.requires_grad else 0
    return trainable, whole
