"""The verdict over an export, kept with it in one way: by whoever wrote it, and by `verify`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from finetune_studio.export import about
from finetune_studio.export.verdict import REPORT, judge
from finetune_studio.runs.writing import write_atomically

FIRST = ("token_ids_equal", "prompt_equal", "greedy_match", "mean_kl")
"""What is told of every export, None where it was not measured."""


def keep(export: Path, found: Mapping[str, Any]) -> dict[str, Any]:
    """Judge what was found of an export, and write it into its folder.

    Args:
        export: The folder, with its `studio.json`.
        found: The figures.

    Returns:
        What was written; it names no place of this machine.

    Raises:
        RefusedError: Its `studio.json` is missing or broken.
        OSError: It cannot be written.
    """
    said = about.read(export)
    verdict, reasons = judge(found)
    report = {"verdict": verdict, "format": said["format"], "quant": said.get("quant")}
    report |= {name: found.get(name) for name in FIRST} | {"reasons": reasons} | dict(found)
    write_atomically(export / REPORT, json.dumps(report, ensure_ascii=False, indent=1))
    return report
