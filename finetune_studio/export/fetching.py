"""Gets llama.cpp, once: converter and runtime from one source archive of llama-cpp-python.

pip downloads the archive and builds the runtime, which takes minutes and a C++ compiler; the
converter is plain Python and is there in any case. This program's own packages are left alone.
What is given up, or was by a program that is gone, leaves nothing in the folder for passing files.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

import psutil

from finetune_studio.errors import StudioError
from finetune_studio.export import llama
from finetune_studio.i18n import tr

VERSION = "0.3.36"
PACKAGE = f"llama-cpp-python=={VERSION}"
BESIDE = ("diskcache", "sentencepiece", "protobuf")
"""What runtime and converter import, and the extra `train` does not bring."""
WANTED = ("convert_hf_to_gguf.py", "convert_lora_to_gguf.py", "conversion", "gguf-py", "LICENSE")
INSIDE = "vendor/llama.cpp"
PASSING = "studio-llama-"
"""The beginning of the name of a folder that is there for a while; the process's number follows."""
KEPT = 400  # lines of what pip says, to find out what it lacks
LOOKS = 0.1  # seconds between two looks whether it is given up
FAR = re.compile(r"^\s*(?:Progress (\d+) of (\d+)|\[\s*(\d+)/(\d+)\]|\[\s*(\d+)(%)\])")
"""How far pip is with a download, and ninja or make with a build."""


class GivenUpError(StudioError):
    """The person wants it no longer."""


class Course:
    """One going and getting: hears how it goes, and can be given up from another thread.

    Attributes:
        given_up: Set when it is to end.
    """

    def __init__(
        self, tell: Callable[[str], None], far: Callable[[float], None] = lambda _: None
    ) -> None:
        """Begin one.

        Args:
            tell: Hears what is being done.
            far: Hears how far that is, from 0 to 1.
        """
        self.tell, self.far = tell, far
        self.given_up = threading.Event()

    def check(self) -> None:
        """Go no further where it is given up.

        Raises:
            GivenUpError: It is.
        """
        if self.given_up.is_set():
            raise GivenUpError(tr("It was stopped."))


def fetch(
    python: str,
    course: Course,
    unpack: "Callable[[Path, Path], None] | None" = None,
) -> Path:
    """Get both; the folder they are in.

    Args:
        python: The Python that is to run them.
        course: Hears how it goes; gives it up.
        unpack: Does what `unpack_converter` does, elsewhere.

    Raises:
        GivenUpError: It was given up; nothing half made is left.
        StudioError: The archive cannot be downloaded, or the runtime cannot be built; the
            converter is kept then.
    """
    place = llama.place()
    place.mkdir(parents=True, exist_ok=True)
    clean()
    with tempfile.TemporaryDirectory(prefix=f"{PASSING}{os.getpid()}-") as name:
        room = Path(name)
        course.tell(tr("Downloading {package}, 77 MB …").format(package=PACKAGE))
        archive = _download(python, room, course)
        (unpack or unpack_converter)(archive, place / "convert")
        install = [python, "-m", "pip", "install", "--upgrade", "--no-deps", "--target"]
        _pip([*install, str(room / "packages"), *BESIDE], room, course)
        _replace(room / "packages", place / "packages")
        course.tell(tr("Building it: 5 minutes on two cores …"))
        build = [*install, str(room / "runtime"), "-v", "--no-binary", "llama-cpp-python"]
        _pip([*build, str(archive)], room, course)
        _replace(room / "runtime", place / "runtime")
    return place


def clean() -> None:
    """Remove the folders that programs left behind which are gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PASSING}*"):
        number = folder.name.removeprefix(PASSING).partition("-")[0]
        if number.isdecimal() and not psutil.pid_exists(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _download(python: str, room: Path, course: Course) -> Path:
    command = [python, "-m", "pip", "download", "--no-deps"]
    command += ["--progress-bar", "raw"] if _tells_how_far(python) else []
    command += ["--no-binary", "llama-cpp-python", "--dest", str(room), PACKAGE]
    _pip(command, room, course)
    return next(room.glob("llama_cpp_python-*.tar.gz"))


def _tells_how_far(python: str) -> bool:
    """Whether this pip says in plain numbers how far a download is: since 24.1."""
    asked = [python, "-m", "pip", "--version"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    found = re.match(r"pip (\d+)\.(\d+)", said)
    return found is not None and (int(found[1]), int(found[2])) >= (24, 1)


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


def _pip(command: list[str], room: Path, course: Course) -> None:
    """Let pip do something, within the folder for passing files; it ends when that is given up."""
    course.check()
    variables = os.environ | {"TMPDIR": str(room), "TEMP": str(room), "PYTHONUTF8": "1"}
    kept: list[str] = []
    with (
        (room / "stderr").open("w+b") as said,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=said, env=variables, errors="replace", text=True
        ) as process,
    ):
        watching = threading.Thread(target=_end_when_given_up, args=(process, course))
        watching.start()
        assert process.stdout is not None
        for line in _told(process.stdout, course):
            kept = [*kept[-KEPT:], line]
        process.wait()
        watching.join()
        said.seek(0)
        errors = said.read().decode("utf-8", "replace")
    course.check()
    if process.returncode:
        words = [each for each in errors.splitlines() if "error" in each.lower()]
        raise StudioError(
            tr("pip could not get llama.cpp."),
            (words[-1] if words else errors.strip()[-300:])[:300],
            _remedy("".join(kept) + errors),
        )


def _told(lines: Iterable[str], course: Course) -> Iterable[str]:
    """The lines, while how far they say it is is passed on."""
    for line in lines:
        if found := FAR.match(line):
            done, whole = [each for each in found.groups() if each is not None]
            course.far(int(done) / (100 if whole == "%" else max(1, int(whole))))
        yield line


def _end_when_given_up(process: "subprocess.Popen[str]", course: Course) -> None:
    """End pip, and every compiler that it started."""
    while process.poll() is None:
        if course.given_up.wait(LOOKS):
            _end(process.pid)
            return


def _end(number: int) -> None:
    try:
        head = psutil.Process(number)
        going = [*head.children(recursive=True), head]
    except psutil.NoSuchProcess:
        return
    for each in going:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(going, timeout=10)


def _remedy(said: str) -> str:
    if any(each in said for each in ("CMAKE_CXX_COMPILER", "CMAKE_C_COMPILER", "nmake", "cmake")):
        return tr("It is built here and needs a C++ compiler: {names}.").format(
            names="Visual Studio Build Tools" if sys.platform == "win32" else "gcc, g++, make"
        )
    return tr("Check the network, and try again.")
