"""What every test shares: its own home folder, and named marks for what cannot run here."""

import os
import shutil
import signal
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.helpers.standing import (  # noqa: F401  (hooks)
    pytest_configure,
    pytest_runtest_setup,
    pytest_runtest_teardown,
    pytest_unconfigure,
)

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background of a shell: the processes that are started here would be deaf, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
# A person's Python keeps what it has compiled; without, each of our processes compiles it again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # trainers beside each other would fight
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session", autouse=True)
def common_home(tmp_path_factory):
    """The home folder of what several tests share."""
    before = os.environ.get("FINETUNE_STUDIO_HOME")
    os.environ["FINETUNE_STUDIO_HOME"] = str(tmp_path_factory.mktemp("home"))
    yield
    del os.environ["FINETUNE_STUDIO_HOME"]
    if before is not None:
        os.environ["FINETUNE_STUDIO_HOME"] = before


@pytest.fixture(autouse=True)
def english():
    """What a window or a trainer spoke is no business of the next test.

    Told when all else is as it was.
    """
    yield
    language = sys.modules.get("finetune_studio.gui.language")
    if language and language.current() != "en":
        language.use("en")
    if i18n := sys.modules.get("finetune_studio.i18n"):
        i18n._sources_kept = False  # a trainer within the tests' own process keeps them


@pytest.fixture(autouse=True)
def home(english, tmp_path_factory, monkeypatch):
    """A fresh home folder, so that no test sees or touches the person's runs; and English."""
    monkeypatch.setenv("FINETUNE_STUDIO_LANGUAGE", "en")
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("FINETUNE_STUDIO_HOME", str(folder))
    yield folder
    _end_trainers()


def _end_trainers():
    """A test that failed midway leaves no trainer behind, which would go on for ever."""
    liveness = sys.modules.get("finetune_studio.runs.liveness")
    for child in liveness._children.values() if liveness else ():
        if child.poll() is None:
            child.kill()
            child.wait()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """How many tests `-n auto` runs beside each other; each may train a small model.

    One more than there are processors: much of the time is spent waiting for other processes.
    """
    return min(4, (os.cpu_count() or 1) + 1)


def pytest_sessionstart(session):
    """Hide GPUs, unless only tests that need one are asked for (`-m needs_gpu`).

    All others say what is so on a processor; and kernels for GPUs, once put into the modules of a
    family, would be met by the next test's model on the processor.
    """
    if session.config.option.markexpr != "needs_gpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


def pytest_collection_modifyitems(config, items):
    """Skip, by name, what this machine cannot run."""
    apart = config.option.markexpr != "needs_gpu" and "they run by themselves, by -m needs_gpu"
    missing = {
        "needs_shared": not SHARED.is_dir() and "the shared data folder is not beside the checkout",
        "needs_gpu": apart if shutil.which("nvidia-smi") else "no NVIDIA GPU here",
        "needs_tokenizers": not os.environ.get("FINETUNE_STUDIO_TOKENIZERS")
        and "FINETUNE_STUDIO_TOKENIZERS names no folder of tokenizers",
        "needs_go": not shutil.which("go") and "no Go toolchain here",
        "needs_unsloth": not find_spec("unsloth") and "Unsloth is not installed",
        "needs_llama": not _llama()
        and "FINETUNE_STUDIO_LLAMA names no folder with llama.cpp (`setup gguf` makes one)",
    }
    for item in items:
        for name, reason in missing.items():
            if reason and item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=f"{name}: {reason}"))


def _llama():
    """Whether llama.cpp is named; the tests' own home folder has none."""
    if not os.environ.get("FINETUNE_STUDIO_LLAMA"):
        return False
    from finetune_studio.export.llama import find

    found = find()
    return found.runs and found.converter is not None


@pytest.fixture
def qtbot(qapp, request):
    """pytest-qt's robot, which waits as long as a busy machine needs."""
    from tests.helpers.patient import PatientBot

    return PatientBot(request)


@pytest.fixture
def shared():
    """The shared data folder (only in tests marked `needs_shared`)."""
    return SHARED


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """The folder of a tiny model with a chat template; its name has Hangul and a space."""
    pytest.importorskip("torch", reason="needs_train: the extra `train` is not installed")
    from tests.helpers.tiny import make_model

    return make_model(tmp_path_factory.mktemp("models") / "작은 모델")
