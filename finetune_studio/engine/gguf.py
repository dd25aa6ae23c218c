"""Writes GGUF: the merged model through llama.cpp's own converter and quantiser.

Both run as processes of their own, so that they can be stopped at any moment, and what they say of
their progress and of tensors that got another type is heard.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune_studio.engine.merge import base_folder, write_merged
from finetune_studio.engine.progress import Progress
from finetune_studio.engine.tuned import Tuned
from finetune_studio.errors import RefusedError, StudioError, remedy
from finetune_studio.export import llama
from finetune_studio.export.formats import Quant
from finetune_studio.export.naming import model_header, plain_template
from finetune_studio.export.pretokenizer import READ_AS
from finetune_studio.export.quantise import Heard
from finetune_studio.i18n import tr

WRITING = re.compile(r"Writing:\s+(\d+)%")
LAST = 30  # lines of a program that are kept
PRECISION = {"f32": "fp32", "bf16": "bf16"}
"""What the merge is written in before it is converted; fp16, with three more bits, for others."""


@dataclass(frozen=True)
class Making:
    """A GGUF file in the making.

    Attributes:
        tuned: The finished run.
        name: What the model is to be called.
        told: Hears how far it is.
        work: A folder for what lies between, removed by the caller.
    """

    tuned: Tuned
    name: str
    told: Progress
    work: Path


def refuse_early(tuned: Tuned, quant: Quant) -> None:
    """Refuse what cannot become GGUF before anything is written.

    Raises:
        RefusedError: A part of llama.cpp is missing, or the task has no GGUF.
    """
    if tuned.labels:
        raise RefusedError(
            tr("A classification cannot be written as GGUF."),
            tr("Programs that run GGUF files generate text; they have no labels."),
            remedy(
                tr("Export it with --to merged or --to adapter."),
                tr("Save it merged, or as an adapter."),
            ),
        )
    llama.converter()
    if not quant.direct:
        llama.runtime()


def write_gguf(making: Making, quant: Quant, out: Path) -> dict[str, Any]:
    """Merge, convert and quantise.

    Args:
        making: What and where.
        quant: Into what.
        out: The file to be written.

    Returns:
        `way` of the merge; `pre_tokenizer` where it was read from tokenizer.json; what the
        quantiser said (`Heard.as_dict`).

    Raises:
        RefusedError: llama.cpp's converter does not know the model or its tokenizer.
        StudioError: The converter or the quantiser failed.
    """
    model = making.work / "model"
    model.mkdir(parents=True)
    making.told.part("merge", tr("Merging the adapter into the model"))(0, 1)
    way = write_merged(making.tuned, model, PRECISION.get(quant.name, "fp16"))
    _prepare(making, model)
    whole = out if quant.direct else making.work / "whole.gguf"
    read_as = convert(making, model, whole, quant.name if quant.direct else "f16")
    shutil.rmtree(model)
    report: dict[str, Any] = {"way": way, "pre_tokenizer": read_as}
    if not quant.direct:
        report |= quantise(making.told, whole, out, quant)
        whole.unlink()
    return report


def _prepare(making: Making, model: Path) -> None:
    """What the converter reads beside the weights: a plain template, name and licence."""
    template = model / "chat_template.jinja"
    if template.is_file():
        text = plain_template(template.read_text(encoding="utf-8"))
        template.write_text(text, encoding="utf-8")
    header = model_header(making.tuned.recipe)
    (model / "README.md").write_text(header, encoding="utf-8")


def convert(making: Making, model: Path, out: Path, kind: str) -> str | None:
    """Run the converter; the way of dividing words, where it did not know it by itself.

    Raises:
        RefusedError: It does not know the model or its tokenizer.
        StudioError: It failed otherwise.
    """
    script = llama.converter() / llama.SCRIPT
    making.told.part("convert", tr("Converting to GGUF"))(0, 1)
    command = [sys.executable, "-m", "finetune_studio.engine.convert", str(script), str(model)]
    command += ["--outfile", str(out), "--outtype", kind, "--model-name", making.name]
    return _converted(command, out, making.told)


def write_base(making: Making, out: Path) -> None:
    """Convert the run's base model, without its adapter, to f16.

    Raises:
        RefusedError: llama.cpp's converter does not know it.
    """
    convert(making, making.tuned.source, out, "f16")


def write_trained_base(making: Making, out: Path) -> None:
    """Convert the base model as the adapter was trained on it, dequantised where it was quantised.

    Raises:
        RefusedError: llama.cpp's converter does not know it.
    """
    folder = making.work / "base"
    folder.mkdir(parents=True)
    making.told.part("merge", tr("Loading the base model"))(0, 1)
    convert(making, base_folder(making.tuned, folder), out, "f16")
    shutil.rmtree(folder)


def refuse_unreadable(about: Mapping[str, Any]) -> None:
    """Refuse to compare a GGUF file where nothing can load it.

    Raises:
        RefusedError: llama.cpp's runtime is missing, or for an adapter the converter.
    """
    if str(about.get("format", "")).startswith("gguf"):
        llama.runtime()
    if about.get("format") == "gguf-adapter":
        llama.converter()


def convert_adapter(making: Making, out: Path, adapter: Path) -> None:
    """Run the converter of adapters.

    Raises:
        RefusedError: It does not know the model.
        StudioError: It failed otherwise.
    """
    script = llama.converter() / llama.LORA_SCRIPT
    making.told.part("convert", tr("Converting to GGUF"))(0, 1)
    command = [sys.executable, "-m", "finetune_studio.engine.convert", str(script), str(adapter)]
    command += ["--base", str(making.tuned.source), "--outfile", str(out), "--outtype", "f32"]
    _converted(command, out, making.told)


def _converted(command: list[str], out: Path, told: Progress) -> str | None:
    read_as: list[str] = []

    def hear(line: str) -> None:
        if found := WRITING.search(line):
            told.part("convert", tr("Converting to GGUF"))(int(found[1]), 100)
        if line.startswith(READ_AS):
            read_as.append(line.removeprefix(READ_AS).strip())

    code, lines = _listen(command, hear)
    if code or not out.is_file():
        raise _not_converted(lines)
    return read_as[0] if read_as else None


def _not_converted(lines: list[str]) -> StudioError:
    words = "\n".join(lines)
    reason = next(
        (each for each in reversed(lines) if re.match(r"\w*(Error|Exception)\b", each)), ""
    )
    if "pre-tokenizer was not recognized" in words:
        return RefusedError(
            tr("llama.cpp does not know how this tokenizer divides words."),
            tr("A GGUF file would read the same text as other tokens."),
            _merged_instead(),
        )
    if "is not supported" in words or "NotImplementedError" in reason:
        return RefusedError(
            tr("llama.cpp's converter does not know this kind of model."),
            reason[:300] or next((each for each in lines if "is not supported" in each), "")[:300],
            remedy(
                tr("A newer llama.cpp may: {command}"),
                tr("A newer version of this program may bring one that does."),
            ).format(command=llama.COMMAND),
        )
    return StudioError(
        tr("The conversion to GGUF failed."),
        (reason or (lines[-1] if lines else ""))[:500],
        tr("Nothing was written; the run itself is as it was."),
    )


def quantise(told: Progress, source: Path, out: Path, quant: Quant) -> dict[str, Any]:
    """Run the quantiser; what it said.

    Raises:
        StudioError: It failed.
    """
    told.part("quantise", tr("Quantising"))(0, 1)
    heard = Heard()

    def hear(line: str) -> None:
        heard.hear(line)
        if heard.tensors:
            told.part("quantise", tr("Quantising"))(heard.done, heard.tensors)

    command = [sys.executable, "-m", "finetune_studio.export.quantise", str(source), str(out)]
    code, lines = _listen([*command, str(quant.number), "0"], hear)
    if code or not out.is_file():
        raise StudioError(
            tr("Quantising to {name} failed.").format(name=quant.name),
            next((each for each in reversed(lines) if "fail" in each.lower()), "")[:500],
            tr("Nothing was written; the run itself is as it was."),
        )
    return heard.as_dict()


def refuse_unproven(read_as: str | None, parity: dict[str, Any] | None) -> None:
    """Refuse a file whose way of dividing words was read here and is not proven by tokens.

    Args:
        read_as: The way, where the converter did not know it by itself.
        parity: What the comparison found; None where llama.cpp's runtime is missing.

    Raises:
        RefusedError: It is not proven, or proven wrong.
    """
    if read_as is None or (parity is not None and parity["token_ids_equal"]):
        return
    if parity is None:
        raise RefusedError(
            tr("llama.cpp does not know this tokenizer by name."),
            tr("That “{name}” fits is only proven by its runtime.").format(name=read_as),
            llama.get_it(),
        )
    raise _other_tokens(parity)


def _other_tokens(parity: dict[str, Any]) -> RefusedError:
    return RefusedError(
        tr("llama.cpp would read text as other tokens than the trained model."),
        "; ".join(repr(text) for text in parity["unequal"])[:300],
        _merged_instead(),
    )


def _merged_instead() -> str:
    return remedy(
        tr("Export it with --to merged; transformers and vLLM read the tokenizer itself."),
        tr("Save it merged; transformers and vLLM read the tokenizer itself."),
    )


def _listen(command: list[str], hear: Callable[[str], None]) -> tuple[int, list[str]]:
    """Run a program to its end, line by line; a progress bar's redrawing counts as a line.

    Returns:
        Its exit code and its last lines.
    """
    lines: list[str] = []
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",  # universal newlines: a carriage return ends a line, too
    )
    assert child.stdout is not None
    try:
        for line in child.stdout:
            hear(line)
            lines = [*lines, line.strip()][-LAST:]
        return child.wait(), lines
    finally:
        if child.poll() is None:  # interrupted
            child.kill()
            child.wait()
        child.stdout.close()
