"""Broken files, each made here: refused in one sentence, or read as exactly what is still in them.

Every case goes through the command line, as a person meets it: one document, no traceback.
"""

import gzip
import io
import json
import os
import re
import stat
import warnings
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finetune_studio import cli, paths
from finetune_studio.data.sources import open_rows

ROW = {"question": "오늘은 며칠인가요?", "answer": "시월 구일 한글날입니다."}
LINE = json.dumps(ROW, ensure_ascii=False).encode()


def zipped(*members, unix_mode=None, **options):
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # two members of one name
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if unix_mode:
                info.external_attr = unix_mode << 16
            archive.writestr(info, content)
    return out.getvalue()


def locked():
    """A zip whose member says that it is encrypted."""
    raw = bytearray(zipped(("a.jsonl", LINE)))
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    return bytes(raw)


def book(**sheets):
    out = io.BytesIO()
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(out)
    return out.getvalue()


def zstd(raw):
    return pa.Codec("zstd").compress(raw, asbytes=True)


def parquet(**columns):
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def arrow(names, *columns):
    out = io.BytesIO()
    table = pa.table([pa.array(each) for each in columns], names=names)
    with pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


BYTES = pa.StringArray.from_buffers(
    1, pa.py_buffer(bytes(4) + (10).to_bytes(4, "little")), pa.py_buffer(b"no text \xff.")
)
"""One text of bytes that are no UTF-8, as careless programs write it."""
HALVES = [
    {"role": "user", "content": "half \ud83d of it"},
    {"role": "assistant", "content": "and \ude00 the other half"},
]
QA = [["question", "answer"], list(ROW.values())]
PAGE = b"<!DOCTYPE html><html><body><table><tr><td>q</td></tr></table></body></html>"

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"

