"""The real kernels on a GPU: every idea's gradients against fp32, family by family.

Half precision rounds; so an idea may be no further from fp32 than the plain layers in bf16 are,
but for a margin. Needs an NVIDIA GPU. Liger changes the families' modules for the whole process:
after each test they are what they were.
"""

import copy
import math
import sys
from functools import cache

import pytest
import torch
from bitsandbytes.functional import quantize_4bit
from torch.nn.attention import SDPBackend

from finetune_studio.engine.adapters import with_adapter
from finetune_studio.engine.collating import Collator
from finetune_studio.engine.device import Device
from finetune_studio.engine.loading import keep_fewer_activations, load_model
from finetune_studio.engine.loss import sums_of, with_places
from finetune_studio.engine.speed import (
    attention,
    compiled,
    entropy,
    even,
    fp8,
    rounding,
    tiled,
    unpacking,
)
from finetune_studio.engine.speed.adapter import fuse_adapters
from finetune_studio.engine.speed.compiled import compile_layers
from finetune_studio.engine.speed.eighths import multiply_in_float8
from finetune_studio.engine.speed.fp8 import into_float8
from finetune_studio.engine.speed.head import choose_head
from finetune_studio.engine.speed.joined import join_layers
from finetune_studio.engine.speed.kernels import use_kernels
from finetune_studio.engine.speed.offload import offload_checkpoints
from finetune_studio.engine.speed.triton_here import kernels_of
from finetune_studio.engine.speed.unread import skip_unread
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.engine.speed.test_adapter import stirred
from tests.engine.speed.test_lines import UNCAPPED
from tests.engine.speed.test_unread import NORMED
from tests.engine.test_loss import rows_of
from tests.helpers.families import FAMILIES, make_family

pytestmark = pytest.mark.needs_gpu

GPU = Device("cuda", 0, 0, 1, "bf16")
MARGIN = 1.6
"""How much further than plain bf16 an idea may be from fp32: other orders of rounding."""
FLOOR = 0.004
"""Of the gradient's size: where plain bf16 happens to be nearer than its own precision (2⁻⁸)."""


@cache
def families():
    """The families' modules; made at once, so that none is first met when it is changed already."""
    return {sys.modules[type(make_family(name)).__module__] for name in FAMILIES}


@pytest.fixture(autouse=True)
def modules_stay():
    """Give the families' modules, and the classes in them, back what a test exchanged."""
    kept = [
        (each, dict(vars(each)))
        for module in families()
        for each in (module, *vars(module).values())
        if each is module or (isinstance(each, type) and each.__module__ == module.__name__)
    ]
    names = [(each, each.__name__) for each, _ in kept]
    yield
    for each, had in kept:
        now = dict(vars(each))
        for name in now.keys() - had.keys():
            delattr(each, name)
        for name, value in had.items():
            if now.get(name) is not value:
                setattr(each, name, value)
    for each, name in names:
        each.__name__ = name


def recipe(**changes):
    return store.with_changes(Recipe(), {n.replace("__", "."): v for n, v in changes.items()})


PLAIN = recipe(method__rank=8, training__speed__fused_adapters="off")


def adapted(base, asked=PLAIN):
    return stirred(with_adapter(base, asked)).cuda()


def gradients(model, batch, *, half=True, head=None):
    """One flat fp32 tensor of every gradient, and the loss."""
    for weight in model.parameters():
        weight.grad = None
    moved = {name: each.cuda() for name, each in with_places(batch, head).items()}
    with torch.autocast("cuda", torch.bfloat16, enabled=half):
        lost, _, counted = sums_of(model, moved, False, head)
    (lost / counted).backward()
    named = [(n, w.grad.float().flatten()) for n, w in model.named_parameters() if w.requires_grad]
    return torch.cat([grad for _, grad in sorted(named, key=lambda each: each[0])]), float(
        lost / counted
    )


def apart(one, other):
    return float((one[0] - other[0]).norm() / other[0].norm())


def exact(family, batch):
    return gradients(adapted(make_family(family)), batch, half=False)


def halved(family, **options):
    return adapted(make_family(family).to(torch.bfloat16), **options)


def fuse(model, together, asked=None):
    assert fuse_adapters(asked or Recipe(), model).used
    if together:
        choice = join_layers(asked or Recipe(), model, GPU, compiled=False)
        assert choice.used or choice.why == "no two layers read one input"


def judge(found, plain, reference):
    assert found[1] == pytest.approx(reference[1], rel=0.01)
    assert apart(found, reference) <= max(MARGIN * apart(plain, reference), FLOOR)


