"""Downloads files of a Hub model into the Hub's cache: goes on after a cut, a pause, a lost night.

Each file is written as `blobs/HASH.part`, which a later attempt continues, and gets its name only
when its hash is right. The Hub's own client then puts it where every other program looks for it.
"""

import hashlib
import shutil
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune_studio.catalog import access, connection
from finetune_studio.catalog.progress import Cancelled, Control, Meter, Paused, Progress, Tell
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import tr

__all__ = ["Control", "Progress", "Tell", "download"]

GIB = 2**30
TOGETHER = 4
"""Files that come side by side."""
PIECE = 8 << 20
"""Bytes read at once when a hash is made."""
TRIES = 3
"""Attempts without a new byte before giving up."""
SPARE = GIB
"""Bytes of the disk that a download leaves free."""
LARGEST = 50 * 10**9
"""Bytes of a file that the Hub serves over plain HTTP; larger ones its own client fetches."""
STALE = 3600
"""Seconds after which a leftover of the Hub's client belongs to nobody."""


@dataclass(frozen=True)
class Remote:
    """One file on the Hub.

    Attributes:
        name: Its name in the model.
        size: Its bytes.
        etag: Its hash, which names it in the cache: SHA-256, or git's SHA-1 of small files.
        commit: The version that it belongs to.
    """

    name: str
    size: int
    etag: str
    commit: str


def download(
    model: str,
    revision: str,
    names: Iterable[str],
    tell: Tell | None = None,
    control: Control | None = None,
) -> Path:
    """Fetch these files of a model and return its folder in the cache.

    Args:
        model: The Hub id.
        revision: A branch, tag or commit; empty for main.
        names: The files wanted.
        tell: Is called with the progress, from other threads, several times a second.
        control: Pauses, continues and cancels from another thread.

    Raises:
        RefusedError: The disk has too little room, or the Hub refuses.
        StudioError: The download failed or was cancelled; what came is kept unless cancelled so.
    """
    control = control or Control()
    try:
        return _Download(model, revision, control).run(list(names), tell or (lambda _: None))
    except Cancelled:
        raise StudioError(tr("The download was cancelled.")) from None
    except Exception as error:
        raise connection.failure(model, revision or "main", error) from error


