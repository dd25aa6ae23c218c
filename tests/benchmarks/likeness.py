"""A merged model and a GGUF file beside the adapter: `python -m tests.benchmarks.likeness RUN...`.

For each run, 100 prompts and the held-out rows: the adapter on its base, the merged model in fp32
and llama.cpp with the f16 file. Prints how many answers are the same token by token, the largest
difference of a logit and the mean KL divergence; the exit code is 1 where a bound does not hold.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from finetune_studio.engine import gguf
from finetune_studio.engine.export import PARTS
from finetune_studio.engine.merge import write_merged
from finetune_studio.engine.parity import compare
from finetune_studio.engine.progress import Progress
from finetune_studio.engine.reference import ANSWER, Reference, Talk, reference_of
from finetune_studio.engine.speakers import LlamaCpp, Loaded
from finetune_studio.engine.tuned import Tuned, load_whole, open_tuned
from finetune_studio.export.formats import quant_of
from finetune_studio.runs.folder import RunFolder
from tests.benchmarks.asking import questions

DIFFERENCE = 1e-3  # of a logit, merged in fp32
DIVERGENCE = 1e-4  # nats, GGUF f16
CONTEXT = 1024
HEAD = ("run", "beside its adapter", "answers", "largest Δlogit", "mean KL", "top-1", "holds")


def main() -> int:
    """Compare, print, and tell by the exit code whether the bounds held."""
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--prompts", type=int, default=100)
    options = parser.parse_args()
    print(f"| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}")
    held = [_held(run, options.prompts) for run in options.runs]  # every run, whatever came before
    return int(not all(held))


def _held(run: Path, count: int) -> bool:
    tuned = open_tuned(RunFolder.open(run))
    model = tuned.model()
    reference = reference_of(model, tuned)
    reference = replace(reference, talks=_talks(tuned, Loaded(model), reference.stops, count))
    del model
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "merged").mkdir()
        write_merged(tuned, folder / "merged", "fp32")
        found = compare(Loaded(load_whole(folder / "merged", False, tuned.device)), reference)
        merged = found["greedy_match"] == 1 and found["max_difference"] < DIFFERENCE
        _row(run, "merged, fp32", reference, found, merged)
        making = gguf.Making(tuned, run.name, Progress(PARTS, lines=True), folder / "work")
        gguf.write_gguf(making, quant_of("f16"), folder / "model.gguf")
        found = compare(LlamaCpp(folder / "model.gguf", CONTEXT), reference)
        _row(run, "GGUF f16", reference, found, found["mean_kl"] < DIVERGENCE)
    return merged and bool(found["mean_kl"] < DIVERGENCE)


def _talks(tuned: Tuned, adapter: Loaded, stops: list[int], count: int) -> list[Talk]:
    voice, made = tuned.voice(), []
    for prompt in questions(count):
        said = voice.with_system([{"role": "user", "content": prompt}])
        ids = voice.prompt_ids(said)
        answer = adapter.greedy(ids, ANSWER, stops)
        made.append(Talk(said, voice.prompt(said), ids, answer))
    return made


def _row(run: Path, what: str, reference: Reference, found: dict[str, Any], held: bool) -> None:
    count = len(reference.talks)
    cells = (run.name, what, f"{round(found['greedy_match'] * count)} of {count}")
    figures = (f"{found['max_difference']:.1e}", f"{found['mean_kl']:.1e}")
    more = (f"{found['top1_match']:.4f}", "yes" if held else "NO")
    print(f"| {' | '.join((*cells, *figures, *more))} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