@pytest.mark.parametrize("family", UNCAPPED)
def test_rows_in_one_line_through_the_kernel(family):
    rows = rows_of()
    apart_batch, line = Collator(0)(rows), Collator(0, flat=True)(rows)
    reference = exact(family, apart_batch)
    plain = gradients(halved(family), apart_batch)
    base = make_family(family).to(torch.bfloat16)
    if attention._obstacle(GPU, base.config):
        pytest.skip(f"other: {attention._obstacle(GPU, base.config)}")
    attention.install(base)
    judge(gradients(adapted(base), line), plain, reference)


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_adapters_in_one_product(family, together):
    batch = Collator(0)(rows_of())
    reference, model = exact(family, batch), halved(family)
    plain = gradients(model, batch)
    fuse(model, together)
    judge(gradients(model, batch), plain, reference)


@pytest.mark.parametrize("family", FAMILIES)
def test_liger_kernels(family):
    batch = Collator(0)(rows_of())
    reference, plain = exact(family, batch), gradients(halved(family), batch)
    base = make_family(family).to(torch.bfloat16).cuda()
    choice = use_kernels(Recipe(), base, GPU, compiled=False)
    if not choice:
        pytest.skip(f"other: {choice.why}")
    judge(gradients(adapted(base), batch), plain, reference)


@pytest.mark.parametrize("family", FAMILIES)
def test_layers_compiled(family):
    if why := compiled._obstacle(Recipe(), GPU):
        pytest.skip(f"other: {why}")
    judge_compiled(family)


@pytest.mark.parametrize("size", [16, 20, 24, 36, 40, 48, 80, 96, 128])
def test_layers_with_a_norm_of_each_head_compiled(monkeypatch, size):
    monkeypatch.setitem(FAMILIES, "qwen3", ("Qwen3", {"head_dim": size}))
    judge_compiled("qwen3")


def judge_compiled(family):
    torch.compiler.reset()
    batch = Collator(0)(rows_of())
    reference, model = exact(family, batch), halved(family)
    plain = gradients(model, batch)
    fuse_adapters(Recipe(), model)
    compile_layers(model)
    for _ in range(6):
        litter()
        judge(gradients(model, batch), plain, reference)


