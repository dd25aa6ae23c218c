"""The tasks a model can be fine-tuned for: a discriminated union, so a new one is a new class."""

from typing import Annotated, Literal

from pydantic import Field

from finetune_studio.recipe.fields import Settings, setting


class Chat(Settings):
    """Answering: conversations, prompts with completions, questions with answers."""

    kind: Literal["chat"] = "chat"
    learn: Literal["assistant", "last", "all"] = setting(
        "assistant",
        title="What is learned",
        help=(
            "The assistant's words with their end-of-turn token, only the last answer, or every "
            "token."
        ),
        source="TRL: assistant-only loss",
        level="advanced",
    )
    template: str = setting(
        "model",
        title="Chat template",
        help=(
            "The model's own is what it was made with; a model without one takes a bundled one: "
            "ChatML, plain or Alpaca."
        ),
        level="advanced",
    )
    system: str = setting(
        "",
        title="System prompt",
        help="Put before every conversation that has none of its own; empty adds nothing.",
        level="advanced",
    )


class Text(Settings):
    """Continued pre-training on raw text, to adapt a model to a domain."""

    kind: Literal["text"] = "text"


class Classify(Settings):
    """Choosing a label for a text, such as its sentiment."""

    kind: Literal["classify"] = "classify"
    labels: tuple[str, ...] = setting(
        (),
        title="Labels",
        help="The labels in their order; left empty, they are read from the data and sorted.",
        level="advanced",
    )


Task = Annotated[Chat | Text | Classify, Field(discriminator="kind")]
