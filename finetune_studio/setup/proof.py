"""Lets an environment compute, as training will, before it is trusted.

Knows no packages: a child in that environment multiplies on each device and tells what it saw.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from finetune_studio.errors import StudioError
from finetune_studio.hardware.torch_build import Build
from finetune_studio.i18n import tr
from finetune_studio.setup import faults

PATIENCE = 300  # seconds; the first import of torch from a cold disk takes tens of them


def prove(python: Path, build: Build) -> str:
    """Let the environment compute on every device; returns the devices' names.

    Raises:
        StudioError: It does not, or a build for CUDA sees no GPU.
    """
    found = _computed(python)
    wrong = [f"{each['name']}: {each['error']}" for each in found["devices"] if not each["ok"]]
    if wrong:
        raise _not_proved("; ".join(wrong))
    names = [str(each["name"]) for each in found["devices"][1:]]
    if build.startswith("cu") and not names:
        raise _not_proved(tr("PyTorch {version} sees no GPU.").format(version=found["version"]))
    return ", ".join(names) or tr("the processor")


def _computed(python: Path) -> dict[str, Any]:
    """What the child saw: PyTorch's `version`, and `devices` with `name`, `ok` and `error`."""
    command = [str(python), "-P", "-m", "finetune_studio.engine.prove"]
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    try:
        done = subprocess.run(
            command, capture_output=True, env=environment, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise _not_proved(str(error)) from error
    try:
        found = json.loads(done.stdout.decode("utf-8", "replace").strip().splitlines()[-1])
    except (ValueError, IndexError) as error:
        said = faults.last_words(done.stderr.decode("utf-8", "replace"))
        raise _not_proved(said or str(error)) from error
    return dict(found)


def _not_proved(why: str) -> StudioError:
    return StudioError(
        tr("The new installation does not compute, and was not put in place."),
        why,
        tr("Update the NVIDIA driver and restart, or choose another build of PyTorch."),
    )
