"""Lines that one side appends and the other follows."""

import threading

import pytest

from finetune_studio.runs.lines import LineReader, LineWriter


@pytest.fixture
def path(tmp_path):
    return tmp_path / "학습 기록.jsonl"


def test_only_complete_lines_are_taken(path):
    reader = LineReader(path)
    assert list(reader.read()) == []
    path.write_bytes("하나\n둘".encode())
    assert list(reader.read()) == ["하나".encode()]
    with path.open("ab") as file:
        file.write(b" and more\n")
    assert list(reader.read()) == ["둘 and more".encode()]
    assert list(reader.read()) == []


def test_a_line_ends_at_a_line_feed_alone(path):
    path.write_bytes("a\u2028b\x0bc\r\n".encode())
    assert list(LineReader(path).read()) == ["a\u2028b\x0bc\r".encode()]


def test_a_shortened_file_is_read_from_its_beginning(path):
    path.write_bytes(b"first\nsecond\n")
    reader = LineReader(path)
    assert len(list(reader.read())) == 2
    path.write_bytes(b"new\n")
    assert list(reader.read()) == [b"new"]


def test_a_file_made_anew_is_noticed_even_when_longer(path):
    path.write_bytes(b"first\n")
    reader = LineReader(path)
    list(reader.read())
    path.unlink()
    path.write_bytes(b"other\nlonger\nthan before\n")
    assert list(reader.read()) == [b"other", b"longer", b"than before"]


def test_a_file_that_went_away_and_came_back(path):
    path.write_bytes(b"same\n")
    reader = LineReader(path)
    list(reader.read())
    path.unlink()
    assert list(reader.read()) == []
    path.write_bytes(b"same\n")
    assert list(reader.read()) == [b"same"]


def test_reading_until_a_byte_goes_on_there(path):
    path.write_bytes(b"old\nnew\n")
    reader = LineReader(path)
    assert list(reader.read(until=4)) == [b"old"]
    assert list(reader.read()) == [b"new"]


def test_lines_already_taken_are_not_taken_twice_when_the_reading_is_left(path):
    path.write_bytes(b"1\n2\n3\n")
    reader = LineReader(path)
    assert next(reader.read()) == b"1"
    assert list(reader.read()) == [b"2", b"3"]


@pytest.mark.parametrize(
    ("size", "lines"),
    [(0, []), (3, [b"cc"]), (4, [b"cc"]), (6, [b"bb", b"cc"]), (99, [b"aa", b"bb", b"cc"])],
)
def test_the_tail_begins_at_a_line(path, size, lines):
    path.write_bytes(b"aa\nbb\ncc\n")
    reader = LineReader(path)
    reader.skip_to_tail(size)
    assert list(reader.read()) == lines


def test_a_half_line_of_a_dead_writer_is_closed(path):
    path.write_bytes(b'{"kind": "metr')
    with LineWriter(path) as writer:
        writer.write("next")
    assert path.read_bytes() == b'{"kind": "metr\nnext\n'


def test_threads_do_not_mix_their_lines(path):
    line = "가" * 5000
    with LineWriter(path) as writer:
        threads = [
            threading.Thread(target=lambda: [writer.write(line) for _ in range(50)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert path.read_text(encoding="utf-8").split("\n") == [line] * 200 + [""]
