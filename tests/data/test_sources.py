"""Files in every format and encoding to the same rows, and clear refusals of the others."""

import gzip
import json
import unicodedata

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finetune_studio import paths
from finetune_studio.data.readers import limits
from finetune_studio.data.sources import first_rows, open_rows
from finetune_studio.errors import RefusedError

ROWS = [
    {"질문": "안녕하세요, 배송은 언제 되나요?", "답변": '"내일" 도착합니다.\n감사합니다.'},
    {"질문": "환불해 주세요", "답변": "네; 바로 해 드릴게요"},
    {"질문": "영업 시간은?", "답변": "9시부터 18시까지"},
]


def quoted(rows, delimiter=","):
    def cell(value):
        return '"' + value.replace('"', '""') + '"'

    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    return "\r\n".join(delimiter.join(map(cell, line)) for line in lines) + "\r\n"


def rows_of(*files):
    return open_rows([str(file) for file in files]).dataset.to_list()


@pytest.fixture
def write(tmp_path):
    def written(name, content, encoding="utf-8"):
        path = tmp_path / name
        raw = content if isinstance(content, bytes) else content.encode(encoding)
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        return path

    return written


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("cp949", "cp949"),
        ("euc-kr", "cp949"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_a_korean_table_in_every_encoding(write, encoding, found, delimiter):
    path = write("질문.csv", quoted(ROWS, delimiter), encoding)
    opened = open_rows([str(path)])
    assert opened.encoding == found
    assert opened.dataset.to_list() == ROWS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", ["a.json", "a.json.gz"])
def test_a_json_array(write, encoding, indent, name):
    text = json.dumps(ROWS, ensure_ascii=False, indent=indent)
    assert rows_of(write(name, text, encoding)) == ROWS


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.ndjson", "a.jsonl.gz"])
@pytest.mark.parametrize("between", ["\n", "\r\n", "\n\n"])
def test_json_lines(write, name, between):
    text = between.join(json.dumps(row, ensure_ascii=False) for row in ROWS)
    assert rows_of(write(name, text)) == ROWS


@pytest.mark.parametrize(
    "whole",
    [
        {"version": "1", "data": ROWS, "count": 3},
        {"질문": [row["질문"] for row in ROWS], "답변": [row["답변"] for row in ROWS]},
        {k: {str(i): row[k] for i, row in enumerate(ROWS)} for k in ROWS[0]},
        {"columns": list(ROWS[0]), "index": [0, 1, 2], "data": [list(r.values()) for r in ROWS]},
    ],
    ids=["list inside", "columns", "pandas columns", "pandas split"],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_one_json_object(write, whole, indent):
    assert rows_of(write("a.json", json.dumps(whole, indent=indent))) == ROWS


def test_one_conversation_in_an_object_is_one_row(write):
    row = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    assert rows_of(write("a.json", json.dumps(row, indent=2))) == [row]
    assert rows_of(write("b.jsonl", json.dumps(row))) == [row]


def test_objects_one_after_another_over_several_lines(write):
    text = "\n".join(json.dumps(row, indent=2) for row in ROWS)
    assert rows_of(write("a.jsonl", text)) == ROWS


@pytest.mark.parametrize("large", [False, True])
def test_articles_with_questions_are_a_row_a_question(write, monkeypatch, large):
    """KorQuAD as it is published; read in one piece, or bit by bit where it is larger."""
    asked = [{"id": f"{n}", "question": f"몇 {n}?", "answers": [{"text": "셋", "answer_start": 1}]}
             for n in range(2)]  # fmt: skip
    asked.append({"id": "2", "question": "없는 것?", "answers": []})
    monkeypatch.setattr("finetune_studio.data.readers.scanner.ROW", 3 << 20)
    text, count = "하나, 둘, 셋" * (6000 if large else 1), 100 if large else 3
    article = {"title": "수", "paragraphs": [{"context": text, "qas": asked}]}
    whole = {"version": "1", "data": [article] * count}
    rows = rows_of(write("korquad.json", json.dumps(whole, ensure_ascii=False)))
    assert len(rows) == 3 * count
    assert rows[0] == {"title": "수", "context": text, "id": "0", "question": "몇 0?",
                       "answers": "셋"}  # fmt: skip
    assert rows[2]["answers"] is None


def test_a_list_inside_that_is_larger_than_a_row_is_streamed(write, monkeypatch):
    monkeypatch.setattr("finetune_studio.data.readers.scanner.ROW", 3 << 20)
    rows = [{"text": str(number) * 50_000} for number in range(100)]
    path = write("a.json", json.dumps({"about": {"x": [1]}, "rows": rows, "end": None}))
    assert rows_of(path) == rows


def test_parquet_and_arrow(tmp_path):
    table = pa.table({name: [row[name] for row in ROWS] for name in ROWS[0]})
    pq.write_table(table, tmp_path / "a.parquet")
    with pa.ipc.new_file(tmp_path / "a.arrow", table.schema) as file:
        file.write_table(table)
    with pa.ipc.new_stream(tmp_path / "b.arrow", table.schema) as file:
        file.write_table(table)
    for name in ("a.parquet", "a.arrow", "b.arrow"):
        assert rows_of(tmp_path / name) == ROWS
    (tmp_path / "c.parquet.gz").write_bytes(gzip.compress((tmp_path / "a.parquet").read_bytes()))
    assert rows_of(tmp_path / "c.parquet.gz") == ROWS


def test_text_is_cut_at_empty_lines_or_else_at_lines(write):
    assert rows_of(write("a.txt", "하나\n둘\n셋\n\n")) == [
        {"text": t} for t in ("하나", "둘", "셋")
    ]
    assert rows_of(write("b.txt", "\n하나\n둘\n\n셋\n")) == [{"text": "하나\n둘"}, {"text": "셋"}]


def test_markdown_is_cut_before_headings_outside_of_code(write):
    text = "처음\n\n# 하나\n글\n```\n# no heading\n```\n### 작은\n## 둘\n글\n"
    assert [row["text"] for row in rows_of(write("a.md", text))] == [
        "처음",
        "# 하나\n글\n```\n# no heading\n```\n### 작은",
        "## 둘\n글",
    ]


def test_a_folder_is_all_its_files_in_order(tmp_path, write):
    (tmp_path / "sub").mkdir()
    for number, name in enumerate(("b.jsonl", "a.jsonl", "sub/c.jsonl")):
        write(name, json.dumps({"text": f"row {number}"}))
    write("README.md", "# About")
    write("picture.png", b"\x89PNG")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path, target_is_directory=True)
    opened = open_rows([str(tmp_path)])
    assert opened.dataset["text"][:] == ["row 1", "row 0", "row 2"]
    assert [file.rsplit("/", 1)[-1] for file in opened.files] == ["a.jsonl", "b.jsonl", "c.jsonl"]


def test_a_name_in_the_other_normal_form_with_blanks(write):
    write(unicodedata.normalize("NFD", "고객 상담 기록.csv"), quoted(ROWS))
    folder = write("x.txt", "x").parent
    assert rows_of(folder / "고객 상담 기록.csv") == ROWS


def test_files_with_other_columns_together(write):
    one = write("a.jsonl", '{"text": "a", "n": 1}')
    two = write("b.jsonl", '{"text": "b", "m": [1]}')
    assert rows_of(one, two) == [
        {"text": "a", "n": 1, "m": None},
        {"text": "b", "n": None, "m": [1]},
    ]
    with pytest.raises(RefusedError, match=r"a\.jsonl.*c\.csv"):
        rows_of(one, write("c.csv", "x,y\n1a,2b\n"))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, "a", None, True, 1.5], ["1", "a", None, "true", "1.5"]),
        (["a", ["b"], {"c": "다"}], ["a", '["b"]', '{"c": "다"}']),
        ([1, 2**80], ["1", str(2**80)]),
        ([[{"role": "user", "content": "a"}], [{"role": 1, "content": ["b"]}]], None),
        ([{}, {}], ["{}", "{}"]),
        ([[], [{}]], ["[]", "[{}]"]),
        (["\ud800", "\ud83d\ude00"], ["\ufffd", "😀"]),
        ([None, None], [None, None]),
        ([1, 2.5], [1, 2.5]),
    ],
)
def test_values_of_mixed_types_become_text(write, values, expected):
    path = write("a.jsonl", "\n".join(json.dumps({"x": value}) for value in values))
    if expected is None:
        expected = [json.dumps(value) for value in values]
    assert [row["x"] for row in rows_of(path)] == expected


