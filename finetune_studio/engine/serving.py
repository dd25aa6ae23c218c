"""A model that transformers runs, for the local server: an adapter on its base, or a whole one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers.decoders import DecodeStream
from transformers import StoppingCriteria, StoppingCriteriaList

from finetune_studio.engine.device import find_device
from finetune_studio.engine.halves import keep_halves, load_to_answer, serves
from finetune_studio.engine.loading import context_length
from finetune_studio.engine.quick import quicken
from finetune_studio.engine.tuned import open_tuned
from finetune_studio.export.server.model import Hear, Messages, Sampling, rendered
from finetune_studio.export.server.served import Kind, Target
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.folder import RunFolder
from finetune_studio.tokens.loading import Tokenizer, load_tokenizer

UNKNOWN_CONTEXT = 4096
"""Tokens, where a model does not say what it holds."""


class TorchModel:
    """One model in memory.

    Attributes:
        name: What requests call it.
        context: Tokens that it can hold.
        quick: Whether a token's step is taken without Python, and why not.
    """

    def __init__(self, target: Target) -> None:
        self.name = target.name
        folder, self.context, self._model = _opened(target)
        self.quick = quicken(self._model)
        self._tokenizer: Tokenizer = load_tokenizer(folder)
        self._template = self._tokenizer.chat_template if target.task == "chat" else None
        self._system = target.system
        self._ends = frozenset(self._tokenizer.eos_ids)
        self._place = next(self._model.parameters()).device

    @property
    def chats(self) -> bool:
        """Whether it has a chat template."""
        return self._template is not None

    def prompt(self, messages: Messages) -> list[int]:
        """The ids of a conversation, with the system prompt that was trained with.

        Raises:
            PromptError: The template refuses it.
        """
        assert self._template is not None
        text = rendered(self._template, messages, self._system, self._tokenizer)
        return self._tokenizer.encode(text, add_special_tokens=False)[0]

    def encode(self, text: str) -> list[int]:
        """The ids of a text, with the special tokens that are added to texts."""
        return self._tokenizer.encode(text, add_special_tokens=True)[0]

    def ends(self, token: int) -> bool:
        """Whether this token ends an answer."""
        return token in self._ends

    def spelling(self) -> "Decoder":
        """A new decoder."""
        return Decoder(self._tokenizer)

    @torch.inference_mode()
    def write(self, ids: Sequence[int], sampling: Sampling, hear: Hear) -> None:
        """Write tokens; see `Served.write`."""
        if sampling.seed is not None:
            torch.manual_seed(sampling.seed)
        chosen: dict[str, Any] = {"do_sample": False, "temperature": None, "top_p": None}
        if sampling.temperature > 0:
            warm = {"temperature": sampling.temperature, "top_p": sampling.top_p}
            chosen = {"do_sample": True, **warm}
        given = torch.tensor([list(ids)], device=self._place)
        self._model.generate(
            input_ids=given,
            attention_mask=torch.ones_like(given),
            max_new_tokens=sampling.tokens,
            pad_token_id=self._tokenizer.pad_id or 0,
            eos_token_id=sorted(self._ends) or None,
            use_cache=True,
            top_k=0 if chosen["do_sample"] else None,
            stopping_criteria=StoppingCriteriaList([_Ear(hear)]),
            **chosen,
        )


class Decoder:
    """Text from ids, as it becomes whole."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._stream = DecodeStream(skip_special_tokens=True)

    def step(self, token: int) -> str:
        """The text that is whole now; half a character waits for its rest."""
        return self._stream.step(self._tokenizer.backend, token) or ""


class _Ear(StoppingCriteria):
    """Hands each token on as it is written."""

    def __init__(self, hear: Hear) -> None:
        self._hear = hear

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        """Take the newest token of the one row."""
        enough = self._hear(int(input_ids[0, -1]))
        return torch.full((1,), enough, device=input_ids.device, dtype=torch.bool)


def _opened(target: Target) -> tuple[Path, int, Any]:
    """The folder of the tokenizer, the tokens that the model can hold, and the model."""
    if target.kind is Kind.WHOLE:
        model = load_to_answer(target.folder, find_device(Recipe()))
        return target.folder, context_length(target.folder) or UNKNOWN_CONTEXT, model
    assert target.run is not None
    tuned = open_tuned(RunFolder.open(target.run))
    source = tuned.folder if (tuned.folder / "config.json").is_file() else tuned.source
    model = tuned.model()
    if serves(model):
        keep_halves(model)
    context = context_length(source, tuned.recipe.model.trust_remote_code)
    return tuned.folder, context or UNKNOWN_CONTEXT, model
