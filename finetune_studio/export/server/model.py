"""What the server needs of a model, whichever library runs it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from finetune_studio.tokens.templates import TemplateError, render

Messages = Sequence[dict[str, Any]]
Hear = Callable[[int], bool]
"""Takes the next token's id and says whether that is enough."""


class PromptError(ValueError):
    """A conversation that the model cannot be given; the text says why."""


def rendered(template: str, messages: Messages, system: str, tokenizer: Any) -> str:
    """A conversation as the model is given it, with the system prompt that was trained with.

    Args:
        template: The chat template.
        messages: The conversation; its own system prompt is kept.
        system: What was trained with; empty for none.
        tokenizer: What the template asks for its special tokens.

    Raises:
        PromptError: The template refuses it.
    """
    said = list(messages)
    if system and said[0]["role"] != "system":
        said.insert(0, {"role": "system", "content": system})
    try:
        return render(template, said, tokenizer=tokenizer, add_generation_prompt=True)
    except TemplateError as error:
        raise PromptError(str(error)) from error


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen.

    Attributes:
        temperature: 0 takes the likeliest.
        top_p: The share of probability that is chosen from.
        seed: The same seed gives the same answer; None any.
        tokens: The most tokens to write.
    """

    temperature: float
    top_p: float
    seed: int | None
    tokens: int


class Spelling(Protocol):
    """Turns ids into text as they come; holds half a character back."""

    def step(self, token: int) -> str:
        """The text that is whole now."""
        ...


class Served(Protocol):
    """One model, loaded.

    Attributes:
        name: What requests call it.
        context: Tokens that it can hold, prompt and answer together.
        chats: Whether it has a chat template.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def context(self) -> int: ...  # noqa: D102

    @property
    def chats(self) -> bool: ...  # noqa: D102

    def prompt(self, messages: Messages) -> list[int]:
        """The ids of a conversation.

        Raises:
            PromptError: The template refuses it.
        """
        ...

    def encode(self, text: str) -> list[int]:
        """The ids of a text."""
        ...

    def ends(self, token: int) -> bool:
        """Whether this token ends an answer."""
        ...

    def spelling(self) -> Spelling:
        """A new decoder, for one answer."""
        ...

    def write(self, ids: Sequence[int], sampling: Sampling, hear: Hear) -> None:
        """Write tokens until `hear` has enough, the model ends, or there are `sampling.tokens`."""
        ...


__all__ = ["Hear", "Messages", "PromptError", "Sampling", "Served", "Spelling"]
