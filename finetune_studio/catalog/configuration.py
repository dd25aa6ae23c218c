"""Reads figures from a config.json that may be wrong: each is believed only within limits."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from finetune_studio import paths
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

LARGEST = 100_000_000
"""Beyond every width, count or vocabulary there is."""
ALIASES = {
    "num_hidden_layers": ("num_layers", "n_layer", "n_layers"),
    "hidden_size": ("n_embd", "d_model"),
    "num_attention_heads": ("n_head", "n_heads"),
    "intermediate_size": ("n_inner", "ffn_dim", "block_ff_dim"),
    "max_position_embeddings": ("n_positions", "max_seq_len", "seq_length", "n_ctx"),
    "num_local_experts": ("num_experts", "n_routed_experts"),
    "num_experts_per_tok": ("num_experts_per_token",),
}


@dataclass(frozen=True)
class Figures:
    """A configuration's figures, with what its model type takes where it is silent.

    Attributes:
        model_type: Such as `llama`.
        config: The text model's configuration.
    """

    model_type: str
    config: Mapping[str, Any]

    def size(self, name: str, default: int | None = None, least: int = 1) -> int:
        """A width or a count.

        Raises:
            RefusedError: It is missing, or no sensible number.
        """
        value = self.given(name)
        if value is None:
            value = default
        if value is None:
            raise _refused(tr("{name} is missing").format(name=name))
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST:
            shown = repr(value)[:40]
            raise _refused(
                tr("{name} is {value}, which is no sensible number").format(name=name, value=shown)
            )
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """A choice."""
        value = self.given(name)
        return default if value is None else bool(value)

    def given(self, name: str) -> Any:
        """What the configuration says, else what its model type takes; None for neither."""
        for each in (name, *ALIASES.get(name, ())):
            if self.config.get(each) is not None:
                return self.config[each]
        return _defaults().get(self.model_type, {}).get(name)


def _refused(why: str) -> RefusedError:
    return RefusedError(
        tr("The model's configuration cannot be read."),
        tr("config.json: {why}.").format(why=why),
        tr("Download or copy the model again, or choose another."),
    )


def wrong(why: str) -> RefusedError:
    """The refusal of a configuration that contradicts itself."""
    return _refused(why)


@functools.cache
def _defaults() -> Mapping[str, Mapping[str, Any]]:
    file = paths.resources() / "catalog" / "defaults.json"
    content: Mapping[str, Mapping[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["types"]
    return content
