"""A model's own tokenizer, over the `tokenizers` library: text to ids and back. Knows no torch.

What transformers would read from the folder's other files (special tokens, the chat template, the
ids that end an answer) is read here, so that the preview needs no transformers.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

if TYPE_CHECKING:
    from tokenizers import Encoding
    from tokenizers import Tokenizer as Backend

Offsets = list[tuple[int, int]]
SPECIAL = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token")
LONGEST = 10**9
"""A longer `model_max_length` is transformers' placeholder for an unknown one."""


@dataclass(frozen=True)
class Tokenizer:
    """A model's tokenizer.

    Attributes:
        folder: Where it was read from.
        backend: The tokenizer itself.
        named: The special tokens by their names, such as `{"eos_token": "<|end|>"}`.
        eos_ids: Every id at which generation ends, the tokenizer's own and the model's.
        model_max_length: Tokens that its maker allows; None where it is not said.
        chat_template: The model's chat template, in Jinja; None where it has none.
    """

    folder: Path
    backend: "Backend"
    named: Mapping[str, str]
    eos_ids: frozenset[int]
    model_max_length: int | None
    chat_template: str | None

    def encode(self, text: str, add_special_tokens: bool) -> tuple[list[int], Offsets]:
        """The ids, and for each its place in `text` in code points, end excluded."""
        made = self.backend.encode(text, add_special_tokens=add_special_tokens)
        return made.ids, made.offsets

    def encode_batch(
        self, texts: Sequence[str], add_special_tokens: bool
    ) -> "list[tuple[list[int], Offsets]]":
        """`encode` of many texts, over all cores."""
        return [(each.ids, each.offsets) for each in self.encodings(texts, add_special_tokens)]

    def encodings(
        self, texts: Sequence[str], add_special_tokens: bool, *, places: bool = True
    ) -> "list[Encoding]":
        """As `encode_batch`, where most places are never asked for: making them takes long.

        Without `places` they are not even there to be asked for, and it is faster by a third.
        """
        encode = self.backend.encode_batch if places else self.backend.encode_batch_fast
        made: list[Encoding] = encode(list(texts), add_special_tokens=add_special_tokens)
        return made

    def decode(self, ids: Sequence[int], skip_special_tokens: bool) -> str:
        """The text of the ids."""
        return str(self.backend.decode(list(ids), skip_special_tokens=skip_special_tokens))

    def token(self, token_id: int) -> str:
        """The vocabulary's entry, in the vocabulary's own alphabet; empty for an unknown id."""
        return self.backend.id_to_token(token_id) or ""

    def id_of(self, token: str | None) -> int | None:
        """The id of a vocabulary entry; None where there is none."""
        return None if token is None else self.backend.token_to_id(token)

    @property
    def bos_id(self) -> int | None:
        """The token that begins a text."""
        return self.id_of(self.named.get("bos_token"))

    @cached_property
    def eos_id(self) -> int | None:
        """The token that ends a text."""
        return self.id_of(self.named.get("eos_token"))

    @property
    def pad_id(self) -> int | None:
        """The token that rows are filled up with."""
        return self.id_of(self.named.get("pad_token"))

    @cached_property
    def special_ids(self) -> frozenset[int]:
        """The ids of control tokens, which are no text."""
        added = self.backend.get_added_tokens_decoder()
        named = (self.id_of(token) for token in self.named.values())
        marked = (index for index, token in added.items() if token.special)
        return frozenset(each for each in (*named, *marked) if each is not None)

    @property
    def vocab_size(self) -> int:
        """Entries in the vocabulary, added tokens included."""
        return int(self.backend.get_vocab_size(with_added_tokens=True))


def load_tokenizer(folder: Path) -> Tokenizer:
    """Read the tokenizer of a model folder.

    What tokenizer.json says of start and end tokens holds, as in transformers 5, whatever
    `add_bos_token` in tokenizer_config.json says.

    Raises:
        RefusedError: The folder has no tokenizer.json, or one that cannot be read.
    """
    about = _read(folder / "tokenizer_config.json")
    backend = _backend(folder)
    named = dict(_named(folder, about))
    _add_missing(backend, named, about)
    length = about.get("model_max_length")
    return Tokenizer(
        folder,
        backend,
        named,
        frozenset(_eos_ids(folder, backend, named)),
        int(length) if isinstance(length, (int, float)) and 0 < length < LONGEST else None,
        _chat_template(folder, about),
    )


def _backend(folder: Path) -> "Backend":
    from tokenizers import Tokenizer as Backend

    file = folder / "tokenizer.json"
    if not file.is_file():
        raise RefusedError(
            tr("The model in “{folder}” has no tokenizer.json.").format(folder=folder.name),
            tr("Its tokenizer is in an older form, or missing."),
            tr("Take a revision of the model that has one, or save one with transformers."),
        )
    try:
        backend = Backend.from_file(str(file))
    except Exception as error:
        raise RefusedError(
            tr("The tokenizer in “{folder}” cannot be read.").format(folder=folder.name),
            " ".join(str(error).split())[:300],
            tr("Fetch tokenizer.json again from where the model came from."),
        ) from error
    backend.no_truncation()  # a file may carry settings of the last program that saved it
    backend.no_padding()
    return backend


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        made = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RefusedError(
            tr("“{name}” of the model cannot be read.").format(name=file.name),
            str(error),
            tr("Fetch the file again from where the model came from."),
        ) from error
    return made if isinstance(made, dict) else {}


def _named(folder: Path, about: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    older = _read(folder / "special_tokens_map.json")
    for name in SPECIAL:
        token = about.get(name, older.get(name))
        token = token.get("content") if isinstance(token, dict) else token
        if isinstance(token, str) and token:
            yield name, token


def _add_missing(backend: "Backend", named: Mapping[str, str], about: Mapping[str, Any]) -> None:
    """Add tokens that only tokenizer_config.json knows, as transformers does."""
    from tokenizers import AddedToken

    listed = about.get("added_tokens_decoder")
    entries = sorted(listed.items(), key=lambda each: int(each[0])) if listed else []
    for _, token in entries:
        if isinstance(token, dict) and backend.token_to_id(str(token.get("content"))) is None:
            keys = ("lstrip", "rstrip", "normalized", "single_word", "special")
            options = {key: bool(token[key]) for key in keys if key in token}
            backend.add_tokens([AddedToken(str(token["content"]), **options)])
    known = {token.content for token in backend.get_added_tokens_decoder().values()}
    missing = [token for token in named.values() if token not in known]
    if missing:
        backend.add_special_tokens(
            [AddedToken(token, special=True, normalized=False) for token in missing]
        )


def _eos_ids(folder: Path, backend: "Backend", named: Mapping[str, str]) -> Iterator[int]:
    own = backend.token_to_id(named["eos_token"]) if "eos_token" in named else None
    if own is not None:
        yield own
    for name in ("generation_config.json", "config.json"):
        value = _read(folder / name).get("eos_token_id")
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, int):
                yield each


def _chat_template(folder: Path, about: Mapping[str, Any]) -> str | None:
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    found = _read(folder / "chat_template.json").get("chat_template", about.get("chat_template"))
    if isinstance(found, list):  # several templates by name; `default` is the one for chat
        found = next((e.get("template") for e in found if e.get("name") == "default"), None)
    return found if isinstance(found, str) and found.strip() else None
