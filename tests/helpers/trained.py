"""Small tokenizers of every kind, trained in the test; and strings that are hard to spell."""

import json
import random
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from finetune_studio.tokens.loading import Tokenizer as Loaded
from finetune_studio.tokens.loading import load_tokenizer

TEXTS = [
    "나는 학교에 간다. 나는 밥을 먹는다. 학교에서 공부한다. 오늘은 날씨가 좋다.",
    "The cat sat on the mat and the dog. A good film, 2024.\n\nHello there!",
]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
HANGUL = range(0xAC00, 0xD7A4)
JAMO = [*range(0x1100, 0x1113), *range(0x1161, 0x1176), *range(0x11A8, 0x11C3)]
ASCII = [*range(0x20, 0x7F)]
OTHERS = [0x9, 0xA, 0xD, 0xE9, 0x301, 0x3131, 0x4E00, 0x65E5, 0x200D, 0xFE0F, 0x1F469, 0x1F467,
          0x1F600, 0x13000, 0xFFFD, 0x2581, 0xBD, 0xFF76, 0xFF9E, 0x0, 0xA0]  # fmt: skip


def hard_string(chance: random.Random) -> str:
    """Hangul, jamo, ASCII, emoji and worse, up to 40 characters."""
    kinds = (HANGUL, HANGUL, JAMO, ASCII, ASCII, OTHERS, [0x20])
    return "".join(chr(chance.choice(chance.choice(kinds))) for _ in range(chance.randrange(41)))


@lru_cache
def trained(kind: str) -> Loaded:
    """A tokenizer of one of `KINDS`, as it is loaded from a model's folder."""
    folder = Path(mkdtemp())
    KINDS[kind]().save(str(folder / "tokenizer.json"))
    return load_tokenizer(folder)


def _byte_level(alphabet: bool = True) -> Tokenizer:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    known = pre_tokenizers.ByteLevel.alphabet() if alphabet else []
    trainer = trainers.BpeTrainer(
        vocab_size=330, special_tokens=["<|end|>"], initial_alphabet=known, show_progress=False
    )
    made.train_from_iterator(TEXTS * 20, trainer)
    return made


def _composing() -> Tokenizer:
    made = _byte_level()
    made.normalizer = normalizers.NFC()
    return made


def _trimming() -> Tokenizer:
    """As GPT-2 and RoBERTa have it: a space is put before the text, and no span has spaces."""
    made = _byte_level()
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    made.post_processor = processors.ByteLevel(trim_offsets=True)
    return made


def _byte_fallback() -> Tokenizer:
    """As Llama 2 and Mistral have it."""
    made = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    made.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
         decoders.Strip(" ", 1, 0)]
    )  # fmt: skip
    named = ["<unk>", "<s>", "</s>"]
    trainer = trainers.BpeTrainer(
        vocab_size=360, special_tokens=[*named, *BYTES], limit_alphabet=60, show_progress=False
    )
    made.train_from_iterator([text.replace(" ", " ▁") for text in TEXTS * 20], trainer)
    whole = json.loads(made.to_str())
    whole["added_tokens"] = whole["added_tokens"][: len(named)]  # bytes are ordinary entries
    made = Tokenizer.from_str(json.dumps(whole))
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", made.token_to_id("<s>"))]
    )
    return made


def _unigram() -> Tokenizer:
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    named = ["<s>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=90, special_tokens=named, unk_token="<unk>", show_progress=False
    )
    made.train_from_iterator(TEXTS * 20, trainer)
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        special_tokens=[(name, made.token_to_id(name)) for name in named[:2]],
    )
    return made


def _unigram_bytes() -> Tokenizer:
    whole = json.loads(_unigram().to_str())
    whole["model"]["vocab"] += [[byte, -20.0] for byte in BYTES]
    whole["model"]["byte_fallback"] = True
    whole["decoder"] = {
        "type": "Sequence",
        "decoders": [{"type": "ByteFallback"}, whole["decoder"]],
    }
    return Tokenizer.from_str(json.dumps(whole))


def _word_piece() -> Tokenizer:
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    named = ["[UNK]", "[CLS]", "[SEP]"]
    trainer = trainers.WordPieceTrainer(vocab_size=100, special_tokens=named, show_progress=False)
    made.train_from_iterator(TEXTS * 20, trainer)
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[(name, made.token_to_id(name)) for name in named[1:]],
    )
    return made


KINDS: dict[str, Callable[[], Tokenizer]] = {
    "byte level": _byte_level,
    "byte level, composing": _composing,
    "byte level, trimming": _trimming,
    "byte level, bytes missing": lambda: _byte_level(alphabet=False),
    "byte fallback": _byte_fallback,
    "unigram": _unigram,
    "unigram with bytes": _unigram_bytes,
    "word piece": _word_piece,
}
LOSSLESS = ("byte level", "byte level, trimming", "byte fallback")
"""The kinds whose tokens write the text again, save for a space at its beginning."""
