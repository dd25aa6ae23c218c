"""What the choices of a setting are called in the window. Knows values, not where they stand."""

from collections.abc import Callable

from finetune_studio.gui.language import tr

WORDS: dict[object, Callable[[], str]] = {
    "auto": lambda: tr("Automatic"),
    "on": lambda: tr("On"),
    "off": lambda: tr("Off"),
    "studio": lambda: tr("Studio"),
    "unsloth": lambda: tr("Unsloth"),
    "cosine": lambda: tr("Cosine"),
    "linear": lambda: tr("Linear"),
    "constant": lambda: tr("Constant"),
    "warmup-stable-decay": lambda: tr("Warm-up, stable, decay"),
    "adamw": lambda: "AdamW",
    "adamw-8bit": lambda: tr("AdamW, 8-bit"),
    "paged-adamw-8bit": lambda: tr("AdamW, 8-bit, paged"),
    "adafactor": lambda: "Adafactor",
    "assistant": lambda: tr("The answers"),
    "last": lambda: tr("The last answer"),
    "all": lambda: tr("Everything"),
    "bf16": lambda: "bf16",
    "fp16": lambda: "fp16",
    "fp32": lambda: "fp32",
    "fp8": lambda: "fp8",
    "messages": lambda: tr("Messages"),
    "sharegpt": lambda: "ShareGPT",
    "alpaca": lambda: "Alpaca",
    "prompt-completion": lambda: tr("Prompt and completion"),
    "question-answer": lambda: tr("Question and answer"),
    "text": lambda: tr("Text"),
    "labelled-text": lambda: tr("Labelled text"),
    "preference": lambda: tr("Preference pairs"),
    "kto": lambda: tr("Rated answers"),
    "adapter": lambda: tr("Adapter"),
    "merged": lambda: tr("Merged, 16-bit"),
    "model": lambda: tr("The model's own"),
    "chatml": lambda: "ChatML",
    "plain": lambda: tr("Plain"),
    "unknown": lambda: tr("Not said yet"),
    "own": lambda: tr("My own data"),
    4: lambda: tr("4 bits (NF4)"),
    8: lambda: tr("8 bits"),
    "full": lambda: tr("Full"),
    "lora": lambda: "LoRA",
    "qlora": lambda: "QLoRA",
    "chat": lambda: tr("Chat"),
    "classify": lambda: tr("Labels"),
}


def words(value: object) -> Callable[[], str]:
    """How a choice is called; one without a name of its own is called by its value."""
    return WORDS.get(value, lambda: str(value))
