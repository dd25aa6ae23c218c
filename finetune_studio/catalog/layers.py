"""The parts a language model is made of, as plain figures: matrices, experts, layers.

Weighs and counts; knows no configuration file and no GPU.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Mixer = Literal["attention", "sliding", "latent", "linear", "convolution"]


@dataclass(frozen=True)
class Matrix:
    """One linear layer.

    Attributes:
        name: The last part of its path, such as `q_proj`, by which adapters find it.
        block: The part before, such as `self_attn`.
        inputs: Width of what goes in.
        outputs: Width of what comes out.
        bias: Whether it adds a bias.
    """

    name: str
    block: str
    inputs: int
    outputs: int
    bias: bool = False

    @property
    def weights(self) -> int:
        """Numbers in the matrix, without the bias."""
        return self.inputs * self.outputs

    @property
    def parameters(self) -> int:
        """Numbers in all."""
        return self.weights + (self.outputs if self.bias else 0)


@dataclass(frozen=True)
class Experts:
    """The experts of one layer: stacked matrices that neither quantisation nor adapters reach.

    Attributes:
        count: How many there are.
        chosen: How many compute a token.
        inner: Their inner width.
        bias: Whether they add biases.
    """

    count: int
    chosen: int
    inner: int
    bias: bool = False

    def parameters(self, hidden: int) -> int:
        """Numbers in all of them: gate, up and down."""
        biases = self.count * (2 * self.inner + hidden) if self.bias else 0
        return self.count * 3 * hidden * self.inner + biases


@dataclass(frozen=True)
class Layer:
    """One decoder layer.

    Attributes:
        mixer: How tokens see each other: `attention` over everything, `sliding` over a window,
            `latent` (MLA), `linear` (a state instead of keys), `convolution`.
        matrices: Its linear layers.
        heads: Query heads (value heads of linear attention).
        kv_heads: Key and value heads.
        head_dim: Width of a query or key head.
        value_dim: Width of a value head.
        inner: Inner width of its dense feed-forward part; 0 where it has experts alone.
        gated: Whether that part multiplies two products (SwiGLU and kin).
        small: Parameters in neither matrices nor experts: norms, routers, convolutions.
        norms: How many norms as wide as the model it applies.
        head_norm: Whether queries and keys are normed.
        window: Tokens seen by a sliding layer.
        experts: Its experts; None where it is dense.
        post_norms: Whether it norms what it adds to the stream.
        eager: Whether transformers computes every attention score and keeps it.
    """

    mixer: Mixer
    matrices: tuple[Matrix, ...]
    heads: int
    kv_heads: int
    head_dim: int
    value_dim: int
    inner: int
    gated: bool
    small: int
    norms: int
    head_norm: bool = False
    window: int = 0
    experts: Experts | None = None
    post_norms: bool = False
    eager: bool = False

    def parameters(self, hidden: int) -> int:
        """All its numbers."""
        experts = self.experts.parameters(hidden) if self.experts else 0
        return sum(matrix.parameters for matrix in self.matrices) + self.small + experts


@dataclass(frozen=True)
class Architecture:
    """A whole language model.

    Attributes:
        model_type: Such as `llama`.
        hidden: Width of the model.
        vocabulary: Tokens it knows.
        context: Tokens it reads; 0 where the configuration does not say.
        layers: Its decoder layers.
        tied: Whether the embedding is the head, too.
        positions: Learned positions; 0 where they are computed.
        norm_size: Numbers in a norm for each place: 2 with a bias.
        seen: Linear layers of a vision part, which is loaded and never trained.
        seen_small: The other parameters of a vision part.
        cap: Whether logits are softly capped, which keeps copies of them.
    """

    model_type: str
    hidden: int
    vocabulary: int
    context: int
    layers: tuple[Layer, ...]
    tied: bool
    positions: int = 0
    norm_size: int = 1
    seen: tuple[Matrix, ...] = field(default=(), repr=False)
    seen_small: int = 0
    cap: bool = False

    @property
    def embedding(self) -> int:
        """Parameters of the token embedding."""
        return self.vocabulary * self.hidden

    @property
    def head(self) -> int:
        """Parameters of the head, where it is not the embedding."""
        return 0 if self.tied else self.embedding

    @cached_property
    def matrices(self) -> tuple[Matrix, ...]:
        """Every linear layer but the head."""
        return self.written + self.seen

    @cached_property
    def written(self) -> tuple[Matrix, ...]:
        """The linear layers that write text, the head apart: those that adapters reach."""
        return tuple(matrix for layer in self.layers for matrix in layer.matrices)

    @cached_property
    def kinds(self) -> Mapping[Matrix, int]:
        """Every kind of linear layer but the head, and how many there are: few in many layers."""
        return Counter(self.matrices)

    @cached_property
    def written_kinds(self) -> Mapping[Matrix, int]:
        """The same of those that write text."""
        return Counter(self.written)

    @cached_property
    def experts(self) -> int:
        """Parameters of all experts."""
        return sum(layer.experts.parameters(self.hidden) for layer in self.layers if layer.experts)

    @property
    def text_parameters(self) -> int:
        """Distinct parameters without a vision part."""
        body = sum(layer.parameters(self.hidden) for layer in self.layers)
        rest = (self.positions + self.norm_size) * self.hidden
        return self.embedding + self.head + body + rest

    @cached_property
    def parameters(self) -> int:
        """Distinct parameters; a weight that is used twice counts once."""
        seen = sum(matrix.parameters for matrix in self.seen) + self.seen_small
        return self.text_parameters + seen

    @cached_property
    def active(self) -> int:
        """Parameters in products that each token goes through, the head included."""
        chosen = sum(
            layer.experts.chosen * 3 * self.hidden * layer.experts.inner
            for layer in self.layers
            if layer.experts
        )
        dense = sum(matrix.weights for layer in self.layers for matrix in layer.matrices)
        return dense + chosen + self.embedding
