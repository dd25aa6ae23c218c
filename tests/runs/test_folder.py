"""A run's folder: made once, never over something else, its facts never half written."""

import json
import os
import threading
from pathlib import Path

import pytest

from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.lines import Unreadable
from finetune_studio.runs.orders import OrderReader, give
from finetune_studio.runs.writing import write_atomically


def test_a_new_folder_says_what_it_is(tmp_path):
    folder = RunFolder.create(tmp_path / "실험" / "첫 실행", "첫 실행")
    info = RunFolder.open(folder.path).info()
    assert info.name == "첫 실행"
    assert info.pid is None
    assert (
        json.loads(folder.info_file.read_text(encoding="utf-8"))["format"] == "finetune-studio run"
    )


def test_an_empty_folder_is_taken(tmp_path):
    assert RunFolder.create(tmp_path).info().name == tmp_path.name


@pytest.mark.parametrize("kind", ["full", "file", "link", "run"])
def test_what_is_there_already_is_not_touched(tmp_path, kind):
    place = tmp_path / "place"
    if kind == "full":
        place.mkdir()
        (place / "thesis.txt").write_text("mine")
    elif kind == "file":
        place.write_text("mine")
    elif kind == "link":
        (tmp_path / "elsewhere").mkdir()
        place.symlink_to(tmp_path / "elsewhere")
    else:
        RunFolder.create(place)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RefusedError) as refusal:
        RunFolder.create(place)
    assert str(place) in refusal.value.detail
    assert refusal.value.hint
    assert sorted(tmp_path.rglob("*")) == before


def test_a_place_under_a_file_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StudioError, match="cannot be made"):
        RunFolder.create(tmp_path / "file" / "run")


def test_names_that_no_disk_takes_are_made_fit(tmp_path):
    first = RunFolder.create_in(tmp_path, 'a/b: "가나다"?..')
    second = RunFolder.create_in(tmp_path, 'a/b: "가나다"?..')
    assert first.path.parent == second.path.parent == tmp_path
    assert first.path != second.path
    assert first.path.name.endswith("a b 가나다")
    assert first.info().name == 'a/b: "가나다"?..'
    long = RunFolder.create_in(tmp_path, "가" * 500)
    assert len(os.fsencode(long.path.name)) <= 255


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1]",
        '{"format": "something else"}',
        '{"format": "finetune-studio run", "pid": "7"}',
        '{"format": "finetune-studio run", "events_offset": -1}',
        '{"format": "finetune-studio run", "created": true}',
        '{"format": "finetune-studio run", "command": null}',
        '{"format": "finetune-studio run", "name": 5}',
        "\x00" * 20,
    ],
)
def test_a_broken_run_json_is_refused_in_words(tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(RefusedError) as refusal:
        RunFolder.open(tmp_path)
    assert str(tmp_path) in refusal.value.detail


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(RefusedError, match="not a run"):
        RunFolder.open(tmp_path / "nowhere")


def test_facts_of_a_newer_version_do_not_break_the_run(tmp_path):
    folder = RunFolder.create(tmp_path)
    document = json.loads(folder.info_file.read_text())
    folder.info_file.write_text(json.dumps(document | {"colour": "blue"}))
    assert folder.note(pid=7).pid == 7
    assert folder.info().pid == 7


def test_readers_never_see_half_a_file(tmp_path):
    path = tmp_path / "facts.json"
    texts = [json.dumps(["가" * n] * 200) for n in (1, 50)]
    write_atomically(path, texts[0])
    done = threading.Event()

    def rewrite():
        for n in range(60):
            write_atomically(path, texts[n % 2])
        done.set()

    writer = threading.Thread(target=rewrite)
    writer.start()
    seen = set()
    while not done.is_set():
        seen.add(path.read_text(encoding="utf-8"))
    writer.join()
    assert seen <= set(texts)
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_text_and_no_litter(tmp_path):
    path = tmp_path / "facts.json"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "half \ud83d")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_atomically(tmp_path / "folder", "text")
    assert path.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["facts.json", "folder"]


def test_orders_are_read_once_in_their_order(tmp_path):
    path = tmp_path / "orders.jsonl"
    reader = OrderReader(path)
    assert list(reader.read()) == []
    give(path, "pause")
    give(path, "go-on")
    assert list(reader.read()) == ["pause", "go-on"]
    assert list(reader.read()) == []
    give(path, "stop-and-save")
    assert list(reader.read()) == ["stop-and-save"]


def test_an_order_that_does_not_exist_is_not_given(tmp_path):
    with pytest.raises(ValueError, match="dance"):
        give(tmp_path / "orders.jsonl", "dance")
    assert not (tmp_path / "orders.jsonl").exists()


@pytest.mark.parametrize("line", ['{"order": "dance"}', "{", '"pause"', '{"order": []}', "\udcff"])
def test_a_broken_order_is_named_and_the_next_is_taken(tmp_path, line):
    path = tmp_path / "orders.jsonl"
    path.write_bytes(line.encode("utf-8", "surrogateescape") + b"\n")
    give(path, "cancel")
    broken, order = OrderReader(path).read()
    assert isinstance(broken, Unreadable)
    assert order == "cancel"


def test_everything_lies_in_the_folder():
    folder = RunFolder(Path("run"))
    names = ["recipe", "events", "orders", "log", "checkpoints", "result", "info_file"]
    assert {getattr(folder, name).parent for name in names} == {folder.path}
    assert len({getattr(folder, name) for name in names}) == len(names)
