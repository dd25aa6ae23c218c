"""Writes what a run has made: `python -m finetune_studio.engine.export RUN FORMAT OUT`.

Adapters and merged models are checked before they get their name: a fresh process loads them from
disk and says what it says to held-out rows (parity.py); the verdict stays with them. With `--lines`
it prints a JSON line for each part of the work before its report.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune_studio.catalog.weights import read_weights
from finetune_studio.engine import gguf, gguf_adapter
from finetune_studio.engine.deltas import check_adapter
from finetune_studio.engine.kept_reference import what_was_said
from finetune_studio.engine.kept_verdict import keep
from finetune_studio.engine.merge import write_merged
from finetune_studio.engine.modelfile import write_modelfile
from finetune_studio.engine.parity import CLOSE
from finetune_studio.engine.process import run_as_process
from finetune_studio.engine.progress import Progress
from finetune_studio.engine.tuned import Tuned, open_tuned
from finetune_studio.errors import RefusedError, StudioError, remedy
from finetune_studio.export import about, llama
from finetune_studio.export.card import write_card
from finetune_studio.export.files import listed, refuse_full, refuse_taken, whole_or_not
from finetune_studio.export.formats import (
    BASE_FILE,
    FORMATS,
    PRECISIONS,
    USUAL_QUANT,
    Quant,
    gguf_files,
    quant_of,
)
from finetune_studio.export.naming import file_name
from finetune_studio.i18n import tr
from finetune_studio.recipe.methods import Full
from finetune_studio.runs.folder import RunFolder

BYTES = {"bf16": 2, "fp16": 2, "fp32": 4}
PARTS = {"merge": 2.0, "convert": 1.0, "quantise": 1.0, "ask": 2.0, "compare": 2.0}
"""The parts of the work, and how long each takes beside the others."""
NOT_EXPORTED = ("training_args.bin", "README.md", "*.pt", "*.pth", "*.bin", "*.pkl", ".*")
"""Pickles hold code, and the card is our own."""


@dataclass(frozen=True)
class Order:
    """What is to be written, and where.

    Attributes:
        run: The run.
        tuned: The run, opened.
        format: One of `FORMATS`.
        precision: What a merged model is written in: bf16, fp16 or fp32.
        quant: The quantisation of a GGUF file.
        told: Hears how far the work is.
        with_base: Whether a GGUF adapter gets its base model beside it.
    """

    run: RunFolder
    tuned: Tuned
    format: str
    precision: str
    quant: str
    told: Progress
    with_base: bool = False


def export(arguments: list[str]) -> int:
    """Export one format; the folder appears whole or not at all."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stopped by the window: tidy up too
    refuse_taken(options.out)
    run = RunFolder.open(options.run)
    told = Progress(PARTS, lines=options.lines)
    made = (options.format, options.precision, options.quant, told, options.with_base)
    order = Order(run, open_tuned(run), *made)
    _refuse_early(order)
    with whole_or_not(options.out) as part:
        report = _WRITERS[order.format](order, part)
        if report["parity"] is not None:
            keep(part, report["parity"])
        write_card(part, run, order.format, [each.name for each in gguf_files(part)])
    told.close()
    about.remember(options.out, run)
    report = {"format": order.format, "path": str(options.out), **report}
    report["agrees"] = report["parity"] is None or report["parity"]["mean_kl"] <= CLOSE
    report["files"] = listed(options.out)
    print(json.dumps(report, ensure_ascii=False) if options.json else _said(report))  # noqa: T201
    return 0


def _refuse_early(order: Order) -> None:
    """Refuse what can be seen before anything is loaded."""
    method = order.tuned.recipe.method
    if order.format.endswith("adapter") and isinstance(method, Full):
        raise RefusedError(
            tr("A full fine-tuning has no adapter."), hint=tr("Export it with --to merged.")
        )
    if not isinstance(method, Full):
        check_adapter(order.tuned.folder)
    if order.format.startswith("gguf"):
        gguf.refuse_early(order.tuned, quant_of(order.quant))
    if order.format == "gguf-adapter":
        gguf_adapter.refuse_early(method)


def _adapter(order: Order, part: Path) -> dict[str, Any]:
    order.told.part("merge", tr("Copying the adapter"))(0, 1)
    tuned = order.tuned
    ignored = shutil.ignore_patterns(*NOT_EXPORTED)
    shutil.copytree(tuned.folder, part, ignore=ignored, dirs_exist_ok=True)
    config = part / "adapter_config.json"
    values = json.loads(config.read_text(encoding="utf-8"))
    values["base_model_name_or_path"] = about.public_name(tuned.recipe.model.source)
    config.write_text(json.dumps(values, indent=2, ensure_ascii=False), encoding="utf-8")
    about.write(part, order.run, order.format)
    parity = _checked(order, part, needs_run=True)
    return {"way": "adapter as trained", "parity": parity}


def _merged(order: Order, part: Path) -> dict[str, Any]:
    refuse_full(part, merged_bytes(order.tuned, order.precision))
    order.told.part("merge", tr("Merging the adapter into the model"))(0, 1)
    way = write_merged(order.tuned, part, order.precision)
    about.write(part, order.run, order.format, way=way, precision=order.precision)
    return {"way": way, "parity": _checked(order, part, needs_run=False)}


