"""The documents that OpenAI's clients read. Knows their shape, and no model."""

import time
import uuid
from typing import Any, Literal

Kind = Literal["chat", "text"]
NAMES = {"chat": ("chatcmpl", "chat.completion"), "text": ("cmpl", "text_completion")}


class Answer:
    """One answer's documents, which share their id and time."""

    def __init__(self, kind: Kind, model: str) -> None:
        prefix, self._object = NAMES[kind]
        self._kind, self._model = kind, model
        self._id, self._created = f"{prefix}-{uuid.uuid4().hex[:24]}", int(time.time())

    def whole(self, text: str, reason: str, prompt: int, written: int) -> dict[str, Any]:
        """An answer at once."""
        said = {"message": {"role": "assistant", "content": text, "refusal": None}}
        choice = said if self._kind == "chat" else {"text": text}
        choices = [{"index": 0, **choice, "logprobs": None, "finish_reason": reason}]
        return self._document(self._object, choices) | {"usage": usage(prompt, written)}

    def first(self) -> dict[str, Any] | None:
        """What a stream begins with."""
        return self._chunk({"role": "assistant", "content": ""}) if self._kind == "chat" else None

    def piece(self, text: str) -> dict[str, Any]:
        """Some more of a stream."""
        return self._chunk({"content": text} if self._kind == "chat" else text)

    def last(self, reason: str) -> dict[str, Any]:
        """The stream's end."""
        return self._chunk({} if self._kind == "chat" else "", reason)

    def counted(self, prompt: int, written: int) -> dict[str, Any]:
        """What a stream used, where that was asked for."""
        return self._document(self._streamed, []) | {"usage": usage(prompt, written)}

    @property
    def _streamed(self) -> str:
        return self._object + (".chunk" if self._kind == "chat" else "")

    def _chunk(self, said: Any, reason: str | None = None) -> dict[str, Any]:
        choice = {"delta": said} if self._kind == "chat" else {"text": said}
        choices = [{"index": 0, **choice, "logprobs": None, "finish_reason": reason}]
        return self._document(self._streamed, choices)

    def _document(self, named: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        about = {"id": self._id, "object": named, "created": self._created, "model": self._model}
        return about | {"choices": choices}


def usage(prompt: int, written: int) -> dict[str, int]:
    """Tokens read and written."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": written,
        "total_tokens": prompt + written,
    }


def error(
    message: str, *, kind: str = "invalid_request_error", code: str = "", param: str = ""
) -> dict[str, Any]:
    """A refusal, as OpenAI words it."""
    about = {"message": message, "type": kind, "param": param or None, "code": code or None}
    return {"error": about}


def models(name: str, created: int) -> dict[str, Any]:
    """The one model there is."""
    return {"object": "list", "data": [model(name, created)]}


def model(name: str, created: int) -> dict[str, Any]:
    """The model itself."""
    return {"id": name, "object": "model", "created": created, "owned_by": "finetune-studio"}
