"""Writes a run's adapter or merged model: `python -m finetune_studio.engine.merge RUN FORMAT OUT`.

An export is what was trained, and is checked before it gets its name: a fresh process loads it
from disk and says what it says to held-out rows (parity.py). Where that is further from the trained
model than rounding to 16 bits takes it, the report says so.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from finetune_studio.engine.dataset import Prepared, prepare
from finetune_studio.engine.parity import CLOSE, Reference, reference_of
from finetune_studio.engine.process import run_as_process
from finetune_studio.engine.result import ABOUT, copy_tokenizer, make_readable
from finetune_studio.engine.tuned import Tuned, open_tuned, with_its_adapter
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import tr
from finetune_studio.recipe.methods import Full, Qlora
from finetune_studio.runs.folder import RunFolder

SHARD = "5GB"


def export(arguments: list[str]) -> int:
    """Export one format; the folder appears whole or not at all."""
    options = _parser().parse_args(arguments)
    out: Path = options.out
    if out.exists():
        raise RefusedError(
            tr("{path} exists already.").format(path=out), hint=tr("Choose another folder.")
        )
    run = RunFolder.open(options.run)
    tuned = open_tuned(run)
    write = _WRITERS[options.format]
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        reference = reference_of(tuned.model(), tuned, _held_out(tuned))
        way = write(tuned, part)
        parity = _compare(part, reference, run if options.format == "adapter" else None)
        make_readable(part)
        os.replace(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    report = {
        "format": options.format,
        "path": str(out),
        "way": way,
        "parity": parity,
        "agrees": parity["mean_kl"] <= CLOSE,
        "files": list(_files(out)),
    }
    print(json.dumps(report, ensure_ascii=False) if options.json else _told(report))  # noqa: T201
    return 0


def _adapter(tuned: Tuned, part: Path) -> str:
    if isinstance(tuned.recipe.method, Full):
        raise RefusedError(
            tr("A full fine-tuning has no adapter."), hint=tr("Export it with --to merged.")
        )
    shutil.copytree(tuned.folder, part, ignore=shutil.ignore_patterns("training_args.bin"))
    config = part / "adapter_config.json"
    values = json.loads(config.read_text(encoding="utf-8"))
    values["base_model_name_or_path"] = public_name(tuned.recipe.model.source)
    config.write_text(json.dumps(values, indent=2, ensure_ascii=False), encoding="utf-8")
    return "adapter as trained"


def public_name(source: str) -> str:
    """The base model as others may read it: a Hub id as it is, a folder by its name alone."""
    return Path(source).name if Path(source).expanduser().is_dir() else source


def _merged(tuned: Tuned, part: Path) -> str:
    model, way = _merge(tuned)
    model.to(torch.bfloat16)
    model.config.dtype = torch.bfloat16
    model.config.use_cache = True
    model.save_pretrained(part, max_shard_size=SHARD)
    copy_tokenizer(tuned.folder, part, tuned.template)
    shutil.copyfile(tuned.folder / ABOUT, part / ABOUT)
    (part / "README.md").unlink(missing_ok=True)
    return way


_WRITERS = {"adapter": _adapter, "merged": _merged}


def _merge(tuned: Tuned) -> tuple[nn.Module, str]:
    """The merged model, in 16 or 32 bits, and how it was made.

    An adapter on 4- or 8-bit weights is merged into those weights dequantised: that is the model
    that was trained, measured and looked at. Merged into the original weights it is another one
    (SmolLM2-135M after 6 steps: 0.8 nats away, the dequantised 0.002), and a lower loss on a few
    held-out rows is no reason to hand out what nobody has tried. Merging into quantised weights
    is never done: rounding takes the fine-tuning away again.
    """
    method = tuned.recipe.method
    if isinstance(method, Full):
        return tuned.model(), "whole model"
    if not isinstance(method, Qlora):
        return _with_adapter(tuned.base(), tuned), "adapter merged into the base model"
    base = tuned.base().dequantize()
    return _with_adapter(base, tuned), "adapter merged into the dequantised base model"


def _with_adapter(base: nn.Module, tuned: Tuned) -> nn.Module:
    return with_its_adapter(base, tuned.folder).merge_and_unload()


def _held_out(tuned: Tuned) -> Prepared:
    return prepare(tuned.recipe, tuned.source, lambda *_, **__: None)


def _compare(folder: Path, reference: Reference, run: RunFolder | None) -> dict[str, float]:
    """Load the export in a fresh process and compare it with what the trained model said."""
    kept = folder.with_name(folder.name + ".reference")
    reference.save(kept)
    command = [sys.executable, "-m", "finetune_studio.engine.parity", str(folder), str(kept)]
    command += [str(run.path)] if run else []
    try:
        child = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        kept.unlink(missing_ok=True)
    if child.returncode:
        raise StudioError(
            tr("The export could not be loaded again."),
            child.stderr.strip().splitlines()[-1] if child.stderr.strip() else "",
            tr("Nothing was written; the run itself is as it was."),
        )
    found: dict[str, float] = json.loads(child.stdout.splitlines()[-1])
    return found


def _files(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            name = path.relative_to(folder).as_posix()
            yield {"name": name, "bytes": path.stat().st_size, "sha256": found}


def _told(report: dict[str, Any]) -> str:
    parity = report["parity"]
    lines = [
        tr("{format} written to {path}.").format(**report),
        tr("{way}; loaded again: same likeliest token {top1:.1%}, KL divergence {kl:.2g}.").format(
            way=report["way"], top1=parity["top1_match"], kl=parity["mean_kl"]
        ),
    ]
    if not report["agrees"]:
        said = tr("It is not quite what was trained: up to {close} nats are rounding.")
        lines.append(said.format(close=CLOSE))
    lines += [f"  {each['name']}  {each['bytes']:,}" for each in report["files"]]
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("format", choices=("adapter", "merged"))
    parser.add_argument("out", type=Path)
    parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(run_as_process(export))
