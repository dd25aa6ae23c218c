"""Asks a model the questions of the forgetting probe, by the likelihood of their ends.

An end's score is its log-likelihood after the beginning, for each byte of its text: longer ends
are not at a disadvantage, and tokenizers of other granularity change nothing.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from finetune_studio.engine.collating import Collator, padding_id
from finetune_studio.engine.scoring import Tell
from finetune_studio.evaluation import probe
from finetune_studio.tokens.loading import Tokenizer

Array = np.ndarray[Any, Any]
SIZE = 16  # texts in a batch; they are a line long


@torch.no_grad()
def ask(model: nn.Module, tokenizer: Tokenizer, tell: Tell) -> probe.Scores:
    """Both parts of the probe."""
    questions, texts = probe.questions(), probe.texts()
    whole = [(f"{each.stem} {end}", len(each.stem)) for each in questions for end in each.ends]
    whole += [(each.text, 0) for each in texts]
    losses, tokens = _losses(model, tokenizer, whole, tell)
    asked = len(whole) - len(texts)
    sizes = np.array([len(end.encode()) for each in questions for end in each.ends])
    ends = (losses[:asked] / sizes).reshape(len(questions), -1)
    return probe.Scores(ends.argmin(1) == 0, losses[asked:], tokens[asked:])


def _losses(
    model: nn.Module, tokenizer: Tokenizer, texts: Sequence[tuple[str, int]], tell: Tell
) -> tuple[Array, Array]:
    """The summed loss of each text from a place on, in nats, and of how many tokens."""
    collator, place = Collator(padding_id(tokenizer)), next(model.parameters()).device
    losses, counts = np.zeros(len(texts)), np.zeros(len(texts))
    for start in range(0, len(texts), SIZE):
        rows = []
        for text, begin in texts[start : start + SIZE]:
            ids, offsets = tokenizer.encode(text, add_special_tokens=True)
            learned = [stop > begin for _, stop in offsets]
            labels = [each if yes else -100 for each, yes in zip(ids, learned, strict=True)]
            rows.append({"input_ids": ids, "labels": [-100, *labels[1:]]})
        batch = {name: value.to(place) for name, value in collator(rows).items()}
        labels = batch.pop("labels")
        logits = model(**batch, use_cache=False).logits[:, :-1].float()
        found = F.cross_entropy(logits.transpose(1, 2), labels[:, 1:], reduction="none")
        losses[start : start + SIZE] = found.sum(1).double().cpu().numpy()
        counts[start : start + SIZE] = (labels[:, 1:] >= 0).sum(1).cpu().numpy()
        tell(min(start + SIZE, len(texts)), len(texts))
    return losses, counts
