"""Runs a program of the engine beside Unsloth: `with_unsloth PROGRAM ARGUMENTS`.

Unsloth exchanges parts of transformers, PEFT and TRL as it is imported, so it comes before all of
them. Where it is not installed the program runs all the same, and refuses in its own words.
"""

import importlib.util
import os
import runpy
import sys
from contextlib import redirect_stdout


def main() -> None:
    """Import Unsloth, then be the program."""
    os.environ.setdefault("UNSLOTH_DISABLE_STATISTICS", "1")  # it would report to its makers
    os.environ.setdefault("UNSLOTH_COMPILE_LOCATION", _kept_code())
    if importlib.util.find_spec("unsloth") is not None:
        with redirect_stdout(sys.stderr):  # it greets; stdout is for what the program says
            importlib.import_module("unsloth")
    _, program, *arguments = sys.argv
    sys.argv = [program, *arguments]
    runpy.run_module(f"finetune_studio.engine.{program}", run_name="__main__", alter_sys=True)


def _kept_code() -> str:
    """Where Unsloth puts the code that it writes; by itself it takes the current folder."""
    from finetune_studio import paths

    return str(paths.cache() / "unsloth")


if __name__ == "__main__":
    main()