def test_types_that_change_late_in_a_file(write, monkeypatch):
    monkeypatch.setattr("finetune_studio.data.readers.CHUNK_ROWS", 2)
    values = [None, None, 1, 2, 2.5, None, 3, 2**60 + 1, "x", None, 4, {"a": 1}]
    path = write("a.jsonl", "\n".join(json.dumps({"x": v, "t": "t"}) for v in values))
    expected = [None, None, "1", "2", "2.5", None, "3", str(2**60 + 1), "x", None, "4", '{"a": 1}']
    assert [row["x"] for row in rows_of(path)] == expected


def test_a_whole_number_too_large_for_a_fraction_stays_exact(write, monkeypatch):
    monkeypatch.setattr("finetune_studio.data.readers.CHUNK_ROWS", 1)
    path = write("a.jsonl", '{"x": 1152921504606846977}\n{"x": 2.5}\n')
    assert [row["x"] for row in rows_of(path)] == ["1152921504606846977", "2.5"]


def test_names_that_come_late_are_kept(write, monkeypatch):
    monkeypatch.setattr("finetune_studio.data.readers.CHUNK_ROWS", 1)
    path = write("a.jsonl", '{"a": [{"k": 1}]}\n{"a": [{"k": 2, "v": "x"}], "b": "y"}\n')
    assert rows_of(path) == [
        {"a": [{"k": 1, "v": None}], "b": None},
        {"a": [{"k": 2, "v": "x"}], "b": "y"},
    ]


