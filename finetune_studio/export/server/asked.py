"""What a request may ask, checked; what is not supported is refused and never passed over."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

USUAL_TOKENS = 1024
"""The longest answer where a request does not say."""
UNSUPPORTED = {
    "n": 1,
    "best_of": 1,
    "tools": [],
    "functions": [],
    "logprobs": False,
    "top_logprobs": 0,
    "echo": False,
    "suffix": "",
    "logit_bias": {},
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "audio": {},
}
"""Parameters that this server has not, each with the value that asks for nothing."""


def _parts(content: Any) -> Any:
    """The text of a message that comes in parts, as clients of newer interfaces send it."""
    if isinstance(content, list):
        if not all(isinstance(each, dict) and each.get("type") == "text" for each in content):
            raise ValueError("this model reads text alone")
        return "".join(str(each.get("text", "")) for each in content)
    return "" if content is None else content


class Message(BaseModel):
    """One turn of a conversation."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[str, BeforeValidator(_parts)]


class StreamOptions(BaseModel):
    """What comes with a stream."""

    include_usage: bool = False


class Asked(BaseModel):
    """What both kinds of request have in common."""

    model_config = ConfigDict(extra="allow")

    model: str
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    seed: int | None = Field(None, ge=-(2**63), lt=2**63)
    max_tokens: int | None = Field(None, ge=1)
    stop: Annotated[list[str], Field(max_length=4)] = []
    stream: bool = False
    stream_options: StreamOptions | None = None

    @field_validator("stop", mode="before")
    @classmethod
    def _one_or_several(cls, given: Any) -> Any:
        return [given] if isinstance(given, str) else given or []

    @field_validator("stop")
    @classmethod
    def _not_empty(cls, given: list[str]) -> list[str]:
        return [each for each in given if each]

    @property
    def tokens(self) -> int:
        """The longest answer, in tokens."""
        return self.max_tokens or USUAL_TOKENS

    def unsupported(self) -> str:
        """The first parameter that asks for what this server has not; empty without one."""
        extra = self.model_extra or {}
        for name, nothing in UNSUPPORTED.items():
            if name in extra and extra[name] not in (None, nothing):
                return name
        form = extra.get("response_format")
        return "response_format" if form not in (None, {"type": "text"}) else ""


class ChatAsked(Asked):
    """`/v1/chat/completions`."""

    messages: list[Message] = Field(min_length=1)
    max_completion_tokens: int | None = Field(None, ge=1)

    @property
    def tokens(self) -> int:
        """The longest answer, in tokens."""
        return self.max_completion_tokens or super().tokens

    def conversation(self) -> list[dict[str, str]]:
        """The messages as chat templates know them."""
        roles = {"developer": "system"}  # the newer word for the same
        return [{"role": roles.get(m.role, m.role), "content": m.content} for m in self.messages]


class TextAsked(Asked):
    """`/v1/completions`."""

    prompt: str

    @field_validator("prompt", mode="before")
    @classmethod
    def _one(cls, given: Any) -> Any:
        return given[0] if isinstance(given, list) and len(given) == 1 else given
