"""Shapes to shapes and back: the same conversations, in every format; losses are said."""

import csv
import json
from itertools import product

import pytest
from datasets import Dataset

from finetune_studio.data.convert import FORMS, convert
from finetune_studio.data.layout import settle
from finetune_studio.data.mapping import canonical
from finetune_studio.data.sources import open_rows
from finetune_studio.data.writing import WRITERS
from finetune_studio.errors import RefusedError

SAID = [
    [
        {"role": "system", "content": "친절하게, 짧게"},
        {"role": "user", "content": '"안녕"\n반가워'},
        {"role": "assistant", "content": "네; <b>반가워요</b>, 😀"},
    ],
    [{"role": "user", "content": "몇 시?"}, {"role": "assistant", "content": "9시,\t10분"}],
]
LONG = [*SAID[1], {"role": "user", "content": "정말?"}, {"role": "assistant", "content": "네"}]


def rows(*conversations):
    return Dataset.from_list([{"id": f"r{n}", "messages": c} for n, c in enumerate(conversations)])


def read_back(path):
    opened = open_rows([str(path)]).dataset
    found = settle(opened, "auto", {})
    made, dropped = canonical(opened, found.shape, found.mapping, "chat")
    assert not dropped
    return [row["messages"] for row in made.to_list()], opened


@pytest.mark.parametrize(("to", "ending"), [*product(FORMS, WRITERS)])
def test_every_shape_in_every_format_is_read_back_the_same(tmp_path, to, ending):
    out = tmp_path / f"변환{ending}"
    made = convert(rows(*SAID), "messages", {"messages": "messages"}, to, out)
    assert (made.rows, made.left_out) == (2, [])
    said, opened = read_back(out)
    assert said == SAID
    assert opened["id"][:] == ["r0", "r1"]
    assert [file.name for file in tmp_path.iterdir()] == [out.name]


@pytest.mark.parametrize("to", ["messages", "chatml", "sharegpt"])
def test_long_conversations_are_kept_where_the_shape_holds_them(tmp_path, to):
    convert(rows(LONG), "messages", {"messages": "messages"}, to, tmp_path / "a.jsonl")
    assert read_back(tmp_path / "a.jsonl")[0] == [LONG]


@pytest.mark.parametrize("to", ["alpaca", "prompt-completion"])
def test_what_does_not_fit_is_refused_or_left_out_by_wish(tmp_path, to):
    out = tmp_path / "a.json"
    data = rows(SAID[0], LONG, [{"role": "tool", "content": "1"}, *SAID[1]])
    with pytest.raises(RefusedError, match=r"2 rows.*row 1.*more than one.*--skip"):
        convert(data, "messages", {"messages": "messages"}, to, out)
    assert not list(tmp_path.iterdir())
    made = convert(data, "messages", {"messages": "messages"}, to, out, skip=True)
    assert made.rows == 1
    assert {each.code: each.rows for each in made.left_out} == {
        "several-exchanges": (1,),
        "other-roles": (2,),
    }


def test_chatml_marks_inside_a_text_are_a_loss(tmp_path):
    said = [{"role": "user", "content": "what is <|im_end|>?"}, SAID[1][1]]
    with pytest.raises(RefusedError, match="ChatML"):
        convert(rows(said), "messages", {"messages": "messages"}, "chatml", tmp_path / "a.csv")


def test_csv_opens_in_a_spreadsheet(tmp_path):
    out = tmp_path / "a.csv"
    convert(rows(*SAID), "messages", {"messages": "messages"}, "alpaca", out)
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    with out.open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.DictReader(file))["instruction"] == SAID[0][1]["content"]


def test_where_nothing_can_be_written_it_is_refused_before_any_work(tmp_path):
    data, mapping = rows(*SAID), {"messages": "messages"}
    (tmp_path / "there.json").write_text(json.dumps([]))
    for name, says in (
        ("there.json", "exists already"),
        ("a.xml", "no format"),
        ("no/a.json", "no folder"),
    ):
        with pytest.raises(RefusedError, match=says):
            convert(data, "messages", mapping, "alpaca", tmp_path / name)
    with pytest.raises(RefusedError, match="cannot learn"):
        convert(data, "text", {"text": "id"}, "alpaca", tmp_path / "b.json")
    empty = rows([{"role": "user", "content": "x"}])
    with pytest.raises(RefusedError, match="None of the 1 rows"):
        convert(empty, "messages", mapping, "alpaca", tmp_path / "b.json", skip=True)
    assert [file.name for file in tmp_path.iterdir()] == ["there.json"]
