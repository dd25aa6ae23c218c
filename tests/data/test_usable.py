"""The one way from a recipe's files to rows: read, mapped, repaired and split."""

import json

import pytest

from finetune_studio.data.usable import read_part, read_rows
from finetune_studio.errors import RefusedError
from finetune_studio.recipe.schema import Data


@pytest.fixture
def write(tmp_path):
    def written(name, rows):
        path = tmp_path / name
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        path.write_text(text, encoding="utf-8")
        return str(path)

    return written


def asked(count, start=0):
    return [
        {"질문": f"{n}에 하나를 더하면?", "답변": f"{n + 1}"} for n in range(start, start + count)
    ]


def test_rows_are_mapped_repaired_and_split(write):
    rows = [*asked(40), {"질문": "빈 답", "답변": ""}, *asked(2)]
    data = Data(files=(write("a.jsonl", rows),), fixes=({"code": "duplicates"},))
    usable = read_rows(data, "chat")
    assert len(usable.train) + len(usable.validation) == 40
    assert len(usable.validation)
    assert usable.train.column_names == ["messages"]
    assert (usable.shape, usable.mapping) == (
        "question-answer",
        {"question": "질문", "answer": "답변"},
    )
    assert [(each.code, each.count, each.rows) for each in usable.dropped] == [
        ("no-answer", 1, (40,))
    ]
    [done] = usable.fixed
    assert (done.code, done.left_out, done.rows) == ("duplicates", 2, (41, 42))


def test_validation_files_are_measured_on_instead(write):
    data = Data(
        files=(write("a.jsonl", asked(5)),), validation_files=(write("b.jsonl", asked(3, 50)),)
    )
    usable = read_rows(data, "chat")
    assert (len(usable.train), len(usable.validation)) == (5, 3)


def test_only_the_first_rows(write):
    data = Data(files=(write("a.jsonl", asked(20)),), max_rows=7)
    assert len(read_part(data, data.files, "chat").rows) == 7


def test_a_role_mapped_to_nothing_is_left_out(write):
    rows = [{"instruction": f"더하기 {n}", "input": "버림", "output": str(n)} for n in range(3)]
    data = Data(files=(write("a.jsonl", rows),), shape="alpaca", mapping={"input": ""})
    assert read_part(data, data.files, "chat").rows[0]["messages"][0]["content"] == "더하기 0"


@pytest.mark.parametrize(
    ("rows", "change", "kind", "says"),
    [
        ([{"질문": "가", "답변": ""}], {}, "chat", "None of the 1 rows"),
        (asked(1), {}, "chat", "too few"),
        (asked(9), {}, "classify", "cannot learn"),
        (asked(9), {"fixes": ({"code": "nonsense"},)}, "chat", "no fix"),
        (asked(9), {"mapping": {"question": "물음"}}, "chat", "no column"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(write, rows, change, kind, says):
    with pytest.raises(RefusedError, match=says):
        read_rows(Data(files=(write("a.jsonl", rows),), **change), kind)
