"""Where the assistant's words lie in a rendered conversation. Knows text, not tokens.

A template with `{% generation %}` blocks says it itself. Of any other, the places follow from what
it writes around the turns (shapes.py), or, where that depends on their words, from rendering the
conversation twice, once with each answer replaced by a placeholder: what stands between the
placeholders is the template's own text, and it is found again in the real rendering. No marker is
guessed from a list of families.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finetune_studio.tokens.places import Span
from finetune_studio.tokens.shapes import TURN, Shapes
from finetune_studio.tokens.templates import OPEN, SHUT, TemplateError, render, render_marked

if TYPE_CHECKING:
    from finetune_studio.tokens.loading import Tokenizer

LEARNED = OPEN[1:]  # what both marks have
ASK = [{"role": "user", "content": "\x05ask\x05"}]


@dataclass(slots=True)  # not frozen: to make a frozen one takes longer
class Rendered:
    """A conversation as the model reads it.

    Attributes:
        text: All of it.
        answers: For each answer its span in code points: from where the model takes over to the
            end of what ends the turn.
    """

    text: str
    answers: tuple[Span, ...]


@dataclass(frozen=True)
class Habits:
    """What a template does around every answer, found by rendering a question and its answer.

    Attributes:
        lead: What stands between the generation prompt and the answer's first word.
        end: What ends an answer; empty where nothing does.
        marked: Whether the template marks the answers itself.
        takes_system: Whether a system message reaches the model.
        prompt_kept: Whether an answer follows in training what it follows when it is asked for.
    """

    lead: str
    end: str
    marked: bool
    takes_system: bool
    prompt_kept: bool


class Answers:
    """Finds the answers in conversations rendered by one template."""

    def __init__(self, template: str, tokenizer: "Tokenizer") -> None:
        """Learn the template's habits.

        Raises:
            TemplateError: It cannot render even one question with its answer.
        """
        self._template = template
        self._tokenizer = tokenizer
        self._specials = _pattern(tokenizer)
        self.habits = self._habits()
        self._shapes = Shapes(self._text, self.habits.lead, self.habits.end)

    def render(self, messages: Sequence[Mapping[str, Any]]) -> Rendered:
        """The conversation's text and answers.

        Raises:
            TemplateError: The template refuses the conversation, or changes the answers so much
                that they cannot be found.
        """
        if self.habits.marked:
            return self._marked(messages)
        text = self._text(messages)
        answers = self._shapes.answers(text, messages)
        if answers is not None:
            return Rendered(text, answers)
        segments = TURN.split(self._text(_with_places(messages)))
        if len(segments) == 1:
            return Rendered(text, ())
        return Rendered(text, tuple(self._between(text, segments, messages)))

    def _text(self, messages: Sequence[Mapping[str, Any]], prompt: bool = False) -> str:
        return render(
            self._template, messages, tokenizer=self._tokenizer, add_generation_prompt=prompt
        )

    def _between(
        self, text: str, segments: Sequence[str], messages: Sequence[Mapping[str, Any]]
    ) -> Iterator[Span]:
        """The spans between the template's segments, each found behind the one before."""
        said = [turn["content"] for turn in messages if turn["role"] == "assistant"]
        if len(said) != len(segments) - 1:
            raise TemplateError("an answer is left out")
        heads = [each.removesuffix(self.habits.lead) for each in segments[:-1]]
        if not text.startswith(heads[0]):
            raise TemplateError("an answer changes what stands before it")
        start = len(heads[0])
        for index, content in enumerate(said):
            after = heads[index + 1] if index + 1 < len(said) else segments[-1]
            words = start + (len(segments[index]) - len(heads[index]))
            words += next((len(w) for w in _as_written(content) if text.startswith(w, words)), 0)
            last = index + 1 == len(said)
            found = len(text) - len(after) if last else text.find(after, words)
            if found < start or not text.startswith(after, found):
                raise TemplateError("an answer changes what stands behind it")
            ends = after.startswith(self.habits.end)
            yield start, found + (len(self.habits.end) if ends else 0)
            start = found + len(after)

    def _marked(self, messages: Sequence[Mapping[str, Any]]) -> Rendered:
        """The spans that the template marks, each with the end of the turn that follows it."""
        marked = render_marked(self._template, _unmarked(messages), tokenizer=self._tokenizer)
        text, spans, start, end = "", [], 0, self.habits.end
        for opened in marked.split(OPEN):
            said, *behind = opened.split(SHUT)
            text += said
            for words in behind:
                spans.append((start, len(text) + (len(end) if words.startswith(end) else 0)))
                text += words
            start = len(text)
        return Rendered(text, tuple(spans))

    def _habits(self) -> Habits:
        answered = [*ASK, {"role": "assistant", "content": "\x05turn0\x05"}]
        text = self._text(answered)
        place = TURN.search(text)
        if place is None:
            raise TemplateError("the assistant's words are left out")
        asked = self._text(ASK, prompt=True)
        kept = text.startswith(asked) and len(asked) <= place.start()
        marked = render_marked(self._template, answered, tokenizer=self._tokenizer)
        return Habits(
            lead=text[len(asked) : place.start()] if kept else "",
            end=self._end(text[place.end() :]),
            marked=OPEN in marked,
            takes_system=self._takes_system(answered),
            prompt_kept=kept,
        )

    def _end(self, tail: str) -> str:
        """What ends a turn: up to the first special token, or else the words that follow."""
        found = self._specials.search(tail) if self._specials else None
        return tail[: found.end()] if found else tail.rstrip()

    def _takes_system(self, answered: Sequence[Mapping[str, Any]]) -> bool:
        try:
            return "\x05sys\x05" in self._text(
                [{"role": "system", "content": "\x05sys\x05"}, *answered]
            )
        except TemplateError:
            return False


def _unmarked(messages: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The conversation without our own marks: whoever writes them marks nothing as learned."""
    for turn in messages:
        if LEARNED in str(turn.get("content")):
            break
    else:
        return messages
    return [
        {**turn, "content": str(turn.get("content")).replace(OPEN, "").replace(SHUT, "")}
        if LEARNED in str(turn.get("content"))
        else turn
        for turn in messages
    ]


def _with_places(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    numbers = iter(range(len(messages)))
    return [
        {**turn, "content": f"\x05turn{next(numbers)}\x05"}
        if turn["role"] == "assistant"
        else dict(turn)
        for turn in messages
    ]


def _as_written(content: Any) -> tuple[str, ...]:
    """The forms in which templates write an answer's words, the whole first; none of no text."""
    return (content, content.strip()) if isinstance(content, str) else ()


def _pattern(tokenizer: "Tokenizer") -> "re.Pattern[str] | None":
    tokens = [tokenizer.token(each) for each in tokenizer.special_ids]
    tokens = sorted(filter(None, tokens), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, tokens))) if tokens else None
