"""Rows to `input_ids` and `labels`: the one function that the preview and the trainer share.

Knows tokenizers and templates, no torch. A label is the id that is to be predicted at that place,
or -100 where nothing is learned; the first place has nothing before it and is never learned.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from finetune_studio import collector
from finetune_studio.data.ahead import worked_ahead
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.recipe.schema import Recipe
from finetune_studio.tokens.answers import Answers, Rendered
from finetune_studio.tokens.between import between_of
from finetune_studio.tokens.examples import IGNORED, Example, refused
from finetune_studio.tokens.loading import Offsets, Tokenizer
from finetune_studio.tokens.places import Span, inside
from finetune_studio.tokens.templates import BUNDLED, TemplateError, default_template

if TYPE_CHECKING:
    from datasets import Dataset
    from tokenizers import Encoding

BATCH = 2000
"""Rows that are tokenised at once."""


class Supervisor:
    """Turns rows into examples for one task, tokenizer and template."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        kind: str,
        *,
        sequence_length: int,
        learn: str = "assistant",
        template: str | None = None,
        system: str = "",
        labels: Sequence[str] = (),
    ) -> None:
        """Prepare for a task.

        Args:
            tokenizer: The model's own.
            kind: `chat` (rows with `messages`), `text` (`text`), `classify` (`text`, `label`).
            sequence_length: Tokens an example holds at most.
            learn: For `chat`: `assistant`, `last` answer, or `all` tokens.
            template: For `chat`: the chat template.
            system: For `chat`: put before conversations without a system message.
            labels: For `classify`: the labels' names in their order.

        Raises:
            TemplateError: The template cannot render even one question with its answer.
        """
        self.tokenizer = tokenizer
        self.kind = kind
        self.template = template
        self._length = sequence_length
        self._learn = learn
        self._system = system
        self._numbers = {name: index for index, name in enumerate(labels)}
        self.answers = Answers(template, tokenizer) if kind == "chat" and template else None
        self._learns_places = self.answers is not None and learn != "all"
        self._between = between_of(tokenizer) if self._learns_places else None
        self._asks_places = self._learns_places and not self._stand_between()
        self._places = self._again  # one for all examples: the fewer objects, the less to look over

    @property
    def stop_ids(self) -> frozenset[int]:
        """The ids at which an answer ends: the model's own, and the template's end of a turn."""
        end = self.answers.habits.end if self.answers else ""
        ids = self.tokenizer.encode(end, add_special_tokens=False)[0][-1:] if end else []
        return self.tokenizer.eos_ids | (frozenset(ids) & self.tokenizer.special_ids)

    @property
    def stops(self) -> bool:
        """Whether what ends an answer is a token at which generation stops."""
        end = self.answers.habits.end if self.answers else ""
        ids, _ = self.tokenizer.encode(end, add_special_tokens=False)
        return bool(ids) and ids[-1] in self.stop_ids

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> list[Example]:
        """The examples of some rows, in order; a long text gives several, any other row one."""
        return [example for _, example in self.numbered(rows)]

    def numbered(self, rows: Sequence[Mapping[str, Any]]) -> list[tuple[int, Example]]:
        """The examples, each with the number of its row among `rows`.

        Tokenizers let Python go on: while they are at some rows, the next ones are rendered, and
        the examples of those before are made.
        """
        parts = (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
        given = ((part, self._texts(part)) for part in parts)
        tokenised = worked_ahead(given, lambda batch: self._tokenised(batch[1]))
        made = (each for (part, texts), found in tokenised
                for each in self._examples(part, texts, found))  # fmt: skip
        with collector.at_rest():
            return [(number, example) for number, each in enumerate(made) for example in each]

    def _tokenised(self, given: "Sequence[Rendered | str]") -> "list[Encoding]":
        texts = [each.text if isinstance(each, Rendered) else each for each in given]
        return self.tokenizer.encodings(
            texts, add_special_tokens=self.answers is None, places=self._asks_places
        )

    def _examples(
        self,
        rows: Sequence[Mapping[str, Any]],
        given: "Sequence[Rendered | str]",
        found: "Sequence[Encoding]",
    ) -> Iterator[Iterable[Example]]:
        for row, text, encoding in zip(rows, given, found, strict=True):
            if isinstance(text, Rendered):
                yield [self._chat(text, encoding)]
            elif self.answers:
                yield [refused("template-refuses", text)]
            elif not text.strip() or not len(encoding):  # its ids are made anew each time
                yield [refused("empty-text")]
            elif self.kind == "text":
                yield self._pieces(text, encoding)
            else:
                yield [self._labelled(text, encoding, row)]

    def _texts(self, rows: Sequence[Mapping[str, Any]]) -> list[Rendered | str]:
        """What is tokenised; of a conversation that the template refuses, why."""
        if self.answers:
            return [self._rendered(row["messages"]) for row in rows]
        return [str(row["text"] or "") for row in rows]

    # chat

    def _rendered(self, messages: Sequence[Mapping[str, Any]]) -> Rendered | str:
        assert self.answers is not None
        if self._system and messages[0]["role"] != "system":
            messages = [{"role": "system", "content": self._system}, *messages]
        try:
            return self.answers.render(messages)
        except TemplateError as error:
            return str(error)

    def _chat(self, rendered: Rendered, encoding: "Encoding") -> Example:
        ids, text = encoding.ids, rendered.text
        if not self._learns_places:
            ends = len(ids) <= self._length
            return self._example(ids, ((0, len(ids)),), self._places, text, ends=ends)
        learned = self._learned(rendered, ids, encoding)
        last = learned[-1][1] - 1 if learned else -1
        ends = 0 <= last < self._length and bool(self.answers and self.answers.habits.end)
        return self._example(ids, learned, self._places, text, ends=ends)

    def _learned(self, rendered: Rendered, ids: list[int], encoding: "Encoding") -> list[Span]:
        """The tokens that are learned; their places are asked for only where it takes them."""
        spans = rendered.answers[-1:] if self._learn == "last" else rendered.answers
        if self._asks_places:
            return inside(encoding, spans)
        found = self._between.find(ids, rendered.text, spans) if self._between else None
        return inside(self._with_places(rendered.text), spans) if found is None else found

    def _with_places(self, text: str) -> "Encoding":
        return self.tokenizer.encodings([text], add_special_tokens=self.answers is None)[0]

    def _stand_between(self) -> bool:
        """Whether the answers of this template stand between special tokens."""
        if self._between is None or self.answers is None:
            return False
        said = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
        made = self.answers.render(said)
        ids = self._with_places(made.text).ids
        return self._between.find(ids, made.text, made.answers) is not None

    def _again(self, text: str) -> Offsets:
        """Makes the places anew, and that of an end behind the text: few are ever asked for."""
        found = self.tokenizer.encode(text, add_special_tokens=self.answers is None)[1]
        return [*found, (len(text), len(text))]

    # text

    def _pieces(self, text: str, encoding: "Encoding") -> Iterable[Example]:
        """A text and its end, in pieces of the sequence length that follow on each other."""
        ids, end = encoding.ids, self.tokenizer.eos_id
        if end is not None and ids[-1] != end:
            ids.append(end)
        if len(ids) <= self._length:  # nearly always, so without a step too many
            labels = ids.copy()
            labels[0] = IGNORED
            problem = "" if len(ids) > 1 else "nothing-learned"
            ends = end is not None
            learned, places = len(ids) - 1, self._places
            return (Example(ids, labels, learned, 0, ends, -1, problem, "", places, text),)
        return self._parts(ids, text)

    def _parts(self, ids: list[int], text: str) -> Iterator[Example]:
        end = self.tokenizer.eos_id
        for part in _parts(len(ids), self._length):
            ends = part.stop >= len(ids) and end is not None
            made = ids[part]
            places = partial(self._part, part)
            yield self._example(made, ((0, len(made)),), places, text, ends=ends)

    def _part(self, part: slice, text: str) -> Offsets:
        return self._again(text)[part]

    # classify

    def _labelled(self, text: str, encoding: "Encoding", row: Mapping[str, Any]) -> Example:
        """A text cut to length; a closing special token keeps its place at the end."""
        ids = encoding.ids
        cut = max(0, len(ids) - self._length)
        keep = 1 if cut and ids[-1] in self.tokenizer.special_ids else 0
        head, tail = slice(0, min(len(ids), self._length) - keep), slice(len(ids) - keep, len(ids))
        number = self._numbers.get(row["label"], -1)
        kept = ids[head] + ids[tail]
        return Example(
            kept,
            [IGNORED] * len(kept),
            int(number >= 0),
            cut,
            not cut,
            number,
            problem="" if number >= 0 else "unknown-label",
            places=partial(self._joined, head, tail) if cut else self._places,
            text=text,
        )

    def _joined(self, head: slice, tail: slice, text: str) -> Offsets:
        found = self._again(text)
        return found[head] + found[tail]

    def _example(
        self,
        ids: list[int],
        learned: Sequence[Span],
        places: Callable[[str], Offsets],
        text: str,
        *,
        ends: bool,
    ) -> Example:
        """An example of some ids, of which the runs `learned` are learned; cut to length."""
        size = min(len(ids), self._length)
        labels, count = [IGNORED] * size, 0
        for first, stop in learned:
            first, stop = max(1, first), min(stop, size)
            if first < stop:
                labels[first:stop] = ids[first:stop]
                count += stop - first
        cut = len(ids) - size
        return Example(
            ids[:size] if cut else ids,
            labels,
            count,
            cut,
            ends,
            problem="" if count else "nothing-learned",
            places=places,
            text=text,
        )


def _parts(size: int, length: int) -> Iterator[slice]:
    """Parts of at most `length`; the last has two or more: the first of a part is not learned."""
    starts = [*range(0, size, length)]
    if len(starts) > 1 and length > 2 and size - starts[-1] == 1:
        starts[-1] -= 1
    for start, stop in zip(starts, [*starts[1:], size], strict=True):
        yield slice(start, stop)


def supervisor_of(
    recipe: Recipe,
    tokenizer: Tokenizer,
    labels: Sequence[str] = (),
    sequence_length: int | None = None,
) -> Supervisor:
    """The supervisor of a recipe's task.

    Args:
        recipe: What the person decided.
        tokenizer: The model's own.
        labels: For `classify`: the labels of the data, by `label_names`.
        sequence_length: Instead of the recipe's, such as one that cuts nothing.

    Raises:
        RefusedError: The task needs a chat template and there is none that works.
    """
    task = recipe.task
    template = template_of(recipe, tokenizer)
    try:
        return Supervisor(
            tokenizer,
            task.kind,
            sequence_length=sequence_length or recipe.training.sequence_length,
            learn=getattr(task, "learn", "assistant"),
            template=template,
            system=getattr(task, "system", ""),
            labels=labels,
        )
    except TemplateError as error:
        raise RefusedError(
            tr("The chat template cannot render a question with its answer."),
            str(error),
            tr("Set task.template to {name}.").format(name=suggested_template(tokenizer)),
        ) from error


def label_names(recipe: Recipe, train: "Dataset") -> tuple[str, ...]:
    """The labels in the order of the model's outputs; none for the generating tasks.

    Raises:
        RefusedError: There are fewer than two.
    """
    if recipe.task.kind != "classify":
        return ()
    names = recipe.task.labels or tuple(sorted(set(train.unique("label"))))
    if len(names) < 2:
        raise RefusedError(
            tr("The data has only one label, {name}.").format(name=names[0]),
            hint=tr("A classification needs at least two."),
        )
    return tuple(names)


def template_of(recipe: Recipe, tokenizer: Tokenizer) -> str | None:
    """The chat template in use; None for tasks that have none.

    Raises:
        RefusedError: The model has none and the recipe names no other, or none of that name.
    """
    if recipe.task.kind != "chat":
        return None
    if recipe.task.template == "model":
        if tokenizer.chat_template is None:
            raise RefusedError(
                tr("This model has no chat template."),
                hint=tr("Set task.template to {name}.").format(name=suggested_template(tokenizer)),
            )
        return tokenizer.chat_template
    body = default_template(recipe.task.template)
    ids, _ = tokenizer.encode("a", add_special_tokens=True)
    begins = tokenizer.bos_id is not None and ids[0] == tokenizer.bos_id
    return "{{- bos_token -}}\n" + body if begins else body


def suggested_template(tokenizer: Tokenizer) -> str:
    """The bundled template that suits a tokenizer: one whose marks are tokens of its own."""
    return BUNDLED[0] if tokenizer.id_of("<|im_end|>") is not None else BUNDLED[1]
