"""Fetches wheels into a folder: goes on inside a file after a cut or a pause, verifies each hash.

A file is written as `NAME.part` and gets its name only when its hash is right. Proxies and
certificates are those of the environment and the system.
"""

import hashlib
import os
import shutil
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

from finetune_studio.catalog import connection
from finetune_studio.catalog.progress import Control, Meter, Paused, Tell
from finetune_studio.errors import StudioError
from finetune_studio.i18n import tr
from finetune_studio.setup import faults
from finetune_studio.setup.resolve import Wheel, local_path

TOGETHER = 4
"""Files that come side by side."""
PIECE = 4 << 20
"""Bytes read at once when a hash is made."""
TRIES = 4
"""Attempts without a new byte before giving up."""


def client() -> Any:
    """An HTTP client with time limits; it knows proxies, company certificates and ~/.netrc."""
    from huggingface_hub.utils import _http

    library = getattr(_http, "httpx2", None) or _http.httpx
    limits = (connection.CONNECT, connection.ANSWER, connection.ANSWER, None)
    return library.Client(timeout=limits, follow_redirects=True)


def measure(wheels: Sequence[Wheel]) -> list[Wheel]:
    """The wheels with their sizes, asked of the server where the index told none.

    Raises:
        StudioError: The server cannot be reached.
    """
    if all(wheel.size for wheel in wheels):
        return list(wheels)
    with client() as http, ThreadPoolExecutor(TOGETHER) as threads:
        return list(threads.map(lambda wheel: _measured(http, wheel), wheels))


def _measured(http: Any, wheel: Wheel) -> Wheel:
    if wheel.size:
        return wheel
    try:
        answer = http.head(wheel.url, headers={"Accept-Encoding": "identity"})
        answer.raise_for_status()
    except Exception as error:
        raise failure(error, wheel.file) from error
    return replace(wheel, size=int(answer.headers.get("content-length", 0)))


def missing(wheels: Sequence[Wheel], folder: Path) -> int:
    """Bytes that are still to come."""
    return sum(max(0, wheel.size - _there(folder, wheel)) for wheel in wheels)


def fetch(wheels: Sequence[Wheel], folder: Path, tell: Tell, control: Control) -> None:
    """Fetch what is not there yet; `tell` is called from other threads.

    Raises:
        StudioError: A hash differs, the network or the disk refuses; what came is kept.
        Cancelled: The person cancelled.
    """
    folder.mkdir(parents=True, exist_ok=True)
    meter = Meter(sum(wheel.size for wheel in wheels), tell)
    with client() as http, ThreadPoolExecutor(TOGETHER) as threads:
        work = [
            threads.submit(_fetch, http, wheel, folder, meter, control)
            for wheel in sorted(wheels, key=lambda each: -each.size)
        ]
        done, _ = wait(work, return_when=FIRST_EXCEPTION)
        if any(each.exception() for each in done):
            control.cancel(keep=True)  # the others end as well
            wait(work)
        for each in done:
            each.result()


def _fetch(http: Any, wheel: Wheel, folder: Path, meter: Meter, control: Control) -> None:
    whole, part = folder / wheel.file, folder / f"{wheel.file}.part"
    try:
        if whole.exists():
            meter.add(wheel.file, 0, 0, wheel.size, "checking")
            if _is_right(whole, wheel, control):
                meter.add(wheel.file, wheel.size, wheel.size, wheel.size)
                return
            whole.unlink()
        if wheel.url.startswith("file:"):
            _copy(local_path(wheel.url), part)
            meter.add(wheel.file, wheel.size, wheel.size, wheel.size)
        else:
            _complete(http, wheel, part, meter, control)
        meter.add(wheel.file, 0, wheel.size, wheel.size, "checking")
        if not _is_right(part, wheel, control):
            part.unlink()
            raise faults.hash_differs(wheel.file)
        part.replace(whole)
    except OSError as error:
        raise faults.of_system(error, str(folder)) from error


def _complete(http: Any, wheel: Wheel, part: Path, meter: Meter, control: Control) -> None:
    """Stream until the file is whole: after a pause, a cut or a busy server from where it was."""
    if _size(part) > wheel.size > 0:
        part.unlink()
    part.touch()
    meter.add(wheel.file, _size(part), _size(part), wheel.size)
    failed = 0
    while (before := _size(part)) < wheel.size or not before:
        try:
            control.look()
            _stream(http, wheel, part, meter, control)
        except Paused:
            meter.add(wheel.file, 0, _size(part), wheel.size, "paused")
            control.wait()
        except connection.transport_error() as error:
            failed = 0 if _size(part) > before else failed + 1
            if failed >= TRIES:
                raise failure(error, wheel.file) from error
            control.sleep(min(2.0**failed / 4, 8))


def _stream(http: Any, wheel: Wheel, part: Path, meter: Meter, control: Control) -> None:
    start = _size(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with http.stream("GET", wheel.url, headers=headers) as answer:
        if answer.status_code >= 400:
            raise _answered(answer.status_code, wheel.file)
        if start and answer.status_code != 206:  # a server that sends all of it again
            meter.add(wheel.file, -start, 0, wheel.size)
            part.write_bytes(b"")
        with part.open("ab", buffering=0) as stream:
            for piece in answer.iter_bytes():
                rest = memoryview(piece)
                while rest:  # a nearly full disk takes a part
                    rest = rest[stream.write(rest) :]
                meter.add(wheel.file, len(piece), stream.tell(), wheel.size)
                control.look()
    if _size(part) > wheel.size:
        part.unlink()
        raise faults.hash_differs(wheel.file)


def failure(error: BaseException, name: str) -> StudioError:
    """The sentence for what the HTTP client raised."""
    if isinstance(error, StudioError):
        return error
    status = connection.status_of(error)
    if status:
        return _answered(status, name)
    said = " ".join(str(each) for each in connection.causes(error))
    told = faults.of_words(said)
    known = (faults.wrong_clock(), faults.unknown_certificate())
    if told.title in {each.title for each in known}:
        return told
    return faults.no_network(faults.last_words(said))


def _answered(status: int, name: str) -> StudioError:
    if status == 407:
        return faults.of_words("407")
    return StudioError(
        tr("A file could not be downloaded."),
        tr("{name}: the server answered with error {status}.").format(name=name, status=status),
        tr("Try again later."),
    )


def _copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another drive
        shutil.copyfile(source, target)


def _is_right(path: Path, wheel: Wheel, control: Control) -> bool:
    made = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            control.wait()
            made.update(piece)
    return made.hexdigest() == wheel.sha256


def _there(folder: Path, wheel: Wheel) -> int:
    return _size(folder / wheel.file) or _size(folder / f"{wheel.file}.part")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