REFUSED = {
    # what was downloaded in the place of data
    "pointer.jsonl": (LFS, "pointer of Git LFS.*git lfs pull"),
    "pointer.parquet": (LFS, "pointer of Git LFS.*git lfs pull"),
    "page.csv": (PAGE, "holds a web page"),
    "bare page.tsv": (b"\n <html lang='ko'><body>404</body></html>", "holds a web page"),
    "list of lists.json": (
        json.dumps([["긴 질문입니다"] * 20], ensure_ascii=False).encode(),
        "stands .{39}… where",
    ),
    # packed files
    "cut.jsonl.gz": (gzip.compress(LINE * 3000)[:-9], "cut off or damaged"),
    "two bytes.jsonl.gz": (b"\x1f\x8b", "cut off or damaged"),
    "plain.jsonl.gz": (LINE, "cut off or damaged"),
    "cut.jsonl.zst": (zstd(LINE * 3000)[:-9], "cut off or damaged"),
    "plain.csv.zst": (b"question,answer\na,b\n", "cut off or damaged"),
    "bomb.txt.gz": (gzip.compress((b"x" * 0xFFFFF + b"\n") * 300), "far more than data"),
    "bomb.zip": (zipped(("a.txt", b" " * (300 << 20))), "far more than data"),
    "cut.zip": (zipped(("a.jsonl", LINE * 3000))[:-40], "cut off or damaged"),
    "no.zip": (LINE, "cut off or damaged"),
    "locked.zip": (locked(), "password"),
    "escape.zip": (zipped(("../../a.jsonl", LINE)), "outside"),
    "absolute.zip": (zipped(("/etc/a.jsonl", LINE)), "outside"),
    "drive.zip": (zipped(("C:\\a.jsonl", LINE)), "outside"),
    "link.zip": (zipped(("a.jsonl", b"/etc/passwd"), unix_mode=stat.S_IFLNK | 0o777), "no file"),
    "pictures.zip": (zipped(("a.png", b"x"), ("b/c.jpg", b"y")), "no file"),
    "nested.zip": (zipped(("in.zip", zipped(("a.jsonl", LINE)))), "no file"),
    "empty.zip": (zipped(), "no file"),
    "unlike.zip": (zipped(("a.jsonl", LINE), ("b.csv", "x,y\n1,2\n")), "same kind"),
    "inside.zip": (zipped(("broken.jsonl", b'{"a": 1}\n{"a":')), "broken"),
    # workbooks
    "page.xlsx": (PAGE, "web page"),
    "text.xlsx": (b"question,answer\n", "no Excel workbook"),
    "old.xlsx": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password"),
    "cut.xlsx": (book(a=QA)[:-200], "cut off or damaged"),
    "archive.xlsx": (zipped(("a.jsonl", LINE)), "cut off or damaged"),
    "blank.xlsx": (book(a=[]), "no row"),
    "blank sheets.xlsx": (book(a=[[None, " "]], b=[["#N/A"]]), "no row"),
    "header.xlsx": (book(a=QA[:1]), "one line alone"),
    "twins.xlsx": (book(a=[["q", "q"], ["a", "b"]]), "two columns"),
    "sheets.xlsx": (book(a=QA, b=QA), "several filled sheets.*sheets.xlsx#a"),
    # tables
    "open quote.csv": (
        b'question,answer\n"one",two\n"never closed,\n' + b"a,b\n" * 50,
        "quotation",
    ),
    "twins.csv": (b"text,text\na,b\n", "two columns"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "not text.*PNG"),
    "photo.jsonl": (b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20, "not text.*JPEG"),
    "report.txt": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)), "not text.*PDF"),
    "renamed.csv": (parquet(text=["a"]), "not text.*Parquet"),
    "zeros.csv": (b"question,answer\n" + b"a\0b,c\n" * 10, "not text"),
    "control.csv": (bytes(range(1, 32)) * 40, "not text"),
    # JSON
    "cut.json": (b'[{"question": "a", "answer": "b"}, {"question": "c', "broken JSON"),
    "twice.jsonl": (b'{"question": "a", "question": "b", "answer": "c"}\n', "twice"),
    "number.jsonl": (LINE + b"\n17\n", "line 2"),
    "page.jsonl": (PAGE, "holds a web page"),
    "single quotes.jsonl": (b"{'question': 'a', 'answer': 'b'}\n", "Line 1: a name in double"),
    "trailing comma.json": (b'[{"text": "a"},]', "Line 1: a (value is missing|comma stands)"),
    "no colon.jsonl": (b'{"text" "a"}\n', "a colon"),
    "quotes in quotes.jsonl": (b'{"text": "a "b" c"}\n', "a comma .* is missing"),
    "no quotes.jsonl": (b'{"text": a}\n', "without double quotes"),
    "windows path.jsonl": (rb'{"text": "C:\data"}' + b"\n", "a backslash"),
    "tab.jsonl": (b'{"text": "a\tb"}\n', "a line break or a tab"),
    "two in a line.jsonl": (LINE + b'\n{"text": "a"} {"text": "b"}\n', "Line 2: something"),
    "deep.jsonl": (b'{"text": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "nested"),
    "long number.jsonl": (b'{"text": "a", "n": ' + b"9" * 5000 + b"}\n", "too many digits"),
    "null.json": (b"null", "stands null where"),
    "nameless.json": (b"{}", "name no value"),
    "nameless.jsonl": (b"{}\n{}\n", "name no value"),
    # columnar
    "cut.parquet": (parquet(text=["a"] * 500)[:-30], "Parquet"),
    "csv.parquet": (b"text\nabc\n", "Parquet"),
    "no rows.parquet": (parquet(text=pa.array([], pa.string())), "no row"),
    "no columns.parquet": (parquet(), "no row"),
    "csv.arrow": (b"text\nabc\n", "Arrow"),
    "twins.arrow": (arrow(["text", "text"], ["a"], ["b"]), "two columns"),
    "nested bytes.arrow": (arrow(["text"], pa.ListArray.from_arrays([0, 1], BYTES)), "Arrow"),
    # nothing
    "empty.jsonl": (b"", "empty"),
    "marks alone.txt": (b"\xef\xbb\xbf\n\n \n", "no row"),
    "odd.docx": (b"PK", "cannot be read"),
}


