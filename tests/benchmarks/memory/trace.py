"""Follows every allocation of real training steps with tensors that hold nothing, on any machine.

The trainer's own adapters, checkpointing and loss run on a transformers model of a given
configuration; what is counted is what an allocator without gaps would hold. It needs no GPU and a
second for a model of any size; measure.py measures the same on a GPU.
"""

import contextlib
import gc
import logging
import warnings
import weakref
from dataclasses import dataclass
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

PAGE = 512  # bytes; what the CUDA allocator rounds up to


@dataclass(frozen=True)
class Traced:
    """Bytes of the second of two steps.

    Attributes:
        lasting: What is there before the step: weights, adapter, optimiser states.
        peak: The most there is during the step.
        trainable: Parameters that are trained.
    """

    lasting: int
    peak: int
    trainable: int


def trace(
    config: dict[str, Any],
    changes: dict[str, Any],
    *,
    batch: int = 2,
    length: int = 256,
    checkpointing: bool = True,
    accumulation: int = 1,
    padded: bool = False,
    steps: int = 2,
    chunked: bool = True,
) -> Traced:
    """Trace the last of some steps of a model of this configuration, with a changed recipe."""
    recipe = _recipe(changes)
    model = _model(config, recipe, checkpointing)
    running = _as_if_running(padded, recipe.method.kind == "qlora")
    with running, FakeTensorMode(), _Allocations() as held:
        _hold(model, held)
        return _steps(model, held, batch, length, accumulation, steps, chunked)


class _Allocations(TorchDispatchMode):
    """Counts the storages that are alive."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._alive: dict[int, Any] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for each in tree_flatten(made)[0]:
            self.add(each)
        return made

    def add(self, tensor: Any) -> None:
        if not isinstance(tensor, torch.Tensor):
            return
        storage = tensor.untyped_storage()
        key, size = storage._cdata, -(-storage.nbytes() // PAGE) * PAGE
        if key in self._alive:
            return

        def gone(_: Any) -> None:
            if self._alive.pop(key, None) is not None:
                self.now -= size

        self._alive[key] = weakref.ref(storage, gone)
        self.now += size
        self.peak = max(self.peak, self.now)


def _recipe(changes: dict[str, Any]) -> Any:
    from finetune_studio.recipe import store
    from finetune_studio.recipe.schema import Recipe

    return store.with_changes(Recipe(), changes)


def _model(config: dict[str, Any], recipe: Any, checkpointing: bool) -> Any:
    """The model with its adapter, on no device yet."""
    from transformers import AutoConfig, AutoModelForCausalLM

    from finetune_studio.engine.adapters import with_adapter
    from finetune_studio.engine.loading import keep_fewer_activations
    from finetune_studio.engine.speed.adapter import fuse_adapters
    from finetune_studio.recipe import store

    given = {name: value for name, value in config.items() if name != "model_type"}
    tokens = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    known = AutoConfig.for_model(config["model_type"], **{**tokens, **given}, use_cache=False)
    master = recipe.method.kind == "full" and recipe.method.master_weights
    dtype = torch.float32 if master else torch.bfloat16
    plain = recipe
    if recipe.method.kind == "qlora":  # quantised weights have no fake form; activations are alike
        plain = store.with_changes(recipe, {"method.kind": "lora"})
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = AutoModelForCausalLM.from_config(known, dtype=dtype)
        model.train()
        if checkpointing:
            keep_fewer_activations(model)
        model = with_adapter(model, plain)
        fuse_adapters(recipe, model)
        if checkpointing and recipe.method.kind != "full":
            model.enable_input_require_grads()
    return model


@contextlib.contextmanager
def _as_if_running(padded: bool, quantised: bool) -> Any:
    """Masks as a real batch has them, and inputs as 4-bit adapters take them."""
    import peft.tuners.lora.layer as lora
    from transformers import masking_utils as masks

    before = (
        masks._ignore_causal_mask_sdpa,
        masks.find_packed_sequence_indices,
        lora.Linear._cast_input_dtype,
    )

    def ignore(mask: Any, q: int, kv: int, at: int, kv_at: int, local: int | None = None) -> bool:
        return not padded and not (local is not None and kv >= local)

    masks._ignore_causal_mask_sdpa = ignore
    masks.find_packed_sequence_indices = lambda _: None
    if quantised:
        lora.Linear._cast_input_dtype = lambda self, x, dtype: x
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        masks._ignore_causal_mask_sdpa, masks.find_packed_sequence_indices = before[:2]
        lora.Linear._cast_input_dtype = before[2]


def _hold(model: Any, held: _Allocations) -> None:
    """Give every weight an empty fake tensor in its place."""
    made: dict[int, Any] = {}
    for module in model.modules():
        for table, is_weight in ((module._parameters, True), (module._buffers, False)):
            for name, old in table.items():
                if old is None:
                    continue
                if id(old) not in made:
                    new = torch.empty(old.shape, dtype=old.dtype)
                    weight = torch.nn.Parameter(new, requires_grad=old.requires_grad)
                    made[id(old)] = (old, weight if is_weight else new)
                table[name] = made[id(old)][1]
                held.add(table[name])


def _autocast(forward: Any) -> Any:
    """The forward pass as the trainer calls it: the loss comes after, outside."""
    return torch.autocast("cpu", dtype=torch.bfloat16)(forward)


def _steps(
    model: Any,
    held: _Allocations,
    batch: int,
    length: int,
    accumulation: int,
    steps: int,
    chunked: bool,
) -> Traced:
    from accelerate.utils.operations import convert_outputs_to_fp32

    from finetune_studio.engine.device import Device
    from finetune_studio.engine.figures import Meter
    from finetune_studio.engine.loss import Loss
    from finetune_studio.engine.speed.head import Head

    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, fused=True)
    forward = convert_outputs_to_fp32(model.forward)
    cpu = Device("cpu", 0, 0, 1, "bf16")
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    head = Head(base.get_output_embeddings(), base.config, cpu) if chunked else None
    loss_of, lasting = Loss("chat", Meter(), head), 0
    for _ in range(steps):
        gc.collect()
        lasting = held.peak = held.now
        for _ in range(accumulation):
            ids = torch.zeros(batch, length, dtype=torch.long)
            places = torch.arange(batch * (length - 1))
            given = {"input_ids": ids, "labels": ids.clone(), "learned": places}
            loss = loss_of(_autocast(forward), given, torch.tensor(batch * length))
            loss.backward()
            del loss
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return Traced(lasting, held.peak, sum(weight.numel() for weight in trained))