def _gguf(order: Order, part: Path) -> dict[str, Any]:
    quant = quant_of(order.quant)
    refuse_full(part, _gguf_bytes(order.tuned, quant))
    name = order.run.info().name or "model"
    file = part / f"{file_name(name)}-{quant.name.upper()}.gguf"
    work = part / "work"
    report = gguf.write_gguf(gguf.Making(order.tuned, name, order.told, work), quant, file)
    shutil.rmtree(work)
    noted = {"file": file.name, "quant": quant.name, "way": report["way"]}
    about.write(part, order.run, order.format, **noted)
    parity = _checked(order, part, needs_run=False) if llama.find().runs else None
    gguf.refuse_unproven(report["pre_tokenizer"], parity)
    ollama = write_modelfile(order.tuned, file)
    return report | {"quant": quant.name, "parity": parity, "modelfile": ollama}


def _gguf_adapter(order: Order, part: Path) -> dict[str, Any]:
    name = order.run.info().name or "model"
    file = part / f"{file_name(name)}-LoRA.gguf"
    making = gguf.Making(order.tuned, name, order.told, part / "work")
    gguf_adapter.write(making, file)
    way = {"way": "adapter as trained"}
    if order.with_base:
        return way | _with_base(order, part, making, file)
    shutil.rmtree(making.work)
    about.write(part, order.run, order.format, file=file.name)
    note = remedy(
        tr("It names its base model's file; --with-base writes both."),
        tr("It names its base model's file; save the adapter with its base."),
    )
    return way | {"parity": None, "modelfile": {"written": False, "notes": [note]}}


def _with_base(order: Order, part: Path, making: gguf.Making, file: Path) -> dict[str, Any]:
    """The base model that the adapter was trained on, beside it, and a Modelfile for both."""
    base = part / BASE_FILE
    refuse_full(part, 2 * merged_bytes(order.tuned, "fp16"))
    gguf.write_trained_base(making, base)
    shutil.rmtree(making.work)
    about.write(part, order.run, order.format, file=file.name)
    parity = _checked(order, part, needs_run=False, base=base) if llama.find().runs else None
    return {"parity": parity, "modelfile": write_modelfile(order.tuned, base, file.name)}


_WRITERS = {
    "adapter": _adapter,
    "merged": _merged,
    "gguf": _gguf,
    "gguf-adapter": _gguf_adapter,
}


def _gguf_bytes(tuned: Tuned, quant: Quant) -> int:
    """Room for the merged model and the file before and after quantising, in bytes."""
    whole = merged_bytes(tuned, gguf.PRECISION.get(quant.name, "fp16"))
    return int(whole * (2 if quant.direct else 1 + quant.bits / 16))


def merged_bytes(tuned: Tuned, precision: str) -> int:
    """How large the merged model will be, in bytes."""
    return sum(each.count for each in read_weights(tuned.source)) * BYTES[precision]


def _checked(
    order: Order, part: Path, *, needs_run: bool, base: Path | None = None
) -> dict[str, Any]:
    """Load the export in a fresh process and compare it with what the trained model said."""
    order.told.part("ask", tr("Asking the trained model"))(0, 1)
    with what_was_said(order.run, order.tuned) as said:
        order.told.part("compare", tr("Loading the export again to compare"))(0, 1)
        run, own_code = order.run if needs_run else None, order.tuned.recipe.model.trust_remote_code
        return compared(part, said, run, base, own_code=own_code)


def compared(
    folder: Path,
    said: Path,
    run: RunFolder | None,
    base: Path | None = None,
    *,
    own_code: bool = False,
) -> dict[str, Any]:
    """What `parity.measure` finds, in a process that has never seen the trained model.

    Args:
        folder: The export.
        said: The file of what the trained model said.
        run: The run, for an adapter.
        base: The base model as a GGUF file, for a GGUF adapter.
        own_code: Whether the person agreed to run code that the model brings.

    Raises:
        StudioError: The export cannot be loaded.
    """
    command = [sys.executable, "-m", "finetune_studio.engine.parity", str(folder), str(said)]
    command += ["--run", str(run.path)] if run else []
    command += ["--base", str(base)] if base else []
    command += ["--own-code"] if own_code else []
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    if child.returncode:
        raise StudioError(
            tr("The export could not be loaded again."),
            child.stderr.strip().splitlines()[-1] if child.stderr.strip() else "",
            tr("Nothing was written; the run itself is as it was."),
        )
    found: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    return found


def _said(report: dict[str, Any]) -> str:
    lines = [tr("{format} written to {path}.").format(**report)]
    if parity := report.get("parity"):
        text = tr("{way}; loaded again: same likeliest token {top1:.1%}, KL divergence {kl:.2g}.")
        lines.append(
            text.format(way=report["way"], top1=parity["top1_match"], kl=parity["mean_kl"])
        )
    if not report["agrees"]:
        said = tr("It is not quite what was trained: up to {close} nats are rounding.")
        lines.append(said.format(close=CLOSE))
    if fell := report.get("fallbacks"):
        text = tr("{count} of {all} tensors got another type than asked for: {types}.")
        types = ", ".join(f"{name} {count}" for name, count in report["fallback_types"].items())
        lines.append(text.format(count=fell, all=report["tensors"], types=types))
    if made := report.get("modelfile"):
        told = tr("Modelfile: {note}") if made["written"] else tr("No Modelfile: {note}")
        lines += [told.format(note=each) for each in made["notes"]]
    lines += [f"  {each['name']}  {each['bytes']:,}" for each in report["files"]]
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("format", choices=FORMATS)
    parser.add_argument("out", type=Path)
    parser.add_argument("--precision", choices=PRECISIONS, default="bf16")
    parser.add_argument("--quant", default=USUAL_QUANT)
    parser.add_argument("--with-base", action="store_true")
    parser.add_argument("--lines", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(run_as_process(export))
