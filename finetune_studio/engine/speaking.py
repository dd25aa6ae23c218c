"""An answer as it comes, a few letters at a time, in the manner that is asked for.

The same manner and seed make the same answer, so that two models are asked alike. A stop text ends
the answer and is no part of it; what may yet become one is held back until that is known.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from transformers import StoppingCriteria, StoppingCriteriaList
from transformers.generation.streamers import BaseStreamer

from finetune_studio.engine.samples import Voice
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.tokens.loading import Tokenizer

SEEDS = 1 << 63  # torch's seeds have so many values
LOST = "\ufffd"  # a part of a character whose other bytes are still to come


@dataclass(frozen=True)
class Manner:
    """How to answer.

    Attributes:
        tokens: The longest answer.
        temperature: 0 says the likeliest; higher values dare more.
        top_p: Only the likeliest tokens that come to this share together are drawn from.
        seed: Of what is drawn.
        stop: Texts that end the answer.
    """

    tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()

    def options(self) -> dict[str, Any]:
        """What `generate` is told of it."""
        if self.temperature <= 0:
            return {"do_sample": False}
        drawn = {"temperature": self.temperature, "top_p": self.top_p, "top_k": 0}
        return {"do_sample": True, **drawn}


def manner_of(asked: dict[str, Any]) -> Manner:
    """The manner that a JSON document asks for.

    Raises:
        RefusedError: A value is no number, or beyond what there is.
    """
    try:
        made = Manner(
            int(asked.get("tokens", 256)),
            float(asked.get("temperature", 0.0)),
            float(asked.get("top_p", 1.0)),
            int(asked.get("seed", 0)),
            tuple(str(each) for each in asked.get("stop", ()) if str(each)),
        )
    except (TypeError, ValueError) as error:
        raise RefusedError(tr("The settings of the answer cannot be read."), str(error)) from error
    sound = made.tokens >= 1 and 0 <= made.temperature <= 5 and 0 < made.top_p <= 1
    if not sound or not 0 <= made.seed < SEEDS:
        raise RefusedError(
            tr("The settings of the answer are beyond what there is."),
            tr("Tokens start at 1, the seed at 0; temperature ends at 5, top-p at 1."),
        )
    return made


def speak(
    voice: Voice,
    model: Any,
    messages: list[dict[str, str]],
    manner: Manner,
    say: Callable[[str], None],
    stopped: Callable[[], bool] = lambda: False,
) -> str:
    """Answer, and say it as it comes; the whole answer.

    Args:
        voice: Renders prompts, and labels for a classification.
        model: The base model or the tuned one.
        messages: What was said.
        manner: How to answer.
        say: Hears each new piece.
        stopped: Whether the person has heard enough; asked after each token.

    Raises:
        RefusedError: What was said is longer than the model can read.
    """
    if voice.labels:
        text = voice.answer(model, messages, manner.tokens)
        say(text)
        return text
    ids = torch.tensor([voice.prompt_ids(messages)], device=next(model.parameters()).device)
    _refuse_too_long(ids.shape[1], model)
    random.seed(manner.seed)
    torch.manual_seed(manner.seed)
    speech = Speech(voice.tokenizer, manner.stop, say)
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=manner.tokens,
                pad_token_id=voice.tokenizer.pad_id or 0,
                eos_token_id=sorted(voice.tokenizer.eos_ids),
                use_cache=True,
                streamer=speech,
                stopping_criteria=StoppingCriteriaList([_Until(speech, stopped)]),
                **manner.options(),
            )
    finally:
        model.train(was_training)
    return speech.whole()


class Speech(BaseStreamer):
    """What has been said so far: tokens come in, whole letters go out."""

    def __init__(
        self, tokenizer: Tokenizer, stop: tuple[str, ...], say: Callable[[str], None]
    ) -> None:
        self._tokenizer, self._stop, self._say = tokenizer, stop, say
        self._ids: list[int] = []
        self._said = ""
        self._prompted = False
        self.ended = False

    def put(self, value: torch.Tensor) -> None:
        """Take the prompt first, then each token."""
        if not self._prompted:
            self._prompted = True
            return
        if self.ended:
            return
        self._ids += value.reshape(-1).tolist()
        text = self._text()
        cut = self._stopped(text)
        if cut is not None:
            self.ended = True
            self._tell(text[:cut])
        else:
            self._tell(text[: len(text) - self._held(text)])

    def end(self) -> None:
        """Say what was held back."""
        if not self.ended:
            self._tell(self._text().rstrip(LOST))
            self.ended = True

    def whole(self) -> str:
        """Everything that was said."""
        return self._said

    def _text(self) -> str:
        return self._tokenizer.decode(self._ids, skip_special_tokens=True)

    def _stopped(self, text: str) -> int | None:
        places = [at for each in self._stop if (at := text.find(each)) >= 0]
        return min(places, default=None)

    def _held(self, text: str) -> int:
        """How many letters at the end are not certain yet."""
        held = len(text) - len(text.rstrip(LOST))
        for each in self._stop:
            for size in range(min(len(each) - 1, len(text)), held, -1):
                if text.endswith(each[:size]):
                    held = max(held, size)
        return held

    def _tell(self, text: str) -> None:
        if len(text) > len(self._said) and text.startswith(self._said):
            new, self._said = text[len(self._said) :], text
            self._say(new)


class _Until(StoppingCriteria):
    """Ends an answer at a stop text, or when the person has heard enough."""

    def __init__(self, speech: Speech, stopped: Callable[[], bool]) -> None:
        self._speech, self._stopped = speech, stopped

    def __call__(self, input_ids: torch.Tensor, scores: Any, **options: Any) -> torch.Tensor:
        """Whether each row is done."""
        done = self._speech.ended or self._stopped()
        return torch.full((input_ids.shape[0],), done, device=input_ids.device, dtype=torch.bool)


def _refuse_too_long(tokens: int, model: Any) -> None:
    most = int(getattr(model.config.get_text_config(), "max_position_embeddings", 0) or 0)
    if most and tokens >= most:
        raise RefusedError(
            tr("What was said is longer than the model can read."),
            tr("It has {tokens:,} tokens; the model reads {most:,}.").format(
                tokens=tokens, most=most
            ),
            tr("Begin anew, or say less."),
        )
