"""Tokenising against the `tokenizers` library's own batches on the same texts, turn by turn.

The library is given all texts at once or in batches, whichever takes it less. `lengths` counts
rows, `labels` makes ids and labels as the trainer gets them; `compare` compares tokenizers by what
is said in the rows, and so stands against the library on that. All that they do beside tokenising
counts against them, save that chats have to be rendered: there the library's time is taken with
that of rendering each once. `preview` is one row, drawn as chips.

    python -m tests.benchmarks.tokens_speed --tokenizer FOLDER [--data FILE.parquet] [--rows 20000]
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from datasets import Dataset

from finetune_studio import paths
from finetune_studio.data.sources import open_rows
from finetune_studio.engine.dataset import ROWS
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.tokens import chips, lengths
from finetune_studio.tokens.compare import compare
from finetune_studio.tokens.loading import Tokenizer, load_tokenizer
from finetune_studio.tokens.preview import UNLIMITED, Previewer
from finetune_studio.tokens.supervision import supervisor_of
from finetune_studio.tokens.templates import render

BATCH = 1000
ANSWER = "네, 그렇게 생각해요."


def main() -> None:
    """Print one JSON line a task."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokenizer", type=Path, default=paths.resources() / "models" / "demo")
    parser.add_argument(
        "--data", default=str(paths.resources() / "samples" / "korean_sentiment.csv")
    )
    parser.add_argument("--column", default="리뷰")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=7)
    options = parser.parse_args()
    tokenizer = load_tokenizer(options.tokenizer)
    texts = _texts(options.data, options.column, options.rows)
    for kind in ("text", "chat") if tokenizer.chat_template else ("text",):
        print(json.dumps(_measured(kind, tokenizer, texts, options.turns)))
    if tokenizer.chat_template:
        print(json.dumps(_preview(tokenizer, texts, options.turns)))


def _measured(kind: str, tokenizer: Tokenizer, texts: list[str], turns: int) -> dict[str, object]:
    recipe = store.with_changes(Recipe(), {"task.kind": kind})
    rows = [_row(kind, text) for text in texts]
    data = Dataset.from_list(rows)
    template = tokenizer.chat_template or ""
    supervisor = supervisor_of(recipe, tokenizer, sequence_length=UNLIMITED)

    def rendered() -> list[str]:
        if kind == "text":
            return texts
        return [render(template, row["messages"], tokenizer=tokenizer) for row in rows]

    plain = rendered()
    specials = kind == "text"
    contents = texts if specials else [m["content"] for row in rows for m in row["messages"]]

    def library(given: list[str], batch: int, special: bool = specials) -> None:
        for start in range(0, len(given), batch):
            made = tokenizer.backend.encode_batch(
                given[start : start + batch], add_special_tokens=special
            )
            assert all(len(each.ids) for each in made)

    def labels() -> None:
        for start in range(0, len(rows), ROWS):
            assert supervisor.rows(rows[start : start + ROWS])

    seconds, worked = _in_turns(
        {
            "in batches": lambda: library(plain, BATCH),
            "at once": lambda: library(plain, len(plain)),
            "contents in batches": lambda: library(contents, BATCH, False),
            "contents at once": lambda: library(contents, len(contents), False),
            "lengths": lambda: lengths.count(recipe, tokenizer, data),
            "labels": labels,
            "compare": lambda: compare([("a", tokenizer)], data),
            "rendering": rendered,
        },
        turns,
    )
    for spent in (seconds, worked):
        spent["library"] = min(spent["in batches"], spent["at once"])
        spent["contents"] = min(spent["contents in batches"], spent["contents at once"])
    bare = seconds["library"]
    return {
        "task": kind,
        "rows": len(rows),
        "library_rows_per_second": round(len(rows) / bare),
        "speed_against_library": _against(seconds, kind),
        "by_cpu_time": _against(worked, kind),
        "rendering_seconds": round(seconds["rendering"], 2),
        "library_seconds": round(bare, 2),
    }


def _preview(tokenizer: Tokenizer, texts: list[str], turns: int) -> dict[str, object]:
    previewer = Previewer(Recipe(), tokenizer)
    row = _row("chat", " ".join(texts[:40]))
    seconds, _ = _in_turns({"row": lambda: list(chips.of_preview(previewer.row(row)))}, turns)
    tokens = len(previewer.row(row).states)
    return {"task": "preview", "tokens": tokens, "milliseconds": round(seconds["row"] * 1000, 1)}


def _against(spent: dict[str, float], kind: str) -> dict[str, float]:
    """How many times as fast as the library each job is; of chats, as it and rendering together."""
    whole = spent["library"] + (spent["rendering"] if kind == "chat" else 0.0)
    needed = {"lengths": whole, "labels": whole, "compare": spent["contents"]}
    return {name: round(needed[name] / spent[name], 2) for name in needed}


def _in_turns(
    jobs: dict[str, Callable[[], object]], turns: int
) -> tuple[dict[str, float], dict[str, float]]:
    """The median seconds, and CPU seconds, of each job, one of each in a turn; the first warms up.

    The clock of the CPU tells more where other programs are busy.
    """
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
    for turn in range(turns + 1):
        for name, job in jobs.items():
            begun, working = time.perf_counter(), time.process_time()
            job()
            if turn:
                found[name].append((time.perf_counter() - begun, time.process_time() - working))
    medians = {name: [statistics.median(s) for s in zip(*e, strict=True)]
               for name, e in found.items()}  # fmt: skip
    return {n: each[0] for n, each in medians.items()}, {n: each[1] for n, each in medians.items()}


def _row(kind: str, text: str) -> dict[str, object]:
    if kind == "text":
        return {"text": text}
    said = (("user", text), ("assistant", ANSWER))
    return {"messages": [{"role": role, "content": content} for role, content in said]}


def _texts(file: str, column: str, count: int) -> list[str]:
    """Texts of a column; a short file is read over again, each time with another number."""
    known = [text for text in open_rows([file]).dataset[column] if text and text.strip()]
    again = range(-(-count // len(known)))
    return [f"{text} {turn}" if turn else text for turn in again for text in known][:count]


if __name__ == "__main__":
    main()