def test_nan_is_missing_and_a_mark_in_the_middle_is_no_text(write):
    path = write("a.jsonl", '{"x": NaN, "t": "a"}\n\ufeff{"x": 1.5, "t": "b"}\n')
    assert rows_of(path) == [{"x": None, "t": "a"}, {"x": 1.5, "t": "b"}]


def test_latin_1_and_one_bad_byte(write):
    latin = open_rows([str(write("a.csv", "text,label\ncafé olé,1\nübermäßig,0\n", "latin-1"))])
    assert (latin.encoding, latin.dataset[1]["text"]) == ("cp1252", "übermäßig")
    korean = "본문,라벨\n" + "안녕하세요 반갑습니다,1\n" * 50
    opened = open_rows([str(write("b.csv", korean.encode("cp949") + b"\xff \xb0\xa1,0\n"))])
    assert opened.encoding == "cp949"
    assert opened.dataset[50]["본문"] == "\ufffd 가"


def test_a_late_korean_word_decides_the_encoding(write):
    text = "text\n" + "plain words\n" * 60_000 + "늦은 한글\n"
    assert rows_of(write("a.csv", text, "cp949"))[-1] == {"text": "늦은 한글"}


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("text\nwell, then, so\nno, not that\n", ["well, then, so", "no, not that"]),
        ("text\n" + "a" + ",b" * 300 + "\n", ["a" + ",b" * 300]),
        ('text\n"one, two"\n"three ""four"""\n', ["one, two", 'three "four"']),
        ('text\nhe said "no", twice\n"so", he said\n', ['he said "no", twice', '"so", he said']),
    ],
)
def test_a_table_of_one_column(write, content, rows):
    assert [row["text"] for row in rows_of(write("a.csv", content))] == rows


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.csv.gz"])
@pytest.mark.parametrize("fields", [["x"], ["x", "y", "z", "w"]])
def test_rows_that_fit_no_header_stand_empty_and_are_known(write, name, fields):
    mark = "\t" if ".tsv" in name else ","
    rows = [["id", "질문", "답변"], ["1", "하나", "둘"], fields, ["2", "셋", "넷"]]
    text = "".join(mark.join(row) + "\n" for row in rows).encode()
    opened = open_rows([str(write(name, text))])
    assert opened.dataset.column_names == ["id", "질문", "답변"]
    assert [row["답변"] for row in opened.dataset.to_list()] == ["둘", None, "넷"]
    known = opened.misfits
    assert (known.count, known.rows, known.line, known.found) == (1, [1], 3, len(fields))
    assert (known.expected, known.said) == (3, [mark.join(fields)])


