"""A small checkout of its own: the real script, real pip, and wheels of a few hundred bytes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.helpers.wheels import make_wheel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs_posix: a shell script")

PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "finetune-studio"
version = "1"
"""

# A build back end that needs no download: metadata and a .pth file, as editable installs have.
BACKEND = """\
import os, zipfile

NAME = "finetune_studio-1"

def build_editable(folder, config_settings=None, metadata_directory=None):
    wheel = f"{NAME}-py3-none-any.whl"
    info = f"{NAME}.dist-info"
    with zipfile.ZipFile(os.path.join(folder, wheel), "w") as z:
        z.writestr("finetune_studio.pth", os.getcwd())
        z.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\n"
            "Name: finetune-studio\\nVersion: 1\\n"
            "Provides-Extra: train\\nProvides-Extra: dev\\nProvides-Extra: speed\\n"
            "Requires-Dist: torch>=2.11; extra == 'train'\\n")
        z.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\n"
            "Root-Is-Purelib: true\\nTag: py3-none-any\\n")
        z.writestr(f"{info}/RECORD", "")
    return wheel
"""

PROGRAM = "import sys\nprint('started with', sys.argv[1:])\n"


class Checkout:
    """A checkout in a folder, and the environment that the script is started in."""

    def __init__(self, root: Path, wheels: Path):
        self.root = root
        self.wheels = wheels
        self.studio = root / ".venv" / "studio"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(root.parent),
            "PYTHON": sys.executable,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(wheels),
            "FINETUNE_STUDIO_TORCH": "cpu",
        }

    def command(self, *arguments: str) -> list[str]:
        return ["sh", str(self.root / "packaging" / "studio.sh"), *arguments]

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env={**self.env, **env},
            cwd=self.root.parent,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def sh(self, code: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Runs code after the script's parts, as the script itself reads them."""
        parts = ["words", "python", "torch", "install", "libraries", "check"]
        sources = "\n".join(f'. "$ROOT/packaging/studio/{part}.sh"' for part in parts)
        return subprocess.run(
            ["sh", "-c", f"set -u\n{sources}\n{code}"],
            env={**self.env, "ROOT": str(self.root), "VENV": str(self.root / ".venv"), **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def make_checkout(folder: Path) -> Checkout:
    root = folder / "내 작업 폴더" / "studio"
    shutil.copytree(
        ROOT / "packaging" / "studio", root / "packaging" / "studio", dirs_exist_ok=True
    )
    for name in ("studio.sh", "torch-index.txt"):
        shutil.copy(ROOT / "packaging" / name, root / "packaging" / name)
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (root / "backend.py").write_text(BACKEND, encoding="utf-8")
    package = root / "finetune_studio"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    wheels = folder / "wheels"
    make_wheel(wheels, "torch", "2.13.0+cpu")
    return Checkout(root, wheels)


@pytest.fixture
def checkout(tmp_path):
    """A checkout that nothing was set up in; its path has Hangul and spaces."""
    return make_checkout(tmp_path)


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """A checkout that was set up once, for tests that leave it whole."""
    checkout = make_checkout(tmp_path_factory.mktemp("ready"))
    done = checkout.run("setup")
    assert done.returncode == 0, done.stderr
    return checkout
