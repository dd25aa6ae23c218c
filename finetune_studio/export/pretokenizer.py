"""How a byte-level tokenizer divides words, by the name that llama.cpp has for it.

llama.cpp knows some tens of ways by name, each a list of regular expressions in its source
(src/llama-vocab.cpp). A tokenizer.json states its own; where both are the same, the name is right.
"""

from collections.abc import Mapping
from typing import Any

READ_AS = "STUDIO: pre-tokenizer"
"""What is printed before the name, where it was read here and not known to the converter."""
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_CUT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = _CUT + r"\p{L}+|\p{N}{1,3}" + _REST
QWEN2 = _CUT + r"\p{L}+|\p{N}" + _REST
QWEN35 = _CUT + r"[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
NAMES = {
    ((GPT2,), False): "gpt-2",
    (("digits", GPT2), False): "smollm",
    ((QWEN2,), False): "qwen2",
    ((QWEN35,), False): "qwen35",
    ((LLAMA3,), False): "smaug-bpe",
    ((LLAMA3,), True): "llama-bpe",
}
"""By the divisions in order, and whether a word that is a token stays whole (`ignore_merges`)."""


DIGITS_ALONE = {"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"}
"""Names of GPT-2's way with every number sign apart."""


def settled(hashed: str, read: str | None) -> str:
    """The name to use, where the converter knows one by its hash and tokenizer.json says another.

    The hash cannot tell whether number signs stand apart, where no token holds two digits; a text
    with `½` after a blank can (a tokenizer.json rebuilt from GGUF is a case). The file decides.
    """
    if read == "gpt-2" and hashed in DIGITS_ALONE:
        return read
    return "smollm" if read == "smollm" and hashed == "gpt-2" else hashed


def known_as(tokenizer: Mapping[str, Any]) -> str | None:
    """The name that llama.cpp has for the way of a tokenizer.json; None where there is none.

    Args:
        tokenizer: The whole document.
    """
    divisions = _divisions(tokenizer.get("pre_tokenizer"))
    if divisions is None:
        return None
    return NAMES.get((divisions, bool(tokenizer.get("model", {}).get("ignore_merges"))))


def _divisions(step: Any) -> tuple[str, ...] | None:
    """The divisions of one step or a sequence of them; None where one is of another kind."""
    if not isinstance(step, Mapping):
        return None
    kind = step.get("type")
    if kind == "Sequence":
        parts = [_divisions(each) for each in step.get("pretokenizers", [])]
        return None if None in parts else tuple(one for each in parts for one in each or ())
    if kind == "ByteLevel" and not step.get("add_prefix_space"):
        return (GPT2,) if step.get("use_regex", True) else ()
    if kind == "Digits" and step.get("individual_digits"):
        return ("digits",)
    if kind == "Split" and step.get("behavior") == "Isolated" and not step.get("invert"):
        found = step.get("pattern", {}).get("Regex")
        return None if found is None else (found,)
    return None
