"""When a training step needs the most memory, and what lies there then.

A step has its moments: the end of the forward pass, the loss, the backward pass of a layer, that
of the embedding, and the optimiser's step. Gradients grow during the backward pass as activations
shrink; with accumulation they are there from the second batch on.
"""

from collections import Counter
from dataclasses import dataclass

from finetune_studio.catalog.layers import Architecture, Layer
from finetune_studio.hardware import activations
from finetune_studio.hardware.activations import WIDE
from finetune_studio.hardware.setup import Setup
from finetune_studio.hardware.weights import gradient_bytes, step_bytes, trainable_parameters
from finetune_studio.recipe.steps import chunk_places

LOSS_COPIES = 3
"""32-bit copies of the logits that lie side by side: the logits (or the loss's gradient), their
rows in order, and their logarithms."""
COMING = 2
"""Inputs of layers on the GPU at once, where they wait elsewhere: one in use, one on its way."""


@dataclass(frozen=True)
class Moment:
    """What lies in memory at one moment beside weights and optimiser states, in bytes."""

    name: str
    activations: float = 0.0
    logits: float = 0.0
    gradients: float = 0.0
    buffers: float = 0.0

    @property
    def total(self) -> float:
        """All of it."""
        return self.activations + self.logits + self.gradients + self.buffers


def moments(model: Architecture, setup: Setup) -> list[Moment]:
    """The moments of a step that may be the fullest."""
    layers = list(dict.fromkeys(model.layers))
    kept, rotary = _kept(model, setup), _rotary(model, setup)
    gradients = float(gradient_bytes(model, setup))
    before = gradients if setup.accumulation > 1 else 0.0
    copies = _copies(model, setup)
    borrowed = max(activations.borrowed_bytes(layer, setup) for layer in layers)
    weighing = max(activations.weighing_bytes(model, layer, setup) for layer in layers)
    above = _after_loss(model, setup) if setup.full else 0.0
    final = setup.tokens * _final(model, setup)
    return [
        Moment(
            "forward",
            kept + rotary + _forward(model, layers, setup),
            _plain_logits(model, setup),
            before,
            copies.forward + weighing,
        ),
        Moment("loss", kept + rotary + final, _logits(model, setup), before, copies.kept),
        Moment(
            "backward",
            kept + rotary + max(_backward(model, layer, setup) for layer in layers),
            0.0,
            max(before, above),
            borrowed + copies.kept + (weighing if setup.checkpointing else 0.0),
        ),
        Moment(
            "end of backward",
            kept / len(model.layers) + rotary + _backward(model, model.layers[0], setup),
            0.0,
            max(before, _before_last(model, setup, gradients)),
            borrowed,
        ),
        Moment("embedding", 0.0, 0.0, gradients, _embedding_again(model, setup)),
        Moment("step", 0.0, 0.0, gradients, float(step_bytes(model, setup))),
    ]


def fullest(model: Architecture, setup: Setup) -> Moment:
    """The moment that needs the most."""
    return max(moments(model, setup), key=lambda moment: moment.total)


@dataclass(frozen=True)
class _Copies:
    """Copies of trained weights in the type of products, while the forward pass runs, and after."""

    forward: float
    kept: float


def _copies(model: Architecture, setup: Setup) -> _Copies:
    c = setup.compute_bytes
    if setup.full:
        if setup.weight_bytes == c:
            return _Copies(0, 0)
        own = sum(count * each.weights for each, count in model.kinds.items())
        matrices = own + model.embedding
        return _Copies(c * matrices, c * (model.embedding if setup.checkpointing else matrices))
    if c == WIDE or setup.fused:  # what is in one product keeps its copies, see adapter_bytes
        return _Copies(0, 0)
    adapter = c * trainable_parameters(model, setup)
    return _Copies(adapter, 0 if setup.checkpointing else adapter)


def _kept(model: Architecture, setup: Setup) -> float:
    """What the forward pass of all layers leaves behind."""
    count = setup.kept_layers if setup.checkpointing else len(model.layers)
    again = setup.tokens * activations.residual_bytes(model, setup) * _waiting(model, setup, count)
    kinds = Counter(model.layers[len(model.layers) - count :]).items()
    each = sum(count * activations.saved_bytes(model, layer, setup) for layer, count in kinds)
    square = sum(count * _square(model, layer, setup) for layer, count in kinds)
    return again + setup.tokens * each + square


