"""Compares the memory plan, and two rules of others, with what was measured on a GPU.

`python -m tests.benchmarks.memory.report [points.jsonl] [--all]`

The points come from measure.py. Those kept aside were used for no constant of the plan; the
figures that count are theirs. Needs no GPU and no torch.
"""

import argparse
import json
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from finetune_studio.catalog.architecture import read_architecture
from finetune_studio.catalog.entries import entry
from finetune_studio.hardware.memory import MemoryPlan, plan_memory
from finetune_studio.hardware.setup import setup_of
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe

GIB = 2**30
POINTS = Path(__file__).with_name("points.jsonl")
CLOSE = 0.05
"""Share of the measured peak within which an estimate is close, and below which it is too low."""


@dataclass(frozen=True)
class Compared:
    """One measured point beside the plan for it."""

    point: dict[str, Any]
    plan: MemoryPlan

    @property
    def peak(self) -> int:
        """Bytes that the driver reported at the fullest moment."""
        return int(self.point["peak_bytes"])

    @property
    def aside(self) -> bool:
        """Whether no constant was fitted to it."""
        return bool(self.point["aside"])


def read(file: Path) -> list[Compared]:
    """Every point that was measured, the last word on each, with its plan."""
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
    measured = {line["key"]: line for line in lines if "peak_bytes" in line}
    return [Compared(line, plan_of(line)) for line in measured.values()]


def plan_of(line: dict[str, Any]) -> MemoryPlan:
    """The plan for the run that a line tells of."""
    row = entry(line["model"])
    if row is None:
        raise SystemExit(f"{line['model']} is not in the catalogue")
    recipe = store.with_changes(Recipe(), line["changes"])
    major, minor = line["capability"]
    setup = replace(setup_of(recipe, (major, minor)), padded=line["rows"] != "even")
    kernels = "liger_kernels" in line["in_use"]  # of the machine that measured, not of this one
    return plan_memory(read_architecture(row.config), replace(setup, kernels=kernels))


def ours(each: Compared) -> float:
    """The plan."""
    return each.plan.total


def unsloth_desktop(each: Compared) -> float:
    """Parameters x 0.90 bytes + 1.4 GB for QLoRA, x 2.0 for 16 bits, whatever the batch."""
    count = each.plan.parameters
    return count * 0.90 + 1.4e9 if each.plan.setup.bits else count * 2.0


def accelerate(each: Compared) -> float:
    """`accelerate estimate-memory`, training with Adam: 16 bytes a parameter in fp32, 4 in fp16.

    For 4 and 8 bits it tells no training figure; its size of the weights stands in.
    """
    count = each.plan.parameters
    if each.plan.setup.bits:
        return count * each.plan.setup.bits / 8
    return count * (16 if each.plan.setup.weight_bytes == 4 else 4)


RULES: dict[str, Callable[[Compared], float]] = {
    "our plan": ours,
    "Unsloth Desktop's rule": unsloth_desktop,
    "accelerate estimate-memory": accelerate,
}


def errors(rule: Callable[[Compared], float], points: Iterable[Compared]) -> list[float]:
    """Estimate against measurement, -0.1 for 10 % too low, smallest first."""
    return sorted(rule(each) / each.peak - 1 for each in points)


def summary(found: list[float]) -> str:
    """One row of the table."""
    close = sum(abs(each) <= CLOSE for each in found) / len(found)
    low = sum(each < -CLOSE for each in found)
    middle = statistics.median(abs(each) for each in found)
    worst = f"{found[0]:+.1%} to {found[-1]:+.1%}"
    return f"{len(found)} | {close:.0%} | {low} | {middle:.1%} | {worst}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("points", nargs="?", type=Path, default=POINTS)
    parser.add_argument("--all", action="store_true", help="every point, worst first")
    options = parser.parse_args()
    points = read(options.points)
    print("| estimate | points | within 5 % | over 5 % too low | median error | range |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, wanted in (("kept aside", True), ("fitted", False)):
        chosen = [each for each in points if each.aside == wanted]
        for rule, function in RULES.items() if chosen else ():
            print(f"| {rule}, {name} | {summary(errors(function, chosen))} |")
    if options.all:
        _tell_all(points)


def _tell_all(points: list[Compared]) -> None:
    print("\nerror   measured  planned  context  moment  point")
    for each in sorted(points, key=lambda e: -abs(ours(e) / e.peak - 1)):
        print(
            f"{ours(each) / each.peak - 1:+6.1%}  {each.peak / GIB:7.2f}  {ours(each) / GIB:7.2f}"
            f"  {each.point['context'] / GIB:5.2f}  {each.plan.moment:15}  {each.point['key']}"
        )


if __name__ == "__main__":
    main()
