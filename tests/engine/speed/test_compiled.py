"""Compiled layers learn what plain ones learn, are compiled once, and only where it pays."""

import shutil
import time

import pytest
import torch

from finetune_studio.engine.adapters import with_adapter
from finetune_studio.engine.collating import Collator
from finetune_studio.engine.device import Device
from finetune_studio.engine.speed.compile_time import CompileTime
from finetune_studio.engine.speed.compiled import (
    choose_compiled,
    compile_layers,
)
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.engine.speed.test_lines import assert_same, learned, packed
from tests.engine.test_loss import rows_of
from tests.helpers.families import make_family

GPU, CPU = Device("cuda", 0, 0, 1, "bf16"), Device("cpu", 0, 0, 1, "fp32")
FULL = {"method.kind": "full"}
CHOICES = [
    (GPU, FULL, 300, True, "auto"),
    (GPU, FULL, 299, True, "299 batches are too few to earn it"),
    (GPU, FULL, 300, False, "without packing every batch has another length"),
    (GPU, {}, 300, True, "with an adapter, Liger's kernels were faster"),
    (GPU, {"method.kind": "qlora"}, 300, True, "with an adapter, Liger's kernels were faster"),
    (
        GPU,
        {"method.base_precision": "fp8", "training.speed.compile": "on"},
        300,
        True,
        "products in 8-bit floats failed to compile",
    ),
    (GPU, {"training.speed.compile": "off"}, 300, True, "the recipe says off"),
    (GPU, {"training.speed.compile": "on"}, 2, False, "as asked"),
    (CPU, {}, 9000, True, "on a processor it earns little"),
]


@pytest.mark.parametrize(("device", "changes", "batches", "fixed", "why"), CHOICES)
def test_it_is_used_where_it_pays(monkeypatch, device, changes, batches, fixed, why):
    """The GPU's Triton is simulated: looked for, not used."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    recipe = store.with_changes(Recipe(), changes)
    choice = choose_compiled(recipe, device, batches, packed=fixed)
    assert (choice.used, choice.why) == (why in ("auto", "as asked"), why)


@pytest.mark.parametrize(
    ("device", "why"),
    [(GPU, "Triton is not installed"), (CPU, "there is no C++ compiler on this machine")],
)
def test_a_machine_without_a_compiler_says_so(monkeypatch, device, why):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    asked = store.with_changes(Recipe(), {"training.speed.compile": "on"})
    choice = choose_compiled(asked, device, 9000, packed=True)
    assert (choice.used, choice.why) == (False, why)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit.script_method`:DeprecationWarning")
@pytest.mark.filterwarnings(
    "ignore:The .grad attribute of a Tensor that is not a leaf"
)  # dynamo asks each
@pytest.mark.skipif(not shutil.which("c++"), reason="needs_compiler: no C++ compiler here")
def test_other_documents_of_the_same_length_do_not_compile_again():
    forget_compiled()
    rows = rows_of()
    collate = Collator(0, length=160)
    batches = [collate(packed(rows)), collate(packed(rows[::-1]))]
    expected = [learned(with_adapter(make_family("llama"), Recipe()), [each]) for each in batches]
    model = with_adapter(make_family("llama"), Recipe())
    compile_layers(model)
    assert_same(learned(model, batches[:1]), expected[0])
    first = compiled_so_far()
    assert first["count"] > 0
    assert first["seconds"] > 0
    assert_same(learned(model, batches[1:]), expected[1])
    assert compiled_so_far() == first


def forget_compiled():
    """Count anew, whatever this process has compiled before."""
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    torch._dynamo.utils.compilation_time_metrics.clear()


def compiled_so_far():
    """How often and how long this process has compiled."""
    seconds = torch._dynamo.utils.compilation_time_metrics.get("_compile.compile_inner", [])
    count = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    return {"count": count, "seconds": sum(seconds)}


def test_what_compiling_took_is_told_once(monkeypatch):
    clock = iter([0.0, 21.0, 21.0, 30.0, 30.0, 32.0, 32.0, 34.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    told = []
    watch = CompileTime(lambda kind, **fields: told.append((kind, fields)))
    for _ in range(4):
        watch.on_step_begin()
        watch.on_step_end()
    ((kind, fields),) = told
    assert (kind, fields["code"]) == ("notice", "compiled")
    assert fields["values"] == {"seconds": 26.0}  # 21 + 9 s in place of twice 2 s
