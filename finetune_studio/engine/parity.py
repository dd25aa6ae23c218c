"""Does an export say what the trained model said?

`python -m finetune_studio.engine.parity EXPORT REFERENCE [--run RUN] [--base GGUF] [--own-code]`.
An adapter needs its run or base, a model with code of its own that this was agreed to. Prints one
JSON line. The reference is what the trained model said (reference.py).
"""

import argparse
import json
import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F

from finetune_studio.engine.process import run_as_process
from finetune_studio.engine.reference import ANSWER, Reference
from finetune_studio.engine.speakers import FolderReader, LlamaCpp, Loaded, Reader, Speaker
from finetune_studio.export import about as kept_about
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.folder import RunFolder
from finetune_studio.tokens.examples import IGNORED

CLOSE = 0.01
"""Mean KL divergence, in nats a place, that rounding to 16 bits explains.

Measured on SmolLM2-135M and the demo model: 0.0007 to 0.005.
"""
Figures = dict[str, Any]


def compare(speaker: Speaker, reference: Reference) -> Figures:
    """How far a model is from what was said.

    Returns:
        `mean_kl` and `max_kl` in nats a place, `top1_match` as a share, `max_difference` of a
        logit, `places`; for generating models `perplexity`, `perplexity_ratio` to the trained
        model's, `greedy_match` (share of prompts with the same answer) and `greedy_common` (share
        of the answers up to the first other token).
    """
    divergences, matches, differences = [], [], []
    before, after = _Perplexity(), _Perplexity()
    for number, (row, said) in enumerate(zip(reference.rows, reference.logits, strict=True)):
        says = speaker.logits(row)[:, : said.shape[-1]]
        was, now = F.log_softmax(said, -1), F.log_softmax(says, -1)
        divergences.append(F.kl_div(now, was, reduction="none", log_target=True).sum(-1))
        matches.append((said.argmax(-1) == says.argmax(-1)).float())
        differences.append((said - says).abs().max())
        if reference.labels:
            before.add(was, reference.labels[number])
            after.add(now, reference.labels[number])
    apart = torch.cat(divergences)
    figures = {
        "mean_kl": apart.mean().item(),
        "max_kl": apart.max().item(),
        "top1_match": torch.cat(matches).mean().item(),
        "max_difference": torch.stack(differences).max().item(),
        "places": len(apart),
        "held_out": reference.held_out,
    }
    if reference.labels:
        figures |= {"perplexity": after.value, "perplexity_ratio": after.value / before.value}
    return figures | _greedy(speaker, reference)


class _Perplexity:
    """Over the labels that are learned."""

    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def add(self, chances: torch.Tensor, labels: torch.Tensor) -> None:
        """Take in a row: `chances` `[places, choices]` are logarithms."""
        kept = labels[1:] != IGNORED
        found = chances[:-1][kept].gather(-1, labels[1:][kept][:, None])
        self._sum -= found.double().sum().item()
        self._count += len(found)

    @property
    def value(self) -> float:
        """The exponential of the mean loss."""
        return math.exp(min(self._sum / max(self._count, 1), 700))


def _greedy(speaker: Speaker, reference: Reference) -> Figures:
    if not reference.talks:
        return {}
    same, common = 0, 0.0
    for talk in reference.talks:
        answer = speaker.greedy(talk.ids, ANSWER, reference.stops)
        same += answer == talk.answer
        equal = (a == b for a, b in zip(answer, talk.answer, strict=False))
        common += next((n for n, each in enumerate(equal) if not each), len(talk.answer)) / max(
            len(talk.answer), 1
        )
    count = len(reference.talks)
    return {"greedy_match": same / count, "greedy_common": common / count, "prompts": count}


def read_alike(reader: Reader, reference: Reference) -> Figures:
    """Whether texts and conversations become the same tokens.

    Returns:
        `token_ids_equal`, `prompt_equal`, and `unequal`, the first few texts that differ.
    """
    unequal = [text for text, ids in reference.texts if reader.tokens(text) != ids]
    alike, prompts = not unequal, None
    for talk in reference.talks:
        if (made := reader.prompt(talk.messages)) is None:
            continue
        prompts = (prompts is not False) and made[0] == talk.text
        alike = alike and made[1] == talk.ids
        if made[1] != talk.ids:
            unequal.append(talk.text)
    return {"token_ids_equal": alike, "prompt_equal": prompts, "unequal": unequal[:3]}


def measure(
    folder: Path,
    reference: Reference,
    run: RunFolder | None,
    base: Path | None,
    *,
    own_code: bool = False,
) -> Figures:
    """Load an export in its own runtime and compare it; see `compare` and `read_alike`.

    Args:
        folder: The export.
        reference: What the trained model said.
        run: The run, for an adapter.
        base: The base model as a GGUF file, for a GGUF adapter.
        own_code: Whether the person agreed to run code that the model brings.
    """
    about = kept_about.read(folder)
    if str(about.get("format")).startswith("gguf"):
        file, context = folder / about["file"], _longest(reference)
        model = LlamaCpp(base, context, file) if base else LlamaCpp(file, context)
        return compare(model, reference) | read_alike(model, reference)
    loaded = Loaded(_load(folder, about, run, own_code))
    reader = FolderReader(folder, chats=about["task"] == "chat")
    return compare(loaded, reference) | read_alike(reader, reference)


def _longest(reference: Reference) -> int:
    """Tokens that a context must hold."""
    talks = (len(talk.ids) + ANSWER for talk in reference.talks)
    return max(*(len(row) for row in reference.rows), *talks) + 1


def _load(folder: Path, about: dict[str, Any], run: RunFolder | None, own_code: bool) -> Any:
    from finetune_studio.engine.device import find_device
    from finetune_studio.engine.tuned import load_whole, open_tuned

    if run is not None:  # an adapter, which needs the base model of its run
        return replace(open_tuned(run), folder=folder).model()
    device = find_device(Recipe())
    return load_whole(folder, bool(about["labels"]), device, own_code=own_code)


def _main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("export", type=Path)
    parser.add_argument("reference", type=Path)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--base", type=Path)
    parser.add_argument("--own-code", action="store_true")
    options = parser.parse_args(arguments)
    run = RunFolder.open(options.run) if options.run else None
    kept = Reference.load(options.reference)
    found = measure(options.export, kept, run, options.base, own_code=options.own_code)
    print(json.dumps(found, ensure_ascii=False))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(run_as_process(_main))
