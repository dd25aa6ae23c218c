"""The formats that a recipe asks for, written when its run has finished, a process each."""

import json
import os
import shutil
import subprocess
import sys

from finetune_studio.engine.device import release
from finetune_studio.engine.records import Records
from finetune_studio.i18n import mark
from finetune_studio.recipe import store
from finetune_studio.runs.folder import RunFolder


def export_as_asked(run: RunFolder, records: Records) -> None:
    """Write the formats that the recipe asks for; one that fails is told and ends nothing."""
    if os.environ.get("RANK", "0") != "0":
        return
    for name in store.load(run.recipe).export.formats:
        out = run.path / "exports" / name
        shutil.rmtree(out, ignore_errors=True)  # of a run that was extended
        command = [sys.executable, "-m", "finetune_studio.engine.export", str(run.path), name]
        release()
        done = subprocess.run([*command, str(out), "--json"], stdout=subprocess.PIPE, check=False)
        if done.returncode:
            records.emit(
                "notice",
                level="error",
                code="export-failed",
                text=mark("The export {format} failed; trainer.log says why."),
                values={"format": name},
            )
            continue
        report = json.loads(done.stdout)
        if not report["agrees"]:
            records.emit(
                "notice",
                level="warning",
                code="export-differs",
                text=mark("The export {format} is {kl:.2g} nats away from what was trained."),
                values={"format": name, "kl": report["parity"]["mean_kl"]},
            )
