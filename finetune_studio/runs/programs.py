"""Which command runs a program of the engine, and in which environment. This alone decides it.

An installed program trains in the environment that its set-up page made, elsewhere the Python of
this process does. `FINETUNE_STUDIO_PYTHON` names another one: that of an environment that has this
package with its extra `train`.
"""

import os
import sys
from pathlib import Path

from finetune_studio import installed
from finetune_studio.errors import StudioError
from finetune_studio.i18n import tr

PYTHON = "FINETUNE_STUDIO_PYTHON"


def trainer_python() -> str:
    """The Python that has what training needs.

    Raises:
        StudioError: This build brings none and none has been set up, or the one that
            `FINETUNE_STUDIO_PYTHON` names is not there.
    """
    if chosen := os.environ.get(PYTHON):
        return _executable(chosen)
    if installed.program() is None and not getattr(sys, "frozen", False):
        return sys.executable
    private = installed.python_of(installed.training_environment())
    if not installed.can_train():
        raise StudioError(
            tr("Training is not set up yet."),
            tr("There is no Python environment at {path}.").format(path=private),
            tr("Open the set-up page, which installs what training needs."),
        )
    return str(private)


def _executable(chosen: str) -> str:
    import shutil

    found = shutil.which(os.path.expanduser(chosen))
    if found is None:
        raise StudioError(
            tr("The Python for training cannot be run."),
            f"{PYTHON}={chosen}",
            tr("Correct this environment variable, or remove it."),
        )
    return found


def engine_command(name: str, *arguments: str, recipe: Path | None = None) -> list[str]:
    """The command that runs one program of the engine, such as "train", "chat" or "export".

    Run it with `engine_environment`. An interrupt may be held back in it: it is ready to hear one.

    Args:
        name: The program.
        arguments: Its command line.
        recipe: The file of the recipe that it trains, which says by whose layers.

    Raises:
        StudioError: Training is not set up.
    """
    programs = ["with_unsloth", name] if recipe and _asks_for_unsloth(recipe) else [name]
    first, *others = programs
    return [trainer_python(), "-m", f"finetune_studio.engine.{first}", *others, *arguments]


def _asks_for_unsloth(recipe: Path) -> bool:
    from finetune_studio.recipe import store  # takes longer than all the rest here

    try:
        return store.load(recipe).training.engine == "unsloth"
    except StudioError:
        return False  # the program itself says what is wrong with it


def engine_environment() -> dict[str, str]:
    """This process's environment, with what the engine's processes need."""
    ours = {
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",  # a crash in native code leaves its place in the log
        "PYTHONSAFEPATH": "1",  # a random.py in the person's folder is not the standard library's
    }
    # On a CPU that other programs use too, threads that wait by spinning keep those that they wait
    # for from running: 5 to 15 times slower with five busy processes on two cores. Those that do
    # not wait at all sleep between any two products: a third of the speed on a machine with nothing
    # else to do. A thousand turns, microseconds, are long enough for what comes next.
    defaults = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"}
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "pyproject.toml").is_file():
        ours["PYTHONPATH"] = os.pathsep.join(
            [str(checkout), *filter(None, [os.environ.get("PYTHONPATH")])]
        )
    return defaults | dict(os.environ) | ours
