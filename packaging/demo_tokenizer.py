"""The demo model's tokenizer: byte-level BPE, Korean first, and its chat template.

Any text can be written in bytes, so no character is unknown. Words are divided as GPT-2 divides
them, which every tool that reads such files knows.
"""

import json
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

VOCABULARY = 8192
PAD, BOS, END = "<|pad|>", "<|bos|>", "<|end|>"
ROLES = ("<|user|>", "<|assistant|>", "<|system|>")
SPECIALS = (PAD, BOS, END, *ROLES)
CONTEXT = 1024
COMMON = 30
"""How often a character must occur to become one token; rarer ones stay in bytes."""
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
"""How byte-level pre-tokenisers divide words (Radford et al. 2019, GPT-2)."""

TEMPLATE = """\
{{- '<|bos|>' }}
{%- for message in messages %}
{%- if message['role'] not in ['system', 'user', 'assistant'] %}
{{- raise_exception('The roles are system, user and assistant.') }}
{%- endif %}
{{- '<|' + message['role'] + '|>' }}
{%- if message['role'] == 'assistant' %}
{%- generation %}
{{- message['content'] + '<|end|>' }}
{%- endgeneration %}
{%- else %}
{{- message['content'] + '<|end|>' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|assistant|>' }}
{%- endif %}
"""


def train(texts: Sequence[str]) -> Tokenizer:
    """A tokenizer of `VOCABULARY` tokens learned from the texts.

    Special tokens have the ids 0 to 5 in the order of `SPECIALS`; `<|bos|>` begins every text that
    is encoded with special tokens. No token but single bytes and the first two bytes of a syllable
    holds a piece of a character: bytes are put together to characters first, then characters to
    words, learned from characters.
    """
    merges = _character_merges(texts)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    whole = dict.fromkeys([*SPECIALS, *letters, *map("".join, merges)])
    merges += _word_merges(texts, VOCABULARY - len(whole))
    whole |= dict.fromkeys(map("".join, merges))
    tokenizer = Tokenizer(models.BPE({token: place for place, token in enumerate(whole)}, merges))
    tokenizer.add_special_tokens([AddedToken(each, special=True) for each in SPECIALS])
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A",
        pair=f"{BOS} $A {BOS}:1 $B:1",
        special_tokens=[(BOS, SPECIALS.index(BOS))],
    )
    return tokenizer


def _character_merges(texts: Sequence[str]) -> list[tuple[str, str]]:
    """The merges that put bytes together to the characters that are common in the texts."""
    merges: dict[tuple[str, str], None] = {}
    for character in _common(texts):
        letters = _as_bytes(character)
        for end in range(1, len(letters)):
            merges[letters[:end], letters[end]] = None
    return list(merges)


def _word_merges(texts: Sequence[str], wanted: int) -> list[tuple[str, str]]:
    """The `wanted` merges that put characters together, in the order in which they were learned."""
    alphabet = _common(texts)
    tokenizer = Tokenizer(models.BPE(unk_token="?"))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(WORDS), behavior="isolated")
    trainer = trainers.BpeTrainer(
        vocab_size=len(alphabet) + wanted,
        initial_alphabet=alphabet,
        limit_alphabet=len(alphabet),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    learned = json.loads(tokenizer.to_str())["model"]["merges"]
    return [(_as_bytes(left), _as_bytes(right)) for left, right in learned]


def _common(texts: Sequence[str]) -> list[str]:
    counted = Counter(chain.from_iterable(texts))
    return sorted(each for each, times in counted.items() if times >= COMMON)


def _as_bytes(text: str) -> str:
    """The text's bytes as the letters that byte-level BPE writes them with."""
    ((letters, _),) = pre_tokenizers.ByteLevel(
        add_prefix_space=False, use_regex=False
    ).pre_tokenize_str(text)
    return letters


def write(tokenizer: Tokenizer, folder: Path) -> None:
    """Write tokenizer.json, its configuration and the chat template."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    about = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BOS,
        "eos_token": END,
        "pad_token": PAD,
        "extra_special_tokens": list(ROLES),
        "model_max_length": CONTEXT,
        "clean_up_tokenization_spaces": False,
    }
    text = json.dumps(about, indent=2) + "\n"
    (folder / "tokenizer_config.json").write_text(text, encoding="utf-8")
    (folder / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
