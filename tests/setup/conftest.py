"""A small installed program, real uv, and a package index on this machine with faults at will."""

import hashlib
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest

from finetune_studio import installed
from tests.helpers.wheels import make_wheel


def _uv() -> str | None:
    """The uv that came with the tests' packages, whether or not their folder is on the path."""
    try:
        from uv import find_uv_bin

        return find_uv_bin()
    except (ImportError, FileNotFoundError):
        return shutil.which("uv")


UV = _uv()

# What the trainer's environment computes, for wheels without code.
PROOF = """\
import json, sys
print(json.dumps({"version": "2.13.0", "cuda": "", "devices": [
    {"name": "CPU", "ok": True, "error": ""}]}))
"""
ROOM = 200_000  # bytes that make a wheel worth cutting


class Index:
    """Serves a folder of wheels as a package index (PEP 503), with ranges.

    Attributes:
        cut: Bytes of each answer after which the connection breaks; None for whole answers.
        status: The status of every answer to a request for a wheel.
        asked: What was asked for: path and range.
    """

    def __init__(self, wheels: Path):
        self.wheels = wheels
        self.cut: int | None = None
        self.status = 200
        self.slow = threading.Event()
        self.slow.set()
        self.asked: list[tuple[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self.slow.set()
        self._server.shutdown()
        self._server.server_close()

    def page(self, package: str) -> bytes:
        """The links of a package; the hash is that of the file as it was when it was published."""
        links = []
        for wheel in sorted(self.wheels.glob("*.whl")):
            if wheel.name.split("-")[0].replace("_", "-").lower() == package:
                digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
                told = 'data-dist-info-metadata="true"'
                where = f'href="/files/{wheel.name}#sha256={digest}"'
                links.append(f"<a {where} {told}>{wheel.name}</a>")
        return "".join(links).encode()

    def _handler(index):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self):
                self.do_GET(body=False)

            def do_GET(self, body=True):
                path = unquote(self.path)
                file = index.wheels / path.rpartition("/")[2]
                if path.endswith("/"):
                    self._say(index.page(path.strip("/").rpartition("/")[2]), "text/html", body)
                elif path.endswith(".metadata"):  # PEP 658: uv need not fetch the wheel itself
                    self._say(metadata(file.with_suffix("")), "text/plain", body)
                elif not file.is_file():
                    self._say(b"", "text/plain", body, 404)
                else:
                    self._file(file, body)

            def _file(self, file, body):
                asked = self.headers.get("Range", "")
                whole = file.read_bytes()
                start = int(re.match(r"bytes=(\d+)-", asked)[1]) if asked else 0
                if body:
                    index.asked.append((file.name, asked))
                    index.slow.wait(30)
                if index.status != 200:
                    self._say(b"no", "text/plain", body, index.status)
                    return
                self._say(whole[start:], "application/zip", body, 206 if asked else 200)

            def _say(self, data, kind, body, status=200):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if body:
                    cuts = index.cut is not None and kind == "application/zip"
                    self.wfile.write(data[: index.cut] if cuts else data)
                    if cuts and len(data) > index.cut:
                        self.close_connection = True

            def log_message(self, *arguments):
                pass

        return Handler


def metadata(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        name = next(each for each in archive.namelist() if each.endswith("/METADATA"))
        return archive.read(name)


class Kit:
    """An installed program, its index, and the folders it sets up in."""

    def __init__(self, folder: Path):
        self.folder = folder / "설치 폴더" / "Finetune Studio"
        self.wheels = folder / "wheels"
        self.torch = folder / "torch" / "cpu"
        self.make_program("1.0")
        make_wheel(self.wheels, "peft", "0.21.2", size=ROOM)
        make_wheel(self.torch, "torch", "2.13.0+cpu", ("sympy",), size=ROOM)
        make_wheel(self.wheels, "sympy", "1.14.0")
        self.index, self.torch_index = Index(self.wheels), Index(self.torch)
        self.lock("peft")
        (self.folder / "torch-index.txt").write_text(self.torch_index.url, encoding="utf-8")

    def make_program(self, version: str) -> None:
        """Another version of the program, as its installer would put it there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.glob("*.whl"):
            old.unlink()
        code = {
            "finetune_studio/__init__.py": f'__version__ = "{version}"\n',
            "finetune_studio/__main__.py": "import sys; print('started', sys.argv[1:])\n",
            "finetune_studio/engine/__init__.py": "",
            "finetune_studio/engine/prove.py": PROOF,
        }
        make_wheel(self.folder, "finetune-studio", version, code=code)
        if not self.program.uv.exists():
            self.program.uv.symlink_to(UV)
        (self.folder / "id").write_text(f"id of {version}\n", encoding="utf-8")

    @property
    def program(self) -> installed.Program:
        return installed.Program(self.folder)

    def lock(self, *names: str, file: str = "training.txt") -> None:
        """Lock these packages by the hashes of the wheels as they are."""
        lines = []
        for name in names:
            wheel = next(self.wheels.glob(f"{name.replace('-', '_')}-*.whl"))
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            lines.append(f"{name}=={wheel.name.split('-')[1]} \\\n    --hash=sha256:{digest}")
        (self.folder / file).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def close(self) -> None:
        self.index.close()
        self.torch_index.close()


@pytest.fixture
def kit(tmp_path, monkeypatch):
    """An installed program whose indexes are this machine's; the network is not used."""
    if UV is None:
        pytest.skip("needs_uv: uv is not installed")
    made = Kit(tmp_path)
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{made.index.url}/simple")
    for name in ("UV_FIND_LINKS", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv(installed.PROGRAM, str(made.folder))
    yield made
    made.close()


@pytest.fixture
def disk(tmp_path):
    """Mounts a disk with these options, such as `size=2m` or `ro`; returns its folder."""
    mounted = []

    def mount(options):
        if not sys.platform.startswith("linux"):
            pytest.skip("needs_posix: mounts a disk")
        place = tmp_path / f"disk {len(mounted)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("needs_root: a disk cannot be mounted")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", place], check=True)
