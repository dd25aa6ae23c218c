"""Answers to held-out questions, several at once; greedy: the same model says the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from datasets import Dataset

from finetune_studio.engine.collating import padding_id
from finetune_studio.engine.samples import Voice
from finetune_studio.engine.scoring import Tell
from finetune_studio.tokens.loading import Tokenizer
from finetune_studio.tokens.templates import TemplateError

SIZE = 8  # questions in a batch


@dataclass(frozen=True)
class Asked:
    """A held-out question.

    Attributes:
        row: Its row's place among the chosen rows.
        prompt: What was said last.
        reference: The answer in the data.
        ids: What the model is given.
    """

    row: int
    prompt: str
    reference: str
    ids: list[int]


def asked_of(
    rows: Dataset, voice: Voice, system: str, most: int, longest: int, seed: int
) -> list[Asked]:
    """Up to `most` of the rows as questions with reference answers.

    Args:
        rows: Conversations; each is asked for its last answer.
        voice: Renders what was said before.
        system: Put before conversations without a system message, as in training.
        most: At most so many, chosen by `seed`.
        longest: Longer prompts, in tokens, are passed over.
        seed: Another one chooses others.
    """
    found: list[Asked] = []
    for number in np.random.default_rng(seed).permutation(len(rows)):
        if len(found) == most:
            break
        made = _asked(int(number), rows[int(number)]["messages"], voice, system)
        if made is not None and len(made.ids) <= longest:
            found.append(made)
    return sorted(found, key=lambda each: each.row)


def _asked(
    row: int, messages: Sequence[Mapping[str, Any]], voice: Voice, system: str
) -> Asked | None:
    last = max((n for n, each in enumerate(messages) if each["role"] == "assistant"), default=0)
    before = [{"role": str(e["role"]), "content": str(e["content"])} for e in messages[:last]]
    if not before or before[-1]["role"] != "user":
        return None
    if system and before[0]["role"] != "system":
        before.insert(0, {"role": "system", "content": system})
    try:
        ids = voice.prompt_ids(before)
    except TemplateError:
        return None
    return Asked(row, before[-1]["content"], str(messages[last]["content"]), ids)


@torch.no_grad()
def answers(
    model: Any, tokenizer: Tokenizer, asked: Sequence[Asked], tokens: int, tell: Tell
) -> list[str]:
    """The model's answer to each question, of at most `tokens` tokens."""
    order = sorted(range(len(asked)), key=lambda n: -len(asked[n].ids))
    said = [""] * len(asked)
    for start in range(0, len(order), SIZE):
        part = order[start : start + SIZE]
        made = _generate(model, tokenizer, [asked[n].ids for n in part], tokens)
        for number, text in zip(part, made, strict=True):
            said[number] = text
        tell(start + len(part), len(asked))
    return said


def _generate(
    model: Any, tokenizer: Tokenizer, prompts: Sequence[list[int]], tokens: int
) -> list[str]:
    longest, pad = max(map(len, prompts)), padding_id(tokenizer)
    place = next(model.parameters()).device
    ids = torch.full((len(prompts), longest), pad, device=place)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):  # padded on the left: what comes is on the right
        ids[row, longest - len(prompt) :] = torch.tensor(prompt, device=place)
        mask[row, longest - len(prompt) :] = 1
    made = model.generate(
        input_ids=ids,
        attention_mask=mask,
        max_new_tokens=tokens,
        do_sample=False,
        pad_token_id=pad,
        eos_token_id=sorted(tokenizer.eos_ids),
        use_cache=True,
    )
    return [_text(tokenizer, row[longest:].tolist()) for row in made]


def _text(tokenizer: Tokenizer, ids: list[int]) -> str:
    """Up to the end of the answer; what fills the row up after it is none of it."""
    ends = [n for n, each in enumerate(ids) if each in tokenizer.eos_ids]
    kept = ids[: ends[0]] if ends else ids
    text = tokenizer.decode(kept, skip_special_tokens=True)
    return text.rstrip("\ufffd").strip()
