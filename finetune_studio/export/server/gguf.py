"""A GGUF file that llama.cpp runs, for the local server. No torch."""

import codecs
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from finetune_studio.export import llama
from finetune_studio.export.server.model import Hear, Messages, Sampling, rendered
from finetune_studio.export.server.served import Target

CONTEXT = 8192
"""Tokens at most: llama.cpp holds the memory for all of them from the beginning."""
TEMPLATE = "tokenizer.chat_template"


class GgufModel:
    """One model in memory.

    Attributes:
        name: What requests call it.
        context: Tokens that it can hold.
    """

    def __init__(self, target: Target) -> None:
        """Load it.

        Raises:
            RefusedError: llama.cpp is not installed.
        """
        llama.runtime()
        from llama_cpp import Llama

        self.name = target.name
        self._model: Any = Llama(
            str(target.file),
            n_ctx=CONTEXT,
            n_threads=os.cpu_count() or 1,
            n_gpu_layers=-1,
            verbose=False,
            lora_path=str(target.adapter) if target.adapter else None,
        )
        about = self._model.metadata
        trained = int(about.get(f"{about.get('general.architecture')}.context_length", 0))
        self.context = min(trained or CONTEXT, CONTEXT)
        self._template = about.get(TEMPLATE) if target.task == "chat" else None
        self._system = target.system
        self._names: Any = _Names(self._model)  # all that a template asks of a tokenizer

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
        text = rendered(self._template, messages, self._system, self._names)
        return self._tokens(text, add_bos=False)

    def encode(self, text: str) -> list[int]:
        """The ids of a text, with the special tokens that are added to texts."""
        return self._tokens(text, add_bos=True)

    def _tokens(self, text: str, *, add_bos: bool) -> list[int]:
        found: list[int] = self._model.tokenize(text.encode(), add_bos=add_bos, special=True)
        return found

    def ends(self, token: int) -> bool:
        """Whether this token ends an answer."""
        from llama_cpp import llama_vocab_is_eog

        return bool(llama_vocab_is_eog(self._model._model.vocab, token))

    def spelling(self) -> "Bytes":
        """A new decoder."""
        return Bytes(self._model)

    def write(self, ids: Sequence[int], sampling: Sampling, hear: Hear) -> None:
        """Write tokens; see `Served.write`."""
        self._model.set_seed(0xFFFFFFFF if sampling.seed is None else sampling.seed % 0xFFFFFFFF)
        tokens = self._model.generate(
            list(ids),
            top_k=0,
            top_p=sampling.top_p,
            min_p=0.0,
            temp=sampling.temperature,
            repeat_penalty=1.0,
        )
        with _closing(tokens):
            for count, token in enumerate(tokens, 1):
                if hear(token) or count >= sampling.tokens:
                    return


class Bytes:
    """Text from ids, as it becomes whole."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._rest = codecs.getincrementaldecoder("utf-8")("replace")

    def step(self, token: int) -> str:
        """The text that is whole now; half a character waits for its rest."""
        return self._rest.decode(self._model.detokenize([token]))


class _Names:
    """The special tokens by name, as templates ask for them."""

    def __init__(self, model: Any) -> None:
        ids = {"bos_token": model.token_bos(), "eos_token": model.token_eos()}
        spelled = model._model.token_get_text
        self.named: Mapping[str, str] = {
            name: spelled(token) for name, token in ids.items() if token >= 0
        }


@contextmanager
def _closing(tokens: Any) -> Iterator[None]:
    try:
        yield
    finally:
        tokens.close()
