"""Answers from the model as it is now. Greedy, so that the same model says the same."""

from typing import Any

import torch

from finetune_studio.recipe.schema import Recipe
from finetune_studio.tokens.loading import Tokenizer
from finetune_studio.tokens.templates import render


class Voice:
    """Lets a model answer prompts in the way of its task."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        kind: str,
        template: str | None,
        labels: tuple[str, ...] = (),
        system: str = "",
    ) -> None:
        """Prepare for a task.

        Args:
            tokenizer: The model's own.
            kind: `chat`, `text` or `classify`.
            template: For `chat`: the chat template.
            labels: For `classify`: their names in order.
            system: For `chat`: what was trained with, put before conversations without their own.
        """
        self._tokenizer = tokenizer
        self._kind = kind
        self._template = template
        self._labels = labels
        self._system = system

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's own."""
        return self._tokenizer

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of a classification; none for the generating tasks."""
        return self._labels if self._kind == "classify" else ()

    def prompt_ids(self, messages: list[dict[str, str]]) -> list[int]:
        """The ids that the model is given: the conversation, or the last message alone."""
        alone = self._template is None
        return self._tokenizer.encode(self.prompt(messages), add_special_tokens=alone)[0]

    def prompt(self, messages: list[dict[str, str]]) -> str:
        """The text that the model is given, without the special tokens that are added to texts."""
        if self._template is None:
            return messages[-1]["content"]
        said = self.with_system(messages)
        return render(self._template, said, tokenizer=self._tokenizer, add_generation_prompt=True)

    def with_system(self, messages: list[dict[str, str]]) -> list[dict[str, str]]:
        """The conversation with the system prompt that was trained with, where it has none."""
        if not self._system or messages[0]["role"] == "system":
            return messages
        return [{"role": "system", "content": self._system}, *messages]

    @torch.no_grad()
    def answer(
        self, model: Any, messages: list[dict[str, str]], tokens: int, **options: Any
    ) -> str:
        """The model's answer, at most `tokens` tokens; for `classify` the label and its share."""
        was_training = model.training
        model.eval()
        ids = torch.tensor([self.prompt_ids(messages)], device=next(model.parameters()).device)
        try:
            if self._kind == "classify":
                return self._labelled(model(input_ids=ids).logits[0])
            made = model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=tokens,
                pad_token_id=self._tokenizer.pad_id or 0,
                eos_token_id=sorted(self._tokenizer.eos_ids),
                use_cache=True,
                **({"do_sample": False} | options),
            )
        finally:
            model.train(was_training)
        text = self._tokenizer.decode(made[0, ids.shape[1] :].tolist(), skip_special_tokens=True)
        return text.rstrip("\ufffd")  # half a character, where the answer was cut at its length

    def _labelled(self, logits: torch.Tensor) -> str:
        shares = logits.float().softmax(-1)
        best = int(shares.argmax())
        return f"{self._labels[best]} ({shares[best]:.1%})"


def voice_of(
    recipe: Recipe, tokenizer: Tokenizer, template: str | None, labels: tuple[str, ...]
) -> Voice:
    """The voice of a recipe's task, with the system prompt that it trains with."""
    task = recipe.task
    return Voice(tokenizer, task.kind, template, labels, getattr(task, "system", ""))
