"""Downloads from a Hub on the loopback: progress, pause, cut, cancel, and every kind of trouble."""

import errno
import hashlib
import json
import os
import random
import threading
import time
from pathlib import Path

import pytest

from finetune_studio.catalog import connection, hub
from finetune_studio.catalog.download import Control, download
from finetune_studio.catalog.progress import Cancelled, Paused
from finetune_studio.errors import RefusedError, StudioError
from tests.catalog.loopback import COMMIT, Hub, digest

NAME = "maker/model"
WEIGHTS = random.Random(1).randbytes(300_000)
FILES = {"config.json": b"{}", "model.safetensors": WEIGHTS, "tokenizer.json": b'{"a": 1}'}


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache of the Hub's client, and nobody signed in."""
    from huggingface_hub import constants

    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    return tmp_path / "cache"


def point_to(url, monkeypatch):
    """Make the Hub's client of this process ask there: it read HF_ENDPOINT once."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", url)
    template = f"{url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture
def server(monkeypatch, cache):
    from huggingface_hub.utils import close_session

    with Hub() as running:
        point_to(running.url, monkeypatch)
        running.models[NAME] = FILES
        yield running
        close_session()


@pytest.fixture
def hasty(monkeypatch):
    """No waiting between attempts."""
    monkeypatch.setattr(Control, "sleep", lambda self, seconds: self.look())


def get(tell=None, control=None):
    return download(NAME, "", list(FILES), tell, control)


def parts(cache):
    return sorted(each.name for each in cache.rglob("*.part*"))


def test_everything_comes_with_its_progress(server, cache):
    told = []
    folder = get(told.append)
    assert folder == cache / "models--maker--model" / "snapshots" / COMMIT
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == FILES
    total = sum(map(len, FILES.values()))
    assert {each.total for each in told} == {total}
    assert told[-1].done == total
    assert [each.done for each in told] == sorted(each.done for each in told)
    weights = [each for each in told if each.file == "model.safetensors"]
    assert weights[-1].phase == "checking"
    assert weights[-1].file_done == weights[-1].file_size == len(WEIGHTS)
    assert parts(cache) == []
    assert (cache / "models--maker--model" / "refs" / "main").read_text() == COMMIT


def test_the_hub_client_finds_what_came(server, cache):
    from huggingface_hub import snapshot_download

    folder = get()
    server.taken.clear()
    assert Path(snapshot_download(NAME)) == folder
    assert Path(snapshot_download(NAME, local_files_only=True)) == folder
    assert server.taken == []
    get()
    assert server.taken == []


def test_a_cut_connection_goes_on_where_it_was(server, cache, hasty):
    server.cuts["model.safetensors"] = [100_000, 50_000]
    folder = get()
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert server.ranges == ["bytes=100000-", "bytes=150000-"]


def test_a_server_without_ranges_sends_it_again(server, cache, hasty):
    server.honours_ranges = False
    server.cuts["model.safetensors"] = [100_000]
    told = []
    folder = get(told.append)
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert told[-1].done == told[-1].total


def test_what_is_always_cut_fails_and_the_next_attempt_goes_on(server, cache, hasty):
    server.cuts["model.safetensors"] = [70_000, 0, 0, 0, 0]
    with pytest.raises(StudioError) as caught:
        get()
    assert "could not be reached" in caught.value.detail
    part = cache / "models--maker--model" / "blobs" / f"{digest(WEIGHTS)}.part"
    assert part.stat().st_size == 70_000
    server.cuts.clear()
    assert (get() / "model.safetensors").read_bytes() == WEIGHTS
    assert server.ranges[-1] == "bytes=70000-"


def test_another_process_goes_on_where_a_killed_one_was(server, cache):
    blobs = cache / "models--maker--model" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / f"{digest(WEIGHTS)}.part").write_bytes(WEIGHTS[:123_456])
    assert (get() / "model.safetensors").read_bytes() == WEIGHTS
    assert server.ranges == ["bytes=123456-"]


def test_a_pause_gives_up_the_connection_and_continues_later(server, cache):
    server.slow = 0.005
    control, seen, paused = Control(), [], threading.Event()

    def tell(progress):
        seen.append(progress)
        if progress.phase == "paused" and progress.file == "model.safetensors":
            paused.set()
        elif progress.file == "model.safetensors" and 20_000 < progress.file_done < 150_000:
            control.pause()

    results = []
    work = threading.Thread(target=lambda: results.append(get(tell, control)))
    work.start()
    assert paused.wait(20)
    assert control.paused
    at = next(each for each in seen if each.phase == "paused").file_done
    assert 0 < at < len(WEIGHTS)
    server.slow = 0
    control.go_on()
    work.join(20)
    assert (results[0] / "model.safetensors").read_bytes() == WEIGHTS
    assert server.ranges == [f"bytes={at}-"]


@pytest.mark.parametrize("keep", [False, True])
def test_a_cancel_ends_it_and_leaves_what_was_wished(server, cache, keep):
    server.slow = 0.005
    control = Control()

    def tell(progress):
        if progress.file == "model.safetensors" and progress.file_done > 20_000:
            control.cancel(keep)

    with pytest.raises(StudioError, match="cancelled"):
        get(tell, control)
    assert bool(list(cache.rglob("*.part"))) == keep


def test_a_file_that_was_changed_on_the_way_is_not_taken(server, cache):
    server.lies["model.safetensors"] = WEIGHTS[:-1] + b"x"
    with pytest.raises(StudioError) as caught:
        get()
    assert "hash" in caught.value.detail
    kept = {each.name: each.read_bytes() for each in cache.rglob("*.part")}  # of other files
    others = {f"{digest(file)}.part": file for file in FILES.values() if file != WEIGHTS}
    assert kept.items() <= others.items()
    assert not list(cache.rglob("*.lock"))
    assert not any(each.name == digest(WEIGHTS) for each in cache.rglob("*"))


class Latecomer(Control):
    """Lets what was held back come only when the download has been given up."""

    def __init__(self):
        super().__init__()
        self.given_up = threading.Event()

    def cancel(self, keep=False):
        super().cancel(keep)
        self.given_up.set()


class Arrived:
    """An event that is set when a file is whole in the cache."""

    def __init__(self, cache, name):
        self._cache, self._name = cache, digest(FILES[name])

    def wait(self, seconds):
        end = time.monotonic() + seconds
        while not any(self._cache.rglob(self._name)) and time.monotonic() < end:
            time.sleep(0.01)


def test_what_came_while_another_file_failed_is_not_fetched_again(server, cache):
    control = Latecomer()
    server.lies["model.safetensors"] = WEIGHTS[:-1] + b"x"
    server.holds["model.safetensors"] = Arrived(cache, "tokenizer.json")
    server.holds["config.json"] = control.given_up
    with pytest.raises(StudioError, match="damaged"):
        get(control=control)
    assert parts(cache) == [f"{digest(FILES['config.json'])}.part"]
    server.lies.clear()
    server.taken.clear()
    assert {each.name: each.read_bytes() for each in get().iterdir()} == FILES
    assert server.taken == ["model.safetensors"]
    assert parts(cache) == []


def test_what_failed_before_its_first_byte_leaves_nothing(server, cache, hasty):
    server.cuts["config.json"] = [0] * 9
    with pytest.raises(StudioError):
        get()
    assert f"{digest(FILES['config.json'])}.part" not in parts(cache)
    assert not list(cache.rglob("*.lock"))


def test_small_files_are_checked_too(server, cache):
    server.lies["config.json"] = b"[]"
    with pytest.raises(StudioError, match="damaged"):
        get()


def test_the_disk_is_looked_at_first(server, cache, monkeypatch):
    from finetune_studio.catalog import download as module

    usage = type("Usage", (), {"free": 5_000})
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(RefusedError, match="too little room"):
        get()
    assert server.taken == []


def test_a_disk_that_fills_up_while_loading(server, cache, monkeypatch):
    real = Path.open

    class Full:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, _):
            raise OSError(errno.ENOSPC, "No space left on device")

    def opened(self, mode="r", *rest, **more):
        file = real(self, mode, *rest, **more)
        return Full(file) if mode == "ab" else file

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(StudioError, match="disk is full") as caught:
        get()
    assert "HF_HOME" in caught.value.hint


def test_a_cache_that_cannot_be_written(server, cache):
    cache.parent.joinpath("cache").write_text("a file in the folder's place")
    with pytest.raises(StudioError, match="cannot be written") as caught:
        get()
    assert "HF_HOME" in caught.value.hint


def test_two_programs_do_not_write_one_file(server, cache):
    from filelock import FileLock

    blobs = cache / "models--maker--model" / "blobs"
    blobs.mkdir(parents=True)
    with (
        FileLock(blobs / f"{digest(WEIGHTS)}.part.lock"),
        pytest.raises(StudioError, match="Another program"),
    ):
        get()


def test_leftovers_of_the_hub_client_are_swept_once_they_are_old(server, cache):
    blobs = cache / "models--maker--model" / "blobs"
    blobs.mkdir(parents=True)
    old, new = blobs / "aa.11.incomplete", blobs / "bb.22.incomplete"
    for each in (old, new):
        each.write_bytes(b"half")
    os.utime(old, (1, 1))
    get()
    assert not old.exists()
    assert new.exists()


@pytest.mark.parametrize(
    ("status", "code", "kind", "says"),
    [
        (401, "RepoNotFound", RefusedError, "spelling"),
        (404, "RepoNotFound", RefusedError, "spelling"),
        (403, "GatedRepo", RefusedError, "models login"),
        (401, "GatedRepo", RefusedError, "models login"),
        (500, "Internal", StudioError, "error 500"),
        (429, "TooMany", StudioError, "7 min"),
    ],
)
def test_every_answer_is_a_sentence(server, status, code, kind, says):
    server.faults[NAME] = (status, code)
    server.headers = {"Retry-After": "420"} if status == 429 else {}
    for ask in (lambda: hub.fetch(NAME, "", False), get):
        with pytest.raises(kind) as caught:
            ask()
        assert says in str(caught.value)
        assert caught.value.hint
        assert "\n" not in str(caught.value)


def test_a_guest_network_is_recognised(server):
    server.portal = True
    for ask in (lambda: hub.fetch(NAME, "", False), get):
        with pytest.raises(StudioError) as caught:
            ask()
        assert "in the Hub's place" in caught.value.title


def test_a_hub_that_says_nothing_is_given_up(server, monkeypatch):
    monkeypatch.setattr(connection, "ANSWER", 0.4)
    monkeypatch.setattr(hub, "ANSWER", 0.4)
    server.silent = True
    for ask in (lambda: hub.fetch(NAME, "", False), get):
        with pytest.raises(StudioError, match="could not be reached"):
            ask()


def test_the_client_waits_only_so_long(server):
    limit = connection.session().timeout
    assert (limit.connect, limit.read) == (connection.CONNECT, connection.ANSWER)


def test_a_hub_that_is_down(server, cache, monkeypatch):
    with Hub() as gone:
        url = gone.url
    point_to(url, monkeypatch)
    with pytest.raises(StudioError, match="could not be reached"):
        get()


def test_the_maker_has_not_answered_yet_or_has_refused(server, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_abcdef")
    server.faults[NAME] = (403, "GatedRepo")
    server.message = "Your request to access this model is awaiting a review."
    with pytest.raises(RefusedError, match="Wait for its maker"):
        hub.may_have(NAME)
    server.message = "Your request to access this model has been rejected by its authors."
    with pytest.raises(RefusedError, match="Choose another model"):
        hub.may_have(NAME)
    server.message = ""
    with pytest.raises(RefusedError, match="account of your token") as caught:
        hub.may_have(NAME)
    assert f"{server.url}/{NAME}" in caught.value.hint
    server.faults.clear()
    hub.may_have(NAME)


def test_a_token_opens_a_gated_model_and_is_told_to_nobody(server, monkeypatch, tmp_path):
    server.tokens["hf_geheim"] = "kim"
    with pytest.raises(RefusedError, match="models login"):
        get()
    monkeypatch.setenv("HF_TOKEN", "hf_geheim")
    assert (get() / "config.json").is_file()
    assert "Bearer hf_geheim" in server.seen
    for each in tmp_path.rglob("*"):
        assert not (each.is_file() and b"hf_geheim" in each.read_bytes())


def test_no_secret_stands_in_a_sentence():
    error = ValueError("proxy http://kim:pass@proxy:80 refused Bearer hf_geheim, key hf_abc123")
    said = str(connection.failure(NAME, "main", error))
    assert not any(word in said for word in ("pass@", "hf_geheim", "hf_abc123"))
    assert "proxy:80" in said


def test_control_knows_what_was_asked():
    control = Control()
    control.look()
    control.pause()
    with pytest.raises(Paused):
        control.look()
    control.go_on()
    control.look()
    control.cancel()
    with pytest.raises(Cancelled):
        control.wait()


def test_the_hashes_of_the_test_server_are_those_of_git_and_sha256():
    assert digest(b"{}") == "9e26dfeeb6e641a33dae4961196235bdb965b21b"
    assert digest(WEIGHTS) == hashlib.sha256(WEIGHTS).hexdigest()
    assert json.loads(FILES["tokenizer.json"]) == {"a": 1}