def _waiting(model: Architecture, setup: Setup, kept: int) -> int:
    """Layers whose input waits on the GPU to be computed again from; elsewhere, two are coming."""
    again = len(model.layers) - kept
    return min(again, COMING) if setup.offloaded else again


def _backward(model: Architecture, layer: Layer, setup: Setup) -> float:
    """What the backward pass of one layer adds."""
    working = activations.working_bytes(model, layer, setup)
    scores = activations.scores_bytes(layer, setup) / 2
    if not setup.checkpointing:
        return setup.tokens * working + scores
    saved = activations.saved_bytes(model, layer, setup)
    return setup.tokens * (saved + working) + 2 * _square(model, layer, setup) - scores


def _forward(model: Architecture, layers: list[Layer], setup: Setup) -> float:
    """What the forward pass of one layer needs for a moment, where nothing else is kept."""
    wide = max(3 * setup.compute_bytes * layer.inner for layer in layers)
    return setup.tokens * (wide + 2 * WIDE * model.hidden)


def _square(model: Architecture, layer: Layer, setup: Setup) -> float:
    """What grows with the square of the length: a mask, and scores where each is computed."""
    return _mask(model, layer, setup) + activations.scores_bytes(layer, setup)


def _mask(model: Architecture, layer: Layer, setup: Setup) -> float:
    """The attention mask, once as truth values for all layers and once as numbers for each."""
    attends = layer.mixer in ("attention", "sliding", "latent")
    windowed = 0 < layer.window <= setup.length and not setup.mask_free
    if not attends or not (activations.is_masked(model, setup) or windowed):
        return 0.0
    return setup.batch * setup.length**2 * setup.compute_bytes


def _rotary(model: Architecture, setup: Setup) -> float:
    """Sines and cosines of the positions, and the mask that all layers share."""
    widest = max(layer.head_dim for layer in model.layers)
    shared = setup.batch * setup.length**2 if activations.is_masked(model, setup) else 0
    return setup.tokens * 2 * widest * activations.stream_bytes(setup) / setup.batch + shared


def _final(model: Architecture, setup: Setup) -> float:
    """Bytes a token of the last norm, and of the head's input where the head is trained."""
    trained = setup.weight_bytes + setup.compute_bytes if setup.full else 0
    return (WIDE + trained) * model.hidden


def _after_loss(model: Architecture, setup: Setup) -> float:
    """The first gradient: the head's, which may be the embedding's too."""
    return float(setup.weight_bytes * model.embedding)


def _embedding_again(model: Architecture, setup: Setup) -> float:
    """The embedding's second gradient, beside the one that it has as the head."""
    tied = setup.full and model.tied and not setup.labels
    return float(setup.weight_bytes * model.embedding) if tied else 0.0


def _before_last(model: Architecture, setup: Setup, gradients: float) -> float:
    """The gradients when the first layer is reached: its own, and an untied embedding's, come."""
    coming = model.layers[0].parameters(model.hidden) + (0 if model.tied else model.embedding)
    return gradients - setup.weight_bytes * coming if setup.full else gradients


def _plain_logits(model: Architecture, setup: Setup) -> float:
    if setup.labels or setup.chunked:
        return 0.0
    return float(setup.compute_bytes * setup.tokens * model.vocabulary)


def _logits(model: Architecture, setup: Setup) -> float:
    """Everything the loss holds at its fullest."""
    if setup.labels:
        return float(WIDE * setup.batch * setup.labels)
    capped = setup.compute_bytes if model.cap else 0
    if setup.chunked:
        return _chunked(model, setup, capped)
    each = LOSS_COPIES * WIDE + capped
    return float(each * setup.tokens * model.vocabulary)


def _chunked(model: Architecture, setup: Setup, capped: int) -> float:
    """What a loss in chunks holds.

    A chunk's logits, in 32 bits where they are not, and their gradient; the head's input, and its
    gradient; of a head that is trained, its gradient so far, and after a chunk's cross-entropy the
    chunk's, which comes in the type of products.
    """
    c, whole = setup.compute_bytes, setup.weight_bytes
    half = c if c < WIDE else 0
    chunk = min(setup.tokens, chunk_places(model.vocabulary)) * model.vocabulary
    inputs = 2 * c * setup.tokens * model.hidden
    logits = (WIDE + 2 * half + 2 * capped) * chunk
    if not setup.full:
        return float(logits + inputs)
    coming = (whole + (c if whole > c else 0)) * model.embedding + 2 * c * chunk
    return float(whole * model.embedding + max(logits, coming) + inputs)
