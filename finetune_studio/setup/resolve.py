"""Which files an environment is made of: their addresses, sizes and hashes, before any is fetched.

uv resolves against the indexes that this computer uses, and the answer is held against the hashes
that the installer brought. Knows no download and no environment but the Python it is for.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from finetune_studio.errors import StudioError
from finetune_studio.hardware.torch_build import Build, requirement
from finetune_studio.i18n import tr
from finetune_studio.setup import faults
from finetune_studio.setup.uv import Uv

PROJECT = """\
[project]
name = "training"
version = "0"
requires-python = ">=3.11"
dependencies = ["{torch}"]

[[tool.uv.index]]
name = "pytorch"
url = "{index}"
explicit = true

[tool.uv.sources]
torch = {{ index = "pytorch" }}
"""
# How much larger the files of a wheel are than the wheel. Measured: torch for the processor 4.1,
# NVIDIA's libraries 1.6, torch for CUDA 2.1, all others together 3.3.
GROWTH = {"nvidia": 1.7, "torch": 4.2, "torch-cuda": 2.2, "": 3.4}


@dataclass(frozen=True)
class Wheel:
    """One file.

    Attributes:
        name: Its package.
        version: Its version, with the local part.
        url: Where it comes from; a `file:` address for one on this computer.
        size: Its bytes; 0 where the index does not tell.
        sha256: Its hash.
    """

    name: str
    version: str
    url: str
    size: int
    sha256: str

    @property
    def file(self) -> str:
        """Its file's name."""
        return unquote(urlsplit(self.url).path).rpartition("/")[2]

    @property
    def for_gpus(self) -> bool:
        """Whether it is one of NVIDIA's libraries, which only a build for CUDA brings."""
        gpu = self.name.startswith(("nvidia-", "cuda-", "triton"))
        return gpu and self.name != "nvidia-ml-py"

    @property
    def unpacked(self) -> int:
        """Bytes that its files take, about."""
        kind = "nvidia" if self.for_gpus else ""
        if self.name == "torch":
            kind = "torch-cuda" if "+cu" in self.version else "torch"
        return int(self.size * GROWTH[kind])

    @property
    def requirement(self) -> str:
        """The line that lets uv take this file and no other."""
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}"


def resolve(
    uv: Uv,
    *,
    locks: Sequence[Path],
    build: Build,
    torch_index: str,
    work: Path,
    python: str,
    extra: Iterable[str] = (),
) -> list[Wheel]:
    """The files of the training environment.

    The indexes and folders that the person configured come first; a build of PyTorch that they do
    not have comes from PyTorch's own index.

    Args:
        uv: Does the resolving.
        locks: The hash-locked requirements beside PyTorch.
        build: The build of PyTorch.
        torch_index: The address of PyTorch's index, without the build.
        work: A folder for what uv reads and writes.
        python: The Python that the files must suit.
        extra: More for uv's command line, such as a folder of wheels or another platform.

    Raises:
        StudioError: Something is not to be found, its hash differs, or nothing can be reached.
    """
    work.mkdir(parents=True, exist_ok=True)
    out = work / "pylock.toml"
    asked = work / "torch.in"
    asked.write_text(requirement(build) + "\n", encoding="utf-8")
    try:
        _compile(uv, [*locks, asked], out, python, extra)
    except StudioError as error:
        # Another fault than a missing build is told as it is.
        if build == "default" or "--no-index" in extra or "torch" not in error.detail:
            raise
        project = work / "pyproject.toml"
        text = PROJECT.format(torch=requirement(build), index=f"{torch_index}/{build}")
        project.write_text(text, encoding="utf-8")
        _compile(uv, [project, *locks], out, python, extra)
    return check(parse(out.read_text(encoding="utf-8"), out.parent), locks)


def _compile(uv: Uv, sources: list[Path], out: Path, python: str, extra: Iterable[str]) -> None:
    out.unlink(missing_ok=True)  # uv would keep its choices
    uv.run(
        *("pip", "compile", *map(str, sources), "--python", python),
        *("--no-build", "--no-header", "--no-annotate", "--format", "pylock.toml"),
        *("--quiet", "--output-file", str(out), *extra),
    )


def parse(text: str, folder: Path) -> list[Wheel]:
    """The wheels of a pylock document (PEP 751); `folder` is where it lies.

    Raises:
        StudioError: A package has no wheel, or no hash.
    """
    return [_wheel(package, folder) for package in tomllib.loads(text).get("packages", [])]


def _wheel(package: dict[str, Any], folder: Path) -> Wheel:
    name = str(package["name"])
    wheels = package.get("wheels") or [package.get("archive")]
    told = wheels[0]
    if not told:
        raise StudioError(
            tr("A package that is needed was not found."),
            tr("{name} has no file for this computer.").format(name=name),
            tr("Check the package index that this computer uses."),
        )
    url = told.get("url") or (folder / told["path"]).resolve().as_uri()
    digest = str(told.get("hashes", {}).get("sha256", ""))
    if not digest:
        raise StudioError(
            tr("A package cannot be verified, and was refused."),
            tr("The index tells no hash of {name}.").format(name=name),
            tr("Use another package index."),
        )
    return Wheel(name, str(package.get("version", "")), url, _size(told, url), digest)


def _size(told: dict[str, Any], url: str) -> int:
    if told.get("size"):
        return int(told["size"])
    if url.startswith("file:"):
        return local_path(url).stat().st_size
    return 0


def local_path(url: str) -> Path:
    """The path that a `file:` address names."""
    from urllib.request import url2pathname

    return Path(url2pathname(urlsplit(url).path))


def hashes(lock: Path) -> dict[str, set[str]]:
    """The hashes of each package in a requirements file."""
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        named = re.match(r"([A-Za-z0-9._-]+)==", line)
        if named:
            name = re.sub(r"[-_.]+", "-", named[1]).lower()
            found.setdefault(name, set()).update(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
    return found


def check(wheels: list[Wheel], locks: Sequence[Path]) -> list[Wheel]:
    """The wheels, once every one that the locks name has a hash that stands there.

    Raises:
        StudioError: One has another.
    """
    known = {name: found for lock in locks for name, found in hashes(lock).items()}
    for wheel in wheels:
        if wheel.name in known and wheel.sha256 not in known[wheel.name]:
            raise faults.hash_differs(wheel.file)
    return wheels
