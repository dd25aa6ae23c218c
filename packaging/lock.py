"""Writes the hash-locked requirements that installers bring, from pyproject.toml.

python packaging/lock.py            resolve anew, and write packaging/locks/*.txt

`window.txt` is what the window needs, `training.txt` what training needs beside PyTorch's own tree
(which depends on the GPU and is resolved on the machine), `speed.txt` what a build for CUDA gets
beside, `uv.txt` is uv. No file names an index.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from finetune_studio.hardware.torch_build import TORCH  # noqa: E402

LOCKS = ROOT / "packaging" / "locks"
UV = "0.13.9"
PYSIDE = "6.11.3"  # the last that was found sound on every Python
SETTINGS = f"""
[tool.uv]
constraint-dependencies = ["torch=={TORCH}", "PySide6-Essentials=={PYSIDE}"]
environments = [
  "sys_platform == 'linux'",
  "sys_platform == 'win32'",
  "sys_platform == 'darwin' and platform_machine == 'arm64'",
]
"""
HEAD = "# Written by packaging/lock.py; every file by its hash, from whatever index has it.\n"
ON_GPU = re.compile(r"(torch|triton|nvidia-(?!ml-py)\S*|cuda-\S*)==")
NOT_TRAINING = ("pyside6-essentials", "pyqtgraph", "keyring")


def main() -> None:
    """Resolve for every platform, and write the files."""
    with tempfile.TemporaryDirectory(prefix="studio-lock-") as place:
        project = Path(place)
        text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        (project / "pyproject.toml").write_text(text + SETTINGS, encoding="utf-8")
        uv(project, "lock", "--python", ">=3.11")
        window = export(project)
        pruned = [word for name in NOT_TRAINING for word in ("--prune", name)]
        training = export(project, "--extra", "train", *pruned)
        fast = export(project, "--extra", "train", "--extra", "speed", *pruned)
        asked = project / "uv.in"
        asked.write_text(f"uv=={UV}\n", encoding="utf-8")
        only = ("--generate-hashes", "--universal", "--no-annotate", "--no-header")
        found = uv(project, "pip", "compile", *only, str(asked))
    write("window", window)
    write("training", [block for block in training if not ON_GPU.match(block)])
    more = [block for block in fast if block not in training]
    write("speed", [block for block in more if not ON_GPU.match(block)])
    write("uv", blocks(found))


def export(project: Path, *options: str) -> list[str]:
    """The locked packages as requirements, one block for each."""
    fixed = ("--frozen", "--no-emit-project", "--no-annotate", "--no-header")
    return blocks(uv(project, "export", *fixed, *options))


def blocks(text: str) -> list[str]:
    """A requirements file, cut before each package."""
    return [each for each in re.split(r"(?m)^(?=[A-Za-z0-9])", text) if "==" in each]


def write(name: str, found: list[str]) -> None:
    """Write one file."""
    LOCKS.mkdir(exist_ok=True)
    path = LOCKS / f"{name}.txt"
    path.write_text(HEAD + "".join(found), encoding="utf-8")
    print(f"{path.relative_to(ROOT)}: {len(found)} packages")


def uv(project: Path, *arguments: str) -> str:
    """Run uv in the project; what it prints."""
    done = subprocess.run(
        ["uv", *arguments, "--system-certs", "--quiet"],
        cwd=project,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


if __name__ == "__main__":
    main()
