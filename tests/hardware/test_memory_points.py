"""What is measured on a GPU for the memory plan, and how the plan is judged by it."""

import json
from collections import Counter

import pytest

from tests.benchmarks.memory.points import FULL, SHAPES, points
from tests.benchmarks.memory.report import (
    RULES,
    accelerate,
    errors,
    plan_of,
    read,
    summary,
    unsloth_desktop,
)

POINTS = points()


def line(point, peak):
    return {
        "key": point.key,
        "model": SHAPES[point.shape],
        "changes": {k: list(v) if isinstance(v, tuple) else v for k, v in point.changes.items()},
        "capability": [9, 0],
        "in_use": [],
        "aside": point.aside,
        "rows": point.rows,
        "peak_bytes": peak,
        "context": 0,
    }


def test_there_are_enough_points_of_every_kind():
    assert len(POINTS) >= 60
    assert len({each.key for each in POINTS}) == len(POINTS)
    kinds = Counter((each.shape, each.changes["method.kind"]) for each in POINTS)
    assert {shape for shape, _ in kinds} == set(SHAPES)
    for shape in SHAPES:
        for method in ("lora", "qlora", *(("full",) if shape in FULL else ())):
            assert kinds[shape, method] >= 4
    for setting in ("training.gradient_checkpointing", "training.accumulation"):
        assert len({each.changes[setting] for each in POINTS}) >= 2
    assert {each.rows for each in POINTS} == {"even", "uneven", "packed"}
    assert 0.2 < sum(each.aside for each in POINTS) / len(POINTS) < 0.45


def test_every_point_can_be_planned():
    for each in POINTS:
        plan = plan_of(line(each, 1))
        assert plan.total > plan.parts["weights"] > 0
        assert plan.setup.padded == (each.rows != "even")


def test_the_report_counts_what_is_too_low_and_what_is_close(tmp_path):
    chosen = POINTS[:4]
    totals = [plan_of(line(each, 1)).total for each in chosen]
    peaks = [totals[0], int(totals[1] / 1.04), int(totals[2] / 1.5), int(totals[3] / 0.9)]
    file = tmp_path / "points.jsonl"
    lines = [line(each, peak) for each, peak in zip(chosen, peaks, strict=True)]
    failed = {"key": chosen[0].key, "error": "out of memory"}
    file.write_text("\n".join(json.dumps(each) for each in [failed, *lines]) + "\n")
    compared = read(file)
    found = errors(RULES["our plan"], compared)
    assert found == pytest.approx([-0.1, 0, 0.04, 0.5], abs=1e-3)
    assert summary(found).startswith("4 | 50% | 1 | ")


def test_the_rules_of_others_are_as_they_publish_them(tmp_path):
    eight = {p.changes["method.kind"]: p for p in POINTS if p.shape == "8B" and p.rows == "even"}
    file = tmp_path / "points.jsonl"
    file.write_text("\n".join(json.dumps(line(each, 1)) for each in eight.values()))
    by_method = {each.plan.setup.method: each for each in read(file)}
    count = by_method["lora"].plan.parameters
    assert unsloth_desktop(by_method["lora"]) == count * 2
    assert unsloth_desktop(by_method["qlora"]) == pytest.approx(count * 0.9 + 1.4e9)
    assert accelerate(by_method["lora"]) == count * 4