def litter():
    """Leave NaN in the GPU's free memory: what is read before it is written shows at once."""
    sizes = {2**9: 400, 2**12: 200, 2**16: 200, 2**19: 100, 2**22: 40, 3 * 2**23: 10}  # in bytes
    numbers = [(size // 4, count) for size, count in sizes.items()]
    held = [torch.full((n,), math.nan, device="cuda") for n, count in numbers for _ in range(count)]
    torch.cuda.synchronize()
    held.clear()


def with_and_without_a_shelf(family):
    bases = [make_family(family).to(torch.bfloat16).cuda() for _ in range(2)]
    for base in bases:
        keep_fewer_activations(base)
    assert offload_checkpoints(Recipe(), bases[1], GPU, 2000).used
    return [adapted(each) for each in bases]


@pytest.mark.parametrize("family", ["llama", "qwen3", "gemma3", "granite"])
def test_checkpoints_in_host_memory_give_the_same_to_the_last_bit(family):
    models = with_and_without_a_shelf(family)
    for _ in range(3):
        for rows in (rows_of(), rows_of()[:3]):
            kept, shelved = (gradients(model, Collator(0)(rows)) for model in models)
            assert torch.equal(kept[0], shelved[0])


@pytest.mark.parametrize("family", ["llama", "qwen3", "gemma3", "granite"])
def test_checkpoints_of_compiled_layers_in_host_memory(family):
    """A first pass without gradients is compiled to another graph, which rounds in other places."""
    torch.compiler.reset()
    batch = Collator(0)(rows_of())
    reference = exact(family, batch)
    models = with_and_without_a_shelf(family)
    for model in models:
        compile_layers(model)
    plain = gradients(halved(family), batch)
    for _ in range(3):
        litter()
        kept, shelved = (gradients(model, batch) for model in models)
        judge(kept, plain, reference)
        judge(shelved, plain, reference)


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("shelf", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_unread_products_left_out_change_no_bit(family, shelf, together):
    batch = Collator(0)(rows_of())
    base = make_family(family).to(torch.bfloat16).cuda()
    keep_fewer_activations(base)
    assert not shelf or offload_checkpoints(Recipe(), base, GPU, 2000).used
    model = adapted(base)
    fuse(model, together)
    expected = gradients(model, batch)
    assert torch.equal(gradients(model, batch)[0], expected[0])  # it is the same twice
    choice = skip_unread(Recipe(), model, GPU, compiled=False)
    assert choice.used is (family not in NORMED), choice.why
    found = gradients(model, batch)
    assert found[1] == expected[1]
    assert torch.equal(found[0], expected[0])


def test_feed_forward_in_tiles(monkeypatch):
    monkeypatch.setattr(tiled, "TILE", 16)
    batch = Collator(0)(rows_of())
    reference, model = exact("llama", batch), halved("llama")
    plain = gradients(model, batch)
    assert tiled.tile_feed_forward(Recipe(), model, GPU, 20_000).used
    judge(gradients(model, batch), plain, reference)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_loss_in_chunks(family):
    batch = Collator(0)(rows_of())
    reference = exact(family, batch)
    base = make_family(family).to(torch.bfloat16).cuda()
    plain = gradients(adapted(copy.deepcopy(base)), batch)
    head, choice = choose_head(Recipe(), base, GPU)
    assert choice.used
    judge(gradients(adapted(base), batch, head=head), plain, reference)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("size", [16, 48, 4096, 14336])
@pytest.mark.parametrize("scaled", [False, True])
def test_rows_are_rounded_in_one_kernel_as_by_plain_operations(kind, size, scaled):
    """To the last bit where the GPU rounds fp32 to float8 at once: compute capability 9.0."""
    drawn = torch.Generator().manual_seed(size)
    rows = torch.randn(70, size, generator=drawn).to(kind)
    rows[3] *= 1e-3
    rows[5] = 0
    factors = torch.rand(size, generator=drawn) + 0.1 if scaled else None
    given = rows.cuda(), None if factors is None else factors.cuda()
    assert rounding.serves(given[0]), "Triton is not installed"
    (kept, scale), expected = fp8.rounded(*given), fp8.rounded(rows, factors)
    assert torch.equal(scale.cpu(), expected[1])
    off = (kept.cpu().float() - expected[0].float()).abs()
    assert not off.any() or torch.cuda.get_device_capability() < (9, 0)
    assert (off <= expected[0].float().abs() * 2**-3).all()
    half = given[0][:, ::2]  # rows that do not lie one after the other
    assert torch.equal(fp8.rounded(half)[1].cpu(), fp8.rounded(rows[:, ::2])[1])


@pytest.mark.parametrize("shape", [(16, 16), (48, 4096), (4096, 1024), (1000, 80)])
def test_a_weight_is_turned(shape):
    weight = torch.randn(shape, device="cuda").to(fp8.FLOAT8)
    turned = rounding.turned(weight)
    assert turned.is_contiguous()
    assert torch.equal(turned.view(torch.uint8), weight.view(torch.uint8).t())


@pytest.mark.parametrize("fused", ["", "each", "together"])
@pytest.mark.parametrize("family", ["llama", "qwen2", "gemma3"])
def test_a_base_in_float8_is_what_the_plain_operations_say(family, fused):
    """The GPU's products against the same roundings by hand, on the CPU."""
    batch = Collator(0)(rows_of())
    bases = [make_family(family), make_family(family)]
    into_float8(bases[0], Device("cpu", 0, 0, 1, "fp32"), ["lm_head"])
    into_float8(bases[1].to(torch.bfloat16), GPU, ["lm_head"])
    by_hand, model = stirred(with_adapter(bases[0], PLAIN)), adapted(bases[1])
    if fused:
        fuse(model, fused == "together")
    lost, _, counted = sums_of(by_hand, batch, False, None)
    (lost / counted).backward()
    named = [(n, w.grad.flatten()) for n, w in by_hand.named_parameters() if w.requires_grad]
    expected = torch.cat([grad for _, grad in sorted(named, key=lambda each: each[0])]).cuda()
    found = gradients(model, batch)
    assert found[1] == pytest.approx(float(lost / counted), rel=0.01)
    assert float((found[0] - expected).norm() / expected.norm()) < 0.1


@pytest.mark.parametrize("together", [False, True])
def test_a_four_bit_base_in_one_product(tiny, together):
    asked = recipe(method__kind="qlora", training__speed__fused_adapters="on")
    model = adapted(load_model(asked, tiny, GPU, None, 0), asked)
    batch = Collator(0)(rows_of())
    plain = gradients(model, batch)
    fuse(model, together, asked)
    found = gradients(model, batch)
    assert found[1] == pytest.approx(plain[1], rel=0.01)
    assert apart(found, plain) < 0.02


@pytest.mark.parametrize("together", [False, True])
def test_a_four_bit_base_in_float8_products(tiny, together):
    asked = recipe(
        method__kind="qlora",
        training__speed__fused_adapters="on",
        training__speed__float8_products="on",
    )
    model = adapted(load_model(asked, tiny, GPU, None, 0), asked)
    batch = Collator(0)(rows_of())
    plain = gradients(model, batch)
    fuse_adapters(asked, model)
    assert multiply_in_float8(asked, model, GPU).used
    if together:
        assert join_layers(asked, model, GPU, compiled=False).used
    found = gradients(model, batch)
    assert found[1] == pytest.approx(plain[1], rel=0.01)
    assert apart(found, plain) < 0.1


@pytest.mark.parametrize("shape", [(16, 64), (48, 4096), (1000, 320), (4096, 1024)])
def test_a_four_bit_weight_is_unpacked_in_one_kernel_as_by_plain_operations(shape):
    weight = torch.randn(shape, device="cuda", dtype=torch.bfloat16)
    packed, state = quantize_4bit(weight, quant_type="nf4", compress_statistics=True, blocksize=64)
    assert kernels_of("unpacking_kernels", packed) is not None, "Triton is not installed"
    assert unpacking._is_usual(state)
    expected = unpacking.in_fp32(packed, state)
    for kind in (torch.bfloat16, torch.float16, torch.float32):
        made = unpacking.unpacked(packed, state, kind)
        assert torch.allclose(made.float(), expected.to(kind).float(), rtol=2**-7, atol=1e-6)
    straight, scales = unpacking.in_float8(packed, state, turned=False)
    turned, _ = unpacking.in_float8(packed, state, turned=True)
    assert torch.equal(turned.view(torch.uint8), straight.view(torch.uint8).t())
    by_hand = (expected / scales).to(fp8.FLOAT8).float()
    assert ((straight.float() - by_hand).abs() <= by_hand.abs() * 2**-3).all()
    assert (straight.float() != by_hand).float().mean() < 1e-3


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("size", [200, 8192, 49_152, 128_256])
def test_cross_entropy_in_one_kernel_is_that_of_plain_operations(kind, size):
    drawn = torch.Generator("cuda").manual_seed(size)
    logits = (torch.randn(37, size, device="cuda", generator=drawn) * 4).to(kind)
    targets = torch.randint(size, (37,), device="cuda", generator=drawn)
    targets[:9] = logits[:9].argmax(-1)
    assert kernels_of("entropy_kernels", logits) is not None, "Triton is not installed"
    slopes, lost, hits = entropy.cross_entropy(logits, targets, True)
    expected = entropy.plain(logits.double() if kind is torch.float32 else logits, targets, True)
    assert float(lost) == pytest.approx(float(expected[1]), rel=1e-5)
    assert 9 <= int(hits) <= int(expected[2]) + 9  # of several likeliest tokens one is right
    near = max(4 * torch.finfo(kind).eps, 1e-4)  # a GPU's own exp is rounded more than PyTorch's
    assert torch.allclose(slopes.float(), expected[0].float(), rtol=near, atol=near**2)
    none, again, same = entropy.cross_entropy(logits, targets, False)
    assert none is None
    assert (float(again), int(same)) == (float(lost), int(hits))
    logits[4, 5] = math.nan
    assert math.isnan(entropy.cross_entropy(logits, targets, True)[1])


@pytest.mark.parametrize("heads", [(8, 8, 64), (8, 2, 128), (4, 1, 256), (6, 3, 80)])
def test_full_rows_through_cudnn(heads):
    """Beside the variable-length kernel: as far from fp32 as that is, but for the margin."""
    if torch.cuda.get_device_capability() < even.OLDEST:
        pytest.skip("other: the GPU is older than Hopper")
    count, shared, size = heads
    length, rows = even.SHORTEST, 3
    drawn = torch.Generator("cuda").manual_seed(0)
    given = [
        torch.randn(1, each, rows * length, size, device="cuda", generator=drawn)
        for each in (count, shared, shared)
    ]
    starts = torch.arange(rows + 1, device="cuda").int() * length

    def attended(kind, run):
        taken = [each.to(kind).requires_grad_() for each in given]
        out = run(taken)
        slopes = torch.autograd.grad(out.float().sin().sum(), taken)
        return torch.cat([each.float().flatten() for each in (out.detach(), *slopes)])

    assert even.serves(given[0].bfloat16(), given[1], length)
    exact = attended(torch.float32, lambda each: even.attend(each, length, None, SDPBackend.MATH))
    plain = attended(
        torch.bfloat16, lambda each: attention._apart(each, starts, length, None, (-1, 0))
    )
    found = attended(
        torch.bfloat16, lambda each: even.attend(each, length, None, SDPBackend.CUDNN_ATTENTION)
    )
    assert (found - exact).norm() <= MARGIN * (plain - exact).norm()
