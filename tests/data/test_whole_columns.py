"""Whole columns of plain text give what a look at each row gives."""

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finetune_studio.data.mapping import PROBLEM, Canonical, _features
from finetune_studio.data.shapes import ROLES
from finetune_studio.data.whole_columns import plain

BLANKS = ["", " ", "\t", "\x1c", "\x85", "\xa0", "\u2028", "\u3000", "\ufeff", "\u200b", "\x00"]
SIGNS = [*BLANKS, "가", "a", "9", "[", "<", "{", "<|im_start|>user\n", '["안녕", "네"]', "\n", "👩"]
TEXT = st.lists(st.sampled_from(SIGNS), max_size=4).map("".join)
VALUE = st.one_of(st.none(), TEXT, TEXT.map(lambda text: f"가{text}"))
TASKS = [
    ("question-answer", "chat"),
    ("prompt-completion", "chat"),
    ("alpaca", "chat"),
    ("text", "text"),
    ("labelled-text", "classify"),
]


def by_row(form, table):
    schema = _features(form.task_kind, form.group).arrow_schema
    return pa.Table.from_pydict(form(table.to_pydict()), schema)


def whole(form, table):
    return form.of_table(table, _features(form.task_kind, form.group).arrow_schema)


@pytest.mark.parametrize(("shape", "kind"), TASKS)
@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_whole_columns_give_what_each_row_gives(shape, kind, data):
    needed, optional = ROLES[shape]
    roles = [*needed, *data.draw(st.lists(st.sampled_from(optional), unique=True))] if optional \
        else [*needed]  # fmt: skip
    row = st.fixed_dictionaries(dict.fromkeys([*roles, "beside"], VALUE))
    rows = data.draw(st.lists(row, min_size=1, max_size=8))
    schema = pa.schema([(name, pa.string()) for name in [*roles, "beside"]])
    table = pa.Table.from_pylist(rows, schema)
    group = data.draw(st.sampled_from([None, "beside"]))
    form = Canonical(shape, {role: role for role in roles}, kind, group)
    made = whole(form, table)
    made.validate(full=True)
    assert made.equals(by_row(form, table))


@pytest.mark.parametrize(
    "labels",
    [
        pa.array([3, None, -1]),
        pa.array(["좋음", " 나쁨 ", ""]),
        pa.array([True, False, None]),
        pa.array([1.0, 2.5, None]),
        pa.array(["a", "b", "c"], pa.large_string()),
        pa.array(["a", "b", "a"]).dictionary_encode(),
    ],
)
@pytest.mark.parametrize("group", [None, "label", "text"])
def test_labels_of_any_type_are_as_row_by_row(labels, group):
    table = pa.table({"text": ["재미있다", "지루하다", "[광고] 보세요"], "label": labels})
    form = Canonical("labelled-text", {"text": "text", "label": "label"}, "classify", group)
    made = whole(form, table)
    assert made.equals(by_row(form, table))
    assert made.column_names[:3] == ["text", "label", PROBLEM]


def test_all_rows_of_plain_columns_are_taken_whole():
    table = pa.table(
        {"instruction": ["옮겨라", "줄여라"], "input": ["hello", ""], "output": ["안녕", "네."]}
    )
    mapping = {name: name for name in table.column_names}
    found = plain(table, "alpaca", mapping, "chat")
    assert found is not None
    assert found.flags.all()
    assert found.columns["messages"].to_pylist()[0][0]["content"] == "옮겨라\n\nhello"
    assert plain(table.set_column(2, "output", pa.array([1, 2])), "alpaca", mapping, "chat") is None
