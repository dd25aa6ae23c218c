"""Where llama.cpp is: its converter of model folders to GGUF, and its runtime for Python.

Both come from one source archive of llama-cpp-python, so that what writes a file and what reads it
are of one version. `finetune-studio setup gguf` puts them into the folder that `place` names;
a runtime that is installed beside this package is found, too. Knows no torch.
"""

import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from finetune_studio import paths
from finetune_studio.errors import RefusedError, remedy
from finetune_studio.i18n import tr

PLACE = "FINETUNE_STUDIO_LLAMA"
"""The environment variable of another folder; in it are `convert`, `runtime`, `packages`."""
SCRIPT = "convert_hf_to_gguf.py"
LORA_SCRIPT = "convert_lora_to_gguf.py"
COMMAND = "finetune-studio setup gguf"


@dataclass(frozen=True)
class Llama:
    """What there is of llama.cpp.

    Attributes:
        converter: The folder of `convert_hf_to_gguf.py`; None where it is missing.
        runtime: The folder to import `llama_cpp` from; None where it is missing or needs none.
        runs: Whether `llama_cpp` can be imported.
    """

    converter: Path | None
    runtime: Path | None
    runs: bool

    def use(self) -> None:
        """Make `llama_cpp` importable; what this Python has itself goes first."""
        for folder in (self.runtime, packages()):
            if folder is not None and str(folder) not in sys.path:
                sys.path.append(str(folder))


def place() -> Path:
    """The folder for llama.cpp; `FINETUNE_STUDIO_LLAMA` overrides it."""
    if chosen := os.environ.get(PLACE):
        return Path(chosen).expanduser()
    return paths.data() / "llama"


def packages() -> Path:
    """The folder of what either of them imports and this program does not bring."""
    return place() / "packages"


def find() -> Llama:
    """What there is of llama.cpp, for the Python that runs this."""
    runtime = place() / "runtime"
    beside = (runtime / "llama_cpp" / "__init__.py").is_file()
    own = importlib.util.find_spec("llama_cpp") is not None
    converter = place() / "convert"
    return Llama(
        converter if (converter / SCRIPT).is_file() else None,
        runtime if beside and not own else None,
        beside or own,
    )


def converter() -> Path:
    """The folder of the converter.

    Raises:
        RefusedError: It is missing; the hint is the command that fetches it.
    """
    found = find().converter
    if found is None:
        raise RefusedError(
            tr("GGUF needs llama.cpp's converter, which is not installed."),
            tr("It was looked for in {folder}.").format(folder=place() / "convert"),
            get_it(),
        )
    return found


def runtime() -> Llama:
    """llama.cpp's runtime, importable.

    Raises:
        RefusedError: It is missing; the hint is the command that builds it.
    """
    found = find()
    if not found.runs:
        raise RefusedError(
            tr("llama.cpp for Python (llama-cpp-python) is not installed."),
            tr("It was looked for in {folder}, and beside this program.").format(
                folder=place() / "runtime"
            ),
            get_it(),
        )
    found.use()
    return found


def get_it() -> str:
    """How to get what is missing."""
    return remedy(
        tr("Get it once with: {command}"), tr("Press “Get it” under GGUF on the page Results.")
    ).format(command=COMMAND)
