"""The parity test of an export: `python -m finetune_studio.engine.verify EXPORT [--run RUN]`.

The trained model answers here; the export is then loaded from disk, in its own runtime and in a
process that has never seen the trained model. What is found stays with the export (`verify.json`).
"""

import argparse
import json
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from finetune_studio.engine import gguf
from finetune_studio.engine.export import PARTS, compared
from finetune_studio.engine.kept_reference import what_was_said
from finetune_studio.engine.kept_verdict import keep
from finetune_studio.engine.process import run_as_process
from finetune_studio.engine.progress import Progress
from finetune_studio.engine.reference import Reference
from finetune_studio.engine.servers import others
from finetune_studio.engine.tuned import Tuned, open_tuned
from finetune_studio.export import about as kept_about
from finetune_studio.export.formats import BASE_FILE
from finetune_studio.export.verdict import summary
from finetune_studio.i18n import tr
from finetune_studio.recipe.methods import Qlora
from finetune_studio.runs.folder import RunFolder


def verify(arguments: list[str]) -> int:
    """Compare one export with its run, keep the verdict with it, print it."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    told = Progress(PARTS, lines=options.lines)
    about = kept_about.read(options.export)
    run = kept_about.run_of(options.export, about, options.run)
    tuned = open_tuned(run)
    gguf.refuse_unreadable(about)
    told.part("ask", tr("Asking the trained model"))(0, 1)
    with what_was_said(run, tuned) as said:
        found = _measured(options.export, about, run, tuned, said, told)
    told.close()
    report = keep(options.export, found)
    printed = {"path": str(options.export), **report}
    print(json.dumps(printed, ensure_ascii=False) if options.json else summary(report))  # noqa: T201
    return 0


def _measured(
    export: Path,
    about: dict[str, Any],
    run: RunFolder,
    tuned: Tuned,
    said: Path,
    told: Progress,
) -> dict[str, Any]:
    """The figures of the export in its own runtime, and in whatever else is here."""
    form = about["format"]
    with tempfile.TemporaryDirectory(prefix="studio-verify-") as name:
        base = export / BASE_FILE if form == "gguf-adapter" else None
        beside = base is not None and base.is_file()
        if base and not beside:
            base = Path(name) / BASE_FILE
            gguf.write_base(gguf.Making(tuned, "base", told, Path(name) / "work"), base)
        told.part("compare", tr("Loading the export again to compare"))(0, 1)
        own_code = tuned.recipe.model.trust_remote_code
        needed = run if form == "adapter" else None
        found = compared(export, said, needed, base, own_code=own_code)
        found["runtimes"] = others(export, about, Reference.load(said))
    quantised = isinstance(tuned.recipe.method, Qlora)
    return found | {"other_base": quantised and form == "gguf-adapter" and not beside}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=tr("Does an export say what was trained?"))
    parser.add_argument("export", type=Path)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--lines", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(run_as_process(verify))