class _Download:
    """One model's download."""

    def __init__(self, model: str, revision: str, control: Control) -> None:
        from huggingface_hub import constants
        from huggingface_hub.file_download import repo_folder_name

        self._model, self._revision, self._control = model, revision or "main", control
        place = Path(constants.HF_HUB_CACHE).expanduser()
        self._place: Path = place / repo_folder_name(repo_id=model, repo_type="model")
        self._blobs: Path = self._place / "blobs"
        self._token = access.token() or False

    def run(self, names: list[str], tell: Tell) -> Path:
        """All of it: ask, check the disk, fetch, put in place."""
        with ThreadPoolExecutor(TOGETHER) as threads:
            files = list(threads.map(self._ask, names))
            missing = [each for each in files if not self._is_here(each)]
            self._check_room(missing)
            self._blobs.mkdir(parents=True, exist_ok=True)
            meter = Meter(sum(each.size for each in files), tell)
            meter.done = sum(each.size for each in files if each not in missing)
            self._fetch_all(threads, missing, meter)
        for each in files:
            self._put(each)
        self._sweep()
        return self._place / "snapshots" / files[0].commit

    def _fetch_all(self, threads: ThreadPoolExecutor, missing: list[Remote], meter: Meter) -> None:
        ordered = sorted(missing, key=lambda each: each.size)
        work = [threads.submit(self._fetch, file, meter) for file in ordered]
        try:
            done, _ = wait(work, return_when=FIRST_EXCEPTION)
            for each in done:
                each.result()
        except BaseException:
            self._control.cancel(keep=self._control.keep)
            wait(work)
            if not self._control.keep:
                self._drop(missing)
            raise

    def _ask(self, name: str) -> Remote:
        """Size and hash of a file."""
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        url = hf_hub_url(self._model, name, revision=self._revision)
        found = get_hf_file_metadata(url, token=self._token, timeout=connection.ANSWER)
        if not found.etag or found.size is None or not found.commit_hash:
            raise connection.portal()
        return Remote(name, found.size, found.etag, found.commit_hash)

    def _is_here(self, file: Remote) -> bool:
        return self._blob(file).exists() or self._placed(file).exists()

    def _placed(self, file: Remote) -> Path:
        return self._place / "snapshots" / file.commit / file.name

    def _blob(self, file: Remote) -> Path:
        return self._blobs / file.etag

    def _part(self, file: Remote) -> Path:
        return self._blobs / f"{file.etag}.part"

    def _check_room(self, missing: list[Remote]) -> None:
        there = sum(_size(self._part(each)) for each in missing)
        needed = sum(each.size for each in missing) - there
        at = next(each for each in (self._blobs, *self._blobs.parents) if each.exists())
        free = shutil.disk_usage(at).free
        if needed and needed + SPARE > free:
            raise RefusedError(
                tr("The disk has too little room."),
                tr("{model} takes another {size:.1f} GiB, and {free:.1f} GiB are free.").format(
                    model=self._model, size=needed / GIB, free=free / GIB
                ),
                tr("Free space, remove models you do not need, or set HF_HOME to another disk."),
            )

    def _fetch(self, file: Remote, meter: Meter) -> None:
        """One file, whatever cuts it short."""
        if file.size > LARGEST:
            return  # left to the Hub's client, when it is put in place
        part = self._part(file)
        with self._held(part):
            self._fetch_alone(file, part, meter)

    @contextmanager
    def _held(self, part: Path) -> Iterator[None]:
        """No other program writes it meanwhile; what holds nothing is not left behind."""
        from filelock import FileLock, Timeout

        lock = FileLock(f"{part}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise StudioError(
                tr("Another program is downloading {model} already.").format(model=self._model),
                hint=tr("Wait until it is done, or end it."),
            ) from None
        try:
            yield
        finally:
            if not _size(part):  # it ended before the first byte
                part.unlink(missing_ok=True)
            lock.release()
            Path(lock.lock_file).unlink(missing_ok=True)

    def _fetch_alone(self, file: Remote, part: Path, meter: Meter) -> None:
        if self._is_here(file):
            return
        if _size(part) > file.size:
            part.unlink()
        part.touch()
        meter.add(file.name, _size(part), _size(part), file.size)
        self._complete(file, part, meter)
        meter.add(file.name, 0, file.size, file.size, "checking")
        if not _is_right(part, file, self._control):
            part.unlink()
            raise StudioError(
                tr("A downloaded file is damaged."),
                tr("“{name}” does not have the hash that the Hub tells.").format(name=file.name),
                tr("Download it again; if it happens twice, something on the way changes files."),
            )
        part.replace(self._blob(file))

    def _complete(self, file: Remote, part: Path, meter: Meter) -> None:
        """Stream until the file is whole: after a pause, a cut or a busy Hub from where it was."""
        failed = 0
        while (before := _size(part)) < file.size:
            try:
                self._control.look()
                self._stream(file, part, meter)
            except Paused:
                meter.add(file.name, 0, _size(part), file.size, "paused")
                self._control.wait()
            except Exception as error:
                failed = 0 if _size(part) > before else failed + 1
                pause = self._pause(error, failed)
                if pause is None:
                    raise
                self._control.sleep(pause)

    def _pause(self, error: Exception, failed: int) -> float | None:
        """Seconds before another attempt; None where none would help."""
        status = connection.status_of(error)
        lasting = not isinstance(error, connection.transport_error()) and status not in (
            *(408, 429),
            *range(500, 600),
        )
        asked = connection.asked_to_wait(error) if status == 429 else 0
        if lasting or failed >= TRIES or asked > connection.LONGEST_WAIT:
            return None
        return max(asked, min(2.0**failed / 2, 10))

    def _stream(self, file: Remote, part: Path, meter: Meter) -> None:
        from huggingface_hub import hf_hub_url
        from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

        url = hf_hub_url(self._model, file.name, revision=self._revision)
        start = _size(part)
        headers = {**build_hf_headers(token=self._token), "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        with connection.session().stream("GET", url, headers=headers) as answer:
            hf_raise_for_status(answer)
            if start and answer.status_code != 206:  # a server that sends all of it again
                meter.add(file.name, -start, 0, file.size)
                part.write_bytes(b"")
            with part.open("ab", buffering=0) as stream:
                for piece in answer.iter_bytes():  # as they come: a cut loses none
                    rest = memoryview(piece)
                    while rest:  # a nearly full disk takes a part
                        rest = rest[stream.write(rest) :]
                    meter.add(file.name, len(piece), stream.tell(), file.size)
                    self._control.look()
        if _size(part) > file.size:
            part.unlink()
            raise connection.portal()

    def _put(self, file: Remote) -> None:
        """Let the Hub's client place the file; it takes what lies among the blobs."""
        from huggingface_hub import hf_hub_download

        self._control.look()
        hf_hub_download(self._model, file.name, revision=self._revision, token=self._token)
        if not self._placed(file).is_symlink():  # Windows without links: it was copied
            self._blob(file).unlink(missing_ok=True)

    def _drop(self, missing: list[Remote]) -> None:
        for each in missing:
            self._part(each).unlink(missing_ok=True)
            Path(f"{self._part(each)}.lock").unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what ended downloads of the Hub's client left, which never uses it again."""
        for each in self._blobs.glob("*.incomplete"):
            if time.time() - each.stat().st_mtime > STALE:
                each.unlink(missing_ok=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _is_right(part: Path, file: Remote, control: Control) -> bool:
    """Whether the hash agrees; a mirror's name that is no hash leaves the size to judge by."""
    known = {64: hashlib.sha256, 40: hashlib.sha1}.get(len(file.etag))
    if known is None or not all(sign in "0123456789abcdef" for sign in file.etag):
        return _size(part) == file.size
    made: Any = known()
    if len(file.etag) == 40:
        made.update(f"blob {file.size}\0".encode())
    for piece in _pieces(part, control):
        made.update(piece)
    return bool(made.hexdigest() == file.etag)


def _pieces(part: Path, control: Control) -> Iterator[bytes]:
    with part.open("rb") as stream:
        while piece := stream.read(PIECE):
            control.wait()
            yield piece
