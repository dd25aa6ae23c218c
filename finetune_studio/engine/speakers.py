"""Models under test, each in its own runtime, asked in one way: logits, greedy answers, tokens."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from finetune_studio.export import llama
from finetune_studio.tokens.loading import Tokenizer, load_tokenizer
from finetune_studio.tokens.templates import render


class Speaker(Protocol):
    """A model that can be asked."""

    def logits(self, row: torch.Tensor) -> torch.Tensor:
        """`[places, choices]` in fp32 on the CPU, for one `[tokens]` row."""
        ...

    def greedy(self, ids: Sequence[int], count: int, stops: Sequence[int]) -> list[int]:
        """The likeliest next tokens, at most `count`, until one of `stops`, which it keeps."""
        ...


class Reader(Protocol):
    """What turns texts and conversations into tokens, beside a model."""

    def tokens(self, text: str) -> list[int]:
        """A text's ids, with the special tokens that are added to texts."""
        ...

    def prompt(self, messages: Sequence[dict[str, str]]) -> tuple[str, list[int]] | None:
        """A conversation as text and ids; None where there is no chat template."""
        ...


class Loaded:
    """A model that transformers loaded."""

    def __init__(self, model: nn.Module) -> None:
        self._model: Any = model.eval()
        self._place = next(model.parameters()).device

    @torch.no_grad()
    def logits(self, row: torch.Tensor) -> torch.Tensor:
        """`[places, choices]` in fp32 on the CPU."""
        found: torch.Tensor = self._model(input_ids=row[None].to(self._place)).logits
        return found.reshape(-1, found.shape[-1]).float().cpu()

    @torch.no_grad()
    def greedy(self, ids: Sequence[int], count: int, stops: Sequence[int]) -> list[int]:
        """The likeliest next tokens."""
        given = torch.tensor([list(ids)], device=self._place)
        made = self._model.generate(
            input_ids=given,
            attention_mask=torch.ones_like(given),
            max_new_tokens=count,
            do_sample=False,
            pad_token_id=0,
            eos_token_id=list(stops) or None,
            use_cache=True,
        )
        answer: list[int] = made[0, len(ids) :].tolist()
        return answer


class FolderReader:
    """The tokenizer and chat template of a model folder."""

    def __init__(self, folder: Path, chats: bool) -> None:
        self._tokenizer: Tokenizer = load_tokenizer(folder)
        self._template = self._tokenizer.chat_template if chats else None

    def tokens(self, text: str) -> list[int]:
        """A text's ids."""
        return self._tokenizer.encode(text, add_special_tokens=True)[0]

    def prompt(self, messages: Sequence[dict[str, str]]) -> tuple[str, list[int]] | None:
        """A conversation as text and ids."""
        if self._template is None:
            return None
        text = render(
            self._template, messages, tokenizer=self._tokenizer, add_generation_prompt=True
        )
        return text, self._tokenizer.encode(text, add_special_tokens=False)[0]


class LlamaCpp:
    """A GGUF file in llama.cpp, as llama-cpp-python loads it; an adapter on its base if given."""

    def __init__(self, file: Path, context: int, adapter: Path | None = None) -> None:
        """Load it.

        Args:
            file: The GGUF file.
            context: Tokens that it must hold.
            adapter: A GGUF adapter to put on it.

        Raises:
            RefusedError: llama.cpp is not installed.
        """
        llama.runtime()
        from llama_cpp import Llama

        self._model: Any = Llama(
            str(file),
            n_ctx=context,
            n_batch=context,
            logits_all=True,
            n_gpu_layers=-1,
            verbose=False,
            lora_path=str(adapter) if adapter else None,
        )
        self._about: dict[str, str] = self._model.metadata

    @property
    def start(self) -> int:
        """The id of the token that begins a text."""
        return int(self._model.token_bos())

    def logits(self, row: torch.Tensor) -> torch.Tensor:
        """`[places, choices]` in fp32."""
        self._model.reset()
        self._model.eval(row.tolist())
        return torch.tensor(self._model.scores[: len(row)])

    def greedy(self, ids: Sequence[int], count: int, stops: Sequence[int]) -> list[int]:
        """The likeliest next tokens."""
        self._model.reset()
        answer: list[int] = []
        given = list(ids)
        while len(answer) < count:
            self._model.eval(given)
            answer.append(int(self._model.scores[self._model.n_tokens - 1].argmax()))
            if answer[-1] in stops:
                break
            given = answer[-1:]
        return answer

    def tokens(self, text: str) -> list[int]:
        """A text's ids, as llama.cpp makes them."""
        found: list[int] = self._model.tokenize(text.encode("utf-8"), add_bos=True, special=True)
        return found

    def prompt(self, messages: Sequence[dict[str, str]]) -> tuple[str, list[int]] | None:
        """A conversation as text and ids, in the way of llama-cpp-python's own chat."""
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        template = self._about.get("tokenizer.chat_template")
        if template is None:
            return None
        names = [self._spelled(each) for each in (self._model.token_eos(), self.start)]
        form = Jinja2ChatFormatter(template, names[0], names[1], add_generation_prompt=True)
        made = form(messages=list(messages))
        ids = self._model.tokenize(
            made.prompt.encode("utf-8"), add_bos=not made.added_special, special=True
        )
        return made.prompt, ids

    def _spelled(self, token: int) -> str:
        text: str = self._model._model.token_get_text(token) if token >= 0 else ""
        return text
