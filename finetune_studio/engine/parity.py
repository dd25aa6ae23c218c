"""Does a model on disk say what the trained model said?

`python -m finetune_studio.engine.parity FOLDER REFERENCE [RUN]`; an adapter needs its run. The
reference is the trained model's own output on held-out rows, kept in a file, so that the model
under test is loaded in a process that never saw the other.
"""

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

from finetune_studio.engine.process import run_as_process
from finetune_studio.engine.result import ABOUT
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.folder import RunFolder

if TYPE_CHECKING:
    from finetune_studio.engine.dataset import Prepared
    from finetune_studio.engine.tuned import Tuned

ROWS = 16  # held-out rows that are compared
TOKENS = 256  # at most, of each row
CLOSE = 0.01
"""Mean KL divergence, in nats a place, that rounding to 16 bits explains.

Measured on SmolLM2-135M and the demo model: 0.0007 to 0.005.
"""


@dataclass(frozen=True)
class Reference:
    """What the trained model said.

    Attributes:
        rows: Token ids, one `[tokens]` tensor a row.
        logits: One `[places, choices]` fp32 tensor a row: every place of a generating model, the
            single decision of a classification.
    """

    rows: list[torch.Tensor]
    logits: list[torch.Tensor]

    def save(self, path: Path) -> None:
        """Write both to a safetensors file."""
        tensors = {f"row.{n}": row for n, row in enumerate(self.rows)}
        save_file(tensors | {f"logits.{n}": each for n, each in enumerate(self.logits)}, path)

    @classmethod
    def load(cls, path: Path) -> "Reference":
        """Read them back."""
        kept = load_file(path)
        count = sum(name.startswith("row.") for name in kept)
        return cls(
            [kept[f"row.{n}"] for n in range(count)], [kept[f"logits.{n}"] for n in range(count)]
        )


def reference_of(model: nn.Module, tuned: "Tuned", data: "Prepared") -> Reference:
    """What `model` says on the first held-out rows; on training rows where none are held out."""
    source = data.validation if len(data.validation) else data.train
    kept = source.select(range(min(ROWS, len(source))))["input_ids"]
    rows = [torch.tensor(ids[:TOKENS]) for ids in kept]
    return Reference(rows, [logits_of(model, row) for row in rows])


@torch.no_grad()
def logits_of(model: nn.Module, row: torch.Tensor) -> torch.Tensor:
    """The logits for one row, `[places, choices]`, fp32 on the CPU."""
    place = next(model.parameters()).device
    found: torch.Tensor = model(input_ids=row[None].to(place)).logits
    return found.reshape(-1, found.shape[-1]).float().cpu()


def compare(model: nn.Module, reference: Reference) -> dict[str, float]:
    """`mean_kl` in nats a place, `top1_match` as a share, `max_difference` of a logit."""
    divergences, matches, differences = [], [], []
    for row, said in zip(reference.rows, reference.logits, strict=True):
        says = logits_of(model, row)
        before, now = F.log_softmax(said, -1), F.log_softmax(says, -1)
        divergences.append(F.kl_div(now, before, reduction="none", log_target=True).sum(-1))
        matches.append((said.argmax(-1) == says.argmax(-1)).float())
        differences.append((said - says).abs().max())
    return {
        "mean_kl": torch.cat(divergences).mean().item(),
        "top1_match": torch.cat(matches).mean().item(),
        "max_difference": torch.stack(differences).max().item(),
        "places": sum(len(each) for each in matches),
    }


def _main(arguments: list[str]) -> int:
    from finetune_studio.engine.device import find_device
    from finetune_studio.engine.tuned import load_whole, open_tuned

    folder, kept = Path(arguments[0]), Path(arguments[1])
    if len(arguments) > 2:  # an adapter, which needs the base model of its run
        model = replace(open_tuned(RunFolder.open(Path(arguments[2]))), folder=folder).model()
    else:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        model = load_whole(folder, bool(about["labels"]), find_device(Recipe()))
    print(json.dumps(compare(model, Reference.load(kept))))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(run_as_process(_main))
