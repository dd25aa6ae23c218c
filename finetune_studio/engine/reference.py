"""The words of the trained model, which every export of it is compared with.

Held-out rows with its logits, prompts with its answers, texts with their tokens. A model under test
is loaded in a process that never saw the trained one, so that what is compared came from the disk.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from finetune_studio.engine.dataset import Prepared, prepare
from finetune_studio.engine.speakers import Loaded
from finetune_studio.engine.tuned import Tuned
from finetune_studio.errors import StudioError
from finetune_studio.export.prompts import PROMPTS, TEXTS
from finetune_studio.tokens.examples import IGNORED

ROWS = 16  # held-out rows that are compared
TOKENS = 256  # at most, of each row
LARGEST = 512 << 20  # bytes of all logits together; large vocabularies get shorter rows
ANSWER = 32  # tokens of an answer
KEY = "studio"
OF = "of"


@dataclass(frozen=True)
class Talk:
    """A prompt and what the trained model answered.

    Attributes:
        messages: The conversation; a single user message for tasks without a template.
        text: As rendered for the model.
        ids: As the model was given it.
        answer: The ids of its greedy answer, at most `ANSWER`.
    """

    messages: list[dict[str, str]]
    text: str
    ids: list[int]
    answer: list[int]


@dataclass(frozen=True)
class Reference:
    """What the trained model said.

    Attributes:
        rows: Token ids, one `[tokens]` tensor a row.
        logits: One `[places, choices]` fp32 tensor a row: every place of a generating model, the
            single decision of a classification.
        labels: The ids to be predicted at each place, or -100, one `[tokens]` tensor a row; none
            for a classification.
        talks: Prompts with answers; none for a classification.
        texts: Texts with their tokens, special ones added.
        stops: The ids at which an answer ends.
        held_out: Whether the rows were kept aside, and not learned.
    """

    rows: list[torch.Tensor]
    logits: list[torch.Tensor]
    labels: list[torch.Tensor] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    texts: list[tuple[str, list[int]]] = field(default_factory=list)
    stops: list[int] = field(default_factory=list)
    held_out: bool = True

    def save(self, path: Path, of: str = "") -> None:
        """Write it to a safetensors file; `of` is noted in it, and tells what it was made of."""
        tensors = {f"row.{n}": row for n, row in enumerate(self.rows)}
        tensors |= {f"labels.{n}": row.clone() for n, row in enumerate(self.labels)}  # may be rows
        tensors |= {f"logits.{n}": each for n, each in enumerate(self.logits)}
        about = {
            "talks": [asdict(each) for each in self.talks],
            "texts": self.texts,
            "stops": self.stops,
            "held_out": self.held_out,
        }
        save_file(tensors, path, {KEY: json.dumps(about, ensure_ascii=False), OF: of})

    @classmethod
    def load(cls, path: Path) -> "Reference":
        """Read it back."""
        with safe_open(path, framework="pt") as kept:
            about = json.loads(kept.metadata()[KEY])
            names = list(kept.keys())

            def tensors(kind: str) -> list[torch.Tensor]:
                count = sum(name.startswith(f"{kind}.") for name in names)
                return [kept.get_tensor(f"{kind}.{n}") for n in range(count)]

            return cls(
                tensors("row"),
                tensors("logits"),
                tensors("labels"),
                [Talk(**each) for each in about["talks"]],
                [(text, ids) for text, ids in about["texts"]],
                about["stops"],
                about["held_out"],
            )


def reference_of(model: nn.Module, tuned: Tuned) -> Reference:
    """What `model` says on held-out rows, on training rows where none are held out.

    Where the data is gone, the fixed texts are the rows.
    """
    speaker = Loaded(model)
    data = _data(tuned)
    rows, labels, held_out = _rows(tuned, data, int(model.config.vocab_size))
    tokenizer = data.tokenizer if data else tuned.tokenizer
    stops = sorted(tokenizer.eos_ids)
    texts = [(text, tokenizer.encode(text, add_special_tokens=True)[0]) for text in TEXTS]
    said = [speaker.logits(row) for row in rows]
    talks = [] if tuned.labels else [_talk(speaker, tuned, prompt, stops) for prompt in PROMPTS]
    return Reference(rows, said, labels, talks, texts, stops, held_out)


def _data(tuned: Tuned) -> Prepared | None:
    try:
        return prepare(tuned.recipe, tuned.source, lambda *_, **__: None)
    except (StudioError, OSError):
        return None  # the files were moved or deleted since


def _rows(
    tuned: Tuned, data: Prepared | None, vocabulary: int
) -> tuple[list[torch.Tensor], list[torch.Tensor], bool]:
    """Ids and labels, and whether they were held out."""
    longest = max(8, min(TOKENS, LARGEST // (4 * ROWS * vocabulary)))
    if data is None:
        made = [tuned.tokenizer.encode(text, add_special_tokens=True)[0] for text in TEXTS]
        rows = [torch.tensor(ids[:longest]) for ids in made]
        return rows, [] if tuned.labels else rows, True
    source = data.validation if len(data.validation) else data.train
    kept = source.select(range(min(ROWS, len(source))))
    rows = [torch.tensor(ids[:longest]) for ids in kept["input_ids"]]
    labels = [] if tuned.labels else [torch.tensor(ids[:longest]) for ids in kept["labels"]]
    labels = [_or_all(row, given) for row, given in zip(rows, labels, strict=bool(labels))]
    return rows, labels, len(data.validation) > 0


def _or_all(row: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The labels; every token, where what was learned lies behind the cut."""
    return labels if (labels[1:] != IGNORED).any() else row


def _talk(speaker: Loaded, tuned: Tuned, prompt: str, stops: list[int]) -> Talk:
    voice = tuned.voice()
    messages = voice.with_system([{"role": "user", "content": prompt}])
    text, ids = voice.prompt(messages), voice.prompt_ids(messages)
    return Talk(messages, text, ids, speaker.greedy(ids, ANSWER, stops))
