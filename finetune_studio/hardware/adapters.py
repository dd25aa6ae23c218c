"""Which layers get an adapter, and how many parameters that trains.

The same words as the trainer's: `all-linear`, `attention`, `mlp`, or a layer's own last name. A
name that is found once counts wherever it occurs, as peft does it.
"""

from collections.abc import Iterable

from finetune_studio.catalog.layers import Architecture, Layer, Matrix
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

GROUPS = {
    "attention": ("attn", "attention"),
    "mlp": ("mlp", "feed_forward", "ffn", "experts"),
}
"""Words in the path of a layer that tell its group."""


def target_names(model: Architecture, asked: Iterable[str]) -> frozenset[str]:
    """The last names of the layers that get an adapter.

    Raises:
        RefusedError: A word fits no layer of this model; the names it has are told.
    """
    found: set[str] = set()
    for word in asked:
        fitting = {each.name for each in model.written_kinds if _fits(each, word)}
        if not fitting:
            names = ", ".join(sorted({each.name for each in model.written_kinds}))
            raise RefusedError(
                tr("This model has no layer called {word}.").format(word=word),
                hint=tr("Choose from: {names}.").format(names=names),
            )
        found |= fitting
    return frozenset(found)


def targets_in(layer: Layer, names: frozenset[str]) -> list[Matrix]:
    """The matrices of one layer that get an adapter."""
    return [matrix for matrix in layer.matrices if matrix.name in names]


def adapter_parameters(model: Architecture, names: frozenset[str], rank: int, dora: bool) -> int:
    """Parameters of the adapter: two thin matrices for each layer, and DoRA's magnitudes."""
    chosen = [(each, count) for each, count in model.written_kinds.items() if each.name in names]
    thin = sum(count * rank * (each.inputs + each.outputs) for each, count in chosen)
    return thin + (sum(count * each.outputs for each, count in chosen) if dora else 0)


def _fits(matrix: Matrix, word: str) -> bool:
    if word == "all-linear":
        return True
    if word in GROUPS:
        return any(part in matrix.block for part in GROUPS[word])
    return word == matrix.name
