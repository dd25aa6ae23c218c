"""Gets llama.cpp, once: converter and runtime from one source archive of llama-cpp-python.

pip downloads the archive and builds the runtime, which takes minutes and a C++ compiler; the
converter is plain Python and is there in any case. This program's own packages are left alone.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from finetune_studio.errors import StudioError
from finetune_studio.export import llama
from finetune_studio.i18n import tr

VERSION = "0.3.36"
PACKAGE = f"llama-cpp-python=={VERSION}"
BESIDE = ("diskcache", "sentencepiece", "protobuf")
"""What runtime and converter import, and the extra `train` does not bring."""
WANTED = ("convert_hf_to_gguf.py", "convert_lora_to_gguf.py", "conversion", "gguf-py", "LICENSE")
INSIDE = "vendor/llama.cpp"


def fetch(python: str, tell: Callable[[str], None]) -> Path:
    """Get both; the folder they are in.

    Args:
        python: The Python that is to run them.
        tell: Hears what is being done.

    Raises:
        StudioError: The archive cannot be downloaded, or the runtime cannot be built; the
            converter is kept then.
    """
    place = llama.place()
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="studio-llama-") as name:
        room = Path(name)
        tell(tr("Downloading {package}, 77 MB …").format(package=PACKAGE))
        archive = _download(python, room)
        unpack_converter(archive, place / "convert")
        install = [python, "-m", "pip", "install", "--upgrade", "--no-deps", "--target"]
        _pip([*install, str(room / "packages"), *BESIDE])
        _replace(room / "packages", place / "packages")
        tell(tr("Building it: 5 minutes on two cores …"))
        _pip([*install, str(room / "runtime"), "--no-binary", "llama-cpp-python", str(archive)])
        _replace(room / "runtime", place / "runtime")
    return place


def _download(python: str, room: Path) -> Path:
    command = [python, "-m", "pip", "download", "--no-deps", "--no-binary", "llama-cpp-python"]
    _pip([*command, "--dest", str(room), PACKAGE])
    return next(room.glob("llama_cpp_python-*.tar.gz"))


def unpack_converter(archive: Path, folder: Path) -> None:
    """Take the converter out of the source archive."""
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        with tarfile.open(archive) as opened:
            for member in opened:
                names = member.name.partition(f"/{INSIDE}/")[2].split("/")
                if member.isfile() and names[0] in WANTED and ".." not in names:
                    _write(opened.extractfile(member), part.joinpath(*names))
        _replace(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write(source: IO[bytes] | None, target: Path) -> None:
    """Copy a member's bytes alone, without rights, owners and links."""
    assert source is not None  # of files only
    target.parent.mkdir(parents=True, exist_ok=True)
    with source, target.open("wb") as out:
        shutil.copyfileobj(source, out)


def _replace(new: Path, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    shutil.move(new, place)


def _pip(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = [each for each in done.stderr.splitlines() if "error" in each.lower()]
        raise StudioError(
            tr("pip could not get llama.cpp."),
            (words[-1] if words else done.stderr.strip()[-300:])[:300],
            _remedy(done.stdout + done.stderr),
        )


def _remedy(said: str) -> str:
    if any(each in said for each in ("CMAKE_CXX_COMPILER", "CMAKE_C_COMPILER", "nmake", "cmake")):
        return tr("It is built here and needs a C++ compiler: {names}.").format(
            names="Visual Studio Build Tools" if sys.platform == "win32" else "gcc, g++, make"
        )
    return tr("Check the network, and try again.")