def test_misfits_are_numbered_through_all_files(write):
    good, bad = "q,a\n" + "one,two\n" * 30, "q,a\none,two\n" * 1 + "x,y,z\n" + "one,two\n" * 9
    files = [str(write(name, text)) for name, text in (("a.csv", good), ("b.csv", bad))]
    opened = open_rows(files)
    assert (opened.misfits.rows, opened.misfits.line) == ([31], 3)
    assert open_rows(files).misfits == opened.misfits


def test_a_sentence_with_commas_is_no_header(write):
    path = write("a.csv", "안녕, 세상\n나는 학생이다\n좋아, 가자\n")
    assert [len(row) for row in rows_of(path)] == [1, 1]


def test_quotes_that_mean_nothing_in_a_tab_table(write):
    path = write("a.tsv", 'id\tdocument\tlabel\n1\t"별로다\t0\n2\t재밌다 "정말"\t1\n')
    assert [row["document"] for row in rows_of(path)] == ['"별로다', '재밌다 "정말"']


def test_backslashes_before_quotes(write):
    path = write("a.csv", 'q,a\n"say \\"hi, you\\"","ok"\n"x, y","z"\n')
    assert rows_of(path)[0] == {"q": 'say "hi, you"', "a": "ok"}


@pytest.mark.parametrize(
    "above",
    [
        "sep=;\n",
        "# 내보낸 날: 2024, 서울\n",
        "상담 기록;;\n;;\n",
        "\ufeff월간 보고\n\n작성: 김민수\n",
    ],
)
def test_lines_above_the_names_of_columns_are_no_rows(write, above):
    path = write(
        "a.csv", f"{above}질문;답변;비고\n몇 시예요?;세 시예요.;\n어디예요?;집;;;\n뭐?;응;\n"
    )
    opened = open_rows([str(path)])
    rows = opened.dataset.to_list()
    assert list(rows[0].values()) == ["몇 시예요?", "세 시예요.", ""]
    assert list(rows[0]) == ["질문", "답변", "비고"]
    assert opened.misfits.line == above.count("\n") + 3


def test_a_first_line_alone_is_a_column_where_no_name_follows(write):
    path = write("a.csv", "글\n가나다\n라마바\n")
    assert rows_of(path) == [{"글": "가나다"}, {"글": "라마바"}]


def test_a_table_without_header(write):
    path = write("a.csv", "재밌어요,1\n별로예요,0\n")
    assert rows_of(path)[0] == {"column 1": "재밌어요", "column 2": "1"}


def test_opened_once_the_file_is_read_from_the_cache(write):
    path = write("a.jsonl", '{"text": "one"}')
    first = open_rows([str(path)]).dataset
    kept = sorted((paths.cache() / "data").iterdir())
    assert open_rows([str(path)]).dataset._fingerprint == first._fingerprint
    assert sorted((paths.cache() / "data").iterdir()) == kept
    assert {file.suffix for file in kept} == {".arrow", ".json"}
    write("a.jsonl", '{"text": "changed"}')
    assert rows_of(path) == [{"text": "changed"}]