@pytest.fixture
def write(tmp_path):
    def written(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return written


def called(capsys, *arguments):
    code = cli.main(["data", "check", *map(str, arguments), "--json"])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    assert not (paths.data() / "last-error.txt").exists(), err
    return code, json.loads(out)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_is_not_waited_for(tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe.jsonl")
    code, said = called(capsys, tmp_path / "pipe.jsonl")
    assert code == 2
    assert "neither a file nor a folder" in said["error"]["title"]


def test_a_file_without_an_ending(write, capsys):
    code, said = called(capsys, write("rows", LINE))
    assert code == 2
    assert "no ending" in said["error"]["title"]


@pytest.mark.parametrize("name", REFUSED)
def test_refused(write, capsys, name):
    content, says = REFUSED[name]
    code, said = called(capsys, write(name, content))
    assert code == 2
    error = said["error"]
    told = " ".join(error.values())
    assert re.search(f"(?s){says}", told), told
    assert error["hint"]
    assert not list((paths.cache() / "data").glob("*.arrow"))
    assert not list((paths.cache() / "data").glob("*.part"))


HELD = {
    # what is read, row by row; then the codes that the check has to tell
    "bad byte.csv": (
        b"question,answer\n" + "질문입니다,답변입니다\n".encode("cp949") * 60 + b"\xff\xfe,ok\n",
        lambda rows: rows[59] == {"question": "질문입니다", "answer": "답변입니다"}
        and "\ufffd" in rows[60]["question"],
        {"damaged-characters", "duplicates"},
    ),
    "mark inside.jsonl": (
        LINE + b"\n\xef\xbb\xbf" + LINE + b"\n",
        lambda rows: rows == [ROW, ROW],
        {"duplicates"},
    ),
    "mixed.jsonl": (
        b'{"text": "one word"}\n' * 9 + b'{"text": 2}\n{"text": null}\n{"text": {"a": true}}\n',
        lambda rows: [row["text"] for row in rows[8:]] == ["one word", "2", None, '{"a": true}'],
        {"rows-no-text", "duplicates"},
    ),
    "mostly mixed.jsonl": (
        b'{"text": "one word"}\n{"text": 2}\n{"text": null}\n{"text": [1]}\n',
        lambda rows: [row["text"] for row in rows] == ["one word", "2", None, "[1]"],
        {"shape-open"},
    ),
    "commas.csv": (
        b"text\n" + b"one line\n" * 20 + b"x" + b"," * 300 + b"\n",
        lambda rows: rows[20] == {"text": "x" + "," * 300},
        {"duplicates"},
    ),
    "ragged.csv": (
        b"question,answer\none,two\nthree,four,and five\nsix,seven\n",
        lambda rows: rows == [
            {"question": "one", "answer": "two"},
            {"question": None, "answer": None},
            {"question": "six", "answer": "seven"},
        ],
        {"rows-misfit", "rows-no-answer"},
    ),
    "short row.tsv": (
        b"id\ttext\tlabel\n1\tgood words here\ta\n2\n3\tother words there\tb\n",
        lambda rows: rows[1] == {"id": None, "text": None, "label": None} and len(rows) == 3,
        {"rows-misfit", "rows-no-text"},
    ),
    "nested nulls.jsonl": (
        b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n'
        * 9
        + b'{"messages": [null, {"role": "user", "content": null}]}\n{"messages": null}\n'
        b'{"messages": []}\n{"messages": [{"role": null, "content": "a"}]}\n',
        lambda rows: len(rows) == 13,
        {"rows-no-conversation", "rows-unknown-role", "duplicates"},
    ),
    "nan.jsonl": (
        b'{"text": "not a number", "n": NaN}\n{"text": NaN, "n": -Infinity}\n',
        lambda rows: rows[1] == {"text": None, "n": None},
        {"rows-no-text"},
    ),
    "surrogate.jsonl": (
        b'{"text": "half \\ud83d of a sign"}\n{"text": "a whole \\ud83d\\ude00 sign"}\n',
        lambda rows: [r["text"] for r in rows] == ["half \ufffd of a sign", "a whole 😀 sign"],
        {"damaged-characters"},
    ),
    "surrogates in text.jsonl": (
        json.dumps({"messages": json.dumps(HALVES)}).encode() + b"\n",
        lambda rows: json.loads(rows[0]["messages"]) == HALVES,
        {"damaged-characters"},
    ),
    "bytes.arrow": (
        arrow(["text", "label"], pa.concat_arrays([BYTES, BYTES, pa.array(["good words here"])]),
              ["a", "a", "b"]),
        lambda rows: [r["text"] for r in rows] == ["no text \ufffd."] * 2 + ["good words here"],
        {"damaged-characters", "duplicates"},
    ),
    "map.parquet": (
        parquet(text=["some words here", "and others"],
                more=pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int32()))),
        lambda rows: [row["more"] for row in rows] == ['[["a", 1]]', None],
        set(),
    ),
    "emoji alone.jsonl": (
        "".join(json.dumps({"text": sign * 3}) + "\n" for sign in "😀🎉👍").encode(),
        lambda rows: [row["text"] for row in rows] == ["😀😀😀", "🎉🎉🎉", "👍👍👍"],
        {"shape-open"},
    ),
    "emoji.txt": (
        ("😀😀\n👍🏽 👍\n" + "".join(f"{n}째 사람의 말\n" for n in range(16)) + "🎉\n").encode(),
        lambda rows: len(rows) == 19,
        {"no-words"},
    ),
    "zero bytes.jsonl": (
        b'{"text": "a zero \\u0000 byte in a text"}\n{"text": "none in this one here"}\n',
        lambda rows: rows[0]["text"] == "a zero \0 byte in a text",
        {"control-characters"},
    ),
    "one column.csv": (
        b"text\nalpha; beta\ngamma delta\n",
        lambda rows: [row["text"] for row in rows] == ["alpha; beta", "gamma delta"],
        set(),
    ),
    "members.zip": (
        zipped(("안녕/a.jsonl", LINE), ("안녕/b.jsonl", LINE), ("README.md", "# no")),
        lambda rows: rows == [ROW, ROW],
        {"duplicates"},
    ),
    "same name.zip": (
        zipped(("a.jsonl", LINE), ("a.jsonl", LINE), ("__MACOSX/._a.jsonl", b"\0\5\x16\7")),
        lambda rows: rows == [ROW, ROW],
        {"duplicates"},
    ),
    "frames.jsonl.zst": (
        zstd(LINE + b"\n") + zstd(LINE + b"\n"),
        lambda rows: rows == [ROW, ROW],
        {"duplicates"},
    ),
    "parts.jsonl.gz": (
        gzip.compress(LINE + b"\n") + gzip.compress(LINE + b"\n"),
        lambda rows: rows == [ROW, ROW],
        {"duplicates"},
    ),
    "types.xlsx": (
        book(설명=[], 자료=[[], [None, "질문", "답변"], ["x", "수는?", 3], [None, "참?", True]]),
        lambda rows: rows == [
            {"column 1": "x", "질문": "수는?", "답변": "3"},
            {"column 1": None, "질문": "참?", "답변": "true"},
        ],
        set(),
    ),
    "infinity.parquet": (
        parquet(text=["plain words here", "other words there"], n=[float("nan"), float("inf")]),
        lambda rows: [row["text"] for row in rows] == ["plain words here", "other words there"],
        set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HELD)
def test_read_as_what_is_in_it(write, capsys, name):
    content, holds, codes = HELD[name]
    path = write(name, content)
    assert holds(rows := open_rows([str(path)]).dataset.to_list()), rows
    code, said = called(capsys, path)
    found = {finding["code"] for finding in said["findings"]} - {"language-mix"}
    assert found == codes
    assert said["rows"] == len(rows)
    assert code == (2 if "shape-open" in codes else 0)


def test_a_loop_of_links_ends(tmp_path, capsys):
    folder = tmp_path / "loop"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(LINE)
    (folder / "again").symlink_to(folder)
    (folder / "self.jsonl").symlink_to(folder / "self.jsonl")
    code, said = called(capsys, folder)
    assert code == 2
    assert "self.jsonl" in said["error"]["title"]
    (folder / "self.jsonl").unlink()
    code, said = called(capsys, folder)
    assert (code, said["rows"]) == (0, 1)


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="needs a file that may not be read"
)
def test_a_file_that_may_not_be_read(write, capsys):
    path = write("a.jsonl", LINE)
    path.chmod(0)
    assert called(capsys, path)[0] == 2


def test_a_line_of_200_mb(tmp_path, capsys):
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.write(b'{"text": "')
        for _ in range(200):
            file.write(b"x" * (1 << 20))
        file.write(b'"}\n')
    code, said = called(capsys, path)
    assert code == 2
    assert "too large" in said["error"]["title"]
    path.unlink()


def test_enough_cases_are_kept():
    assert len(REFUSED) + len(HELD) >= 40