def test_the_first_rows_alone(write):
    path = write("a.jsonl", '{"text": "one"}\n{"text": "two"}\n{"text": ')
    assert first_rows([str(path)], 2) == [{"text": "one"}, {"text": "two"}]
    rows = "\n".join(json.dumps({"text": str(n)}) for n in range(50))
    assert first_rows([str(write("b.jsonl", rows))], 2) == [{"text": "0"}, {"text": "1"}]


def test_a_row_of_5_mb_is_read(write):
    text = "가나다라마" * 350_000
    assert rows_of(write("a.jsonl", json.dumps({"text": text}, ensure_ascii=False))) == [
        {"text": text}
    ]
    assert rows_of(write("a.csv", f'text,n\n"{text}",x\n'))[0]["text"] == text


REFUSED = {
    "empty.csv": (b"", "empty"),
    "blank.jsonl": (b"\n \n", "no row"),
    "header.csv": (b"text,label\n", "no row"),
    "array.json": (b"[]", "no row"),
    "cut.csv.gz": (gzip.compress(b"text\n" + b"abcdefgh\n" * 9000)[:-20], "cut off"),
    "no.csv.gz": (b"text\nplain\n", "cut off"),
    "picture.png": (b"\x89PNG", "cannot be read"),
    "broken.jsonl": (b'{"a": 1}\n{"a": }\n', "Line 2"),
    "broken.json": (b'[{"a": 1},\n{"a": 2},\n{"a" 3}]', "Line 3"),
    "cut.json": (b'[{"a": 1},\n{"a": "x', "Line 2"),
    "more.json": (b'[{"a": 1}]\n[{"a": 2}]', "Line 2"),
    "number.jsonl": (b'{"a": 1}\n5\n', "line 2"),
    "numbers.json": (b"[1, 2]", "line 1"),
    "twice.jsonl": (b'{"a": 1, "a": 2}\n', "twice"),
    "two.json": (b'{"train": [{"a": 1}], "test": [{"a": 2}]}', "train.*test"),
    "deep.json": (b"[" * 100_000, "nested"),
    "deep.jsonl": (b'{"a":' * 100_000 + b"\n", "nested|broken"),
    "ragged.csv": (b"q,a\none,two\none,two\n" + b"x,y,z\n" * 3, "Line 4 has 3"),
    "swallowed.csv": (b"q,a\n" + b'"one, 1",two\n' * 300 + b'"3 inch,two\none,two"\n', "302 has 1"),
    "open.csv": (b'q,a\n"one",two\n"never, closed\n', "line 3"),
    "twins.csv": (b"text,text\na,b\n", "two columns"),
    "binary.csv": (bytes(range(256)) * 20, "not text"),
    "image.txt": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 30, "not text"),
    "broken.parquet": (b"PAR1 nothing", "Parquet"),
    "broken.arrow": (b"ARROW1 nothing at all here", "Arrow"),
    "html.json": (b"<html><body>404</body></html>", "holds a web page"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_in_a_sentence(write, name):
    content, says = REFUSED[name]
    path = write("x", b"").with_name(name)
    path.write_bytes(content)
    with pytest.raises(RefusedError, match=f"(?s){says}") as refused:
        open_rows([str(path)])
    assert name in str(refused.value)
    folder = paths.cache() / "data"
    assert not folder.exists() or not list(folder.iterdir())


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(RefusedError, match="No file"):
        open_rows([])
    with pytest.raises(RefusedError, match=r"nowhere\.csv"):
        open_rows([str(tmp_path / "nowhere.csv")])
    with pytest.raises(RefusedError, match="folder"):
        open_rows([str(tmp_path)])


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.json", "a.txt"])
def test_a_line_without_end_is_refused_in_bounded_memory(tmp_path, name):
    import tracemalloc

    path = tmp_path / name
    with path.open("wb") as file:
        file.write(b'{"text": "' if "json" in name else b'text,n\n"' if "csv" in name else b"")
        for _ in range(200):
            file.write(b"x" * (1 << 20))
    tracemalloc.start()
    with pytest.raises(RefusedError, match=r"too large|field"):
        open_rows([str(path)])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * limits.ROW
