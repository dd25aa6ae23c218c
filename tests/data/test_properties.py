"""What holds for any rows at all: no crash, nothing lost uncounted, nothing mended twice."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from finetune_studio.data.arrow import write_arrow
from finetune_studio.data.convert import convert
from finetune_studio.data.fixes import CODES, MENDING, apply_fixes
from finetune_studio.data.layout import settle
from finetune_studio.data.mapping import FORMS, numbered
from finetune_studio.data.quality.personal import kinds_in, masked
from finetune_studio.data.quality.survey import survey
from finetune_studio.data.shapes import ROLES, recognise, suggest
from finetune_studio.data.sources import open_rows
from finetune_studio.data.split import parted, sides
from finetune_studio.errors import RefusedError
from finetune_studio.recipe.schema import Split

SIGNS = st.characters(exclude_categories=("Cs",))
ODD = st.one_of(
    st.sampled_from(["", " ", "\u200b", "\ufeff", "\x00", "\ufffd", "하ㄴ", "안녕", "👩\u200d👧"]),
    st.sampled_from(["<p>", "</b>", "&amp;", "&#39;", "```", "Ã©", "¾È³ç"]),
    st.sampled_from(["010-1234-5678", "a@b.co", "4111111111111111", "900101-1234568"]),
)
TEXT = st.lists(st.one_of(ODD, st.text(SIGNS, max_size=12)), max_size=5).map("".join)
VALUE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(SIGNS, max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
TURN = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["system", "user", "assistant", "tool", "gpt", "", "누구"]),
        "content": TEXT,
    }
)
NAME = st.one_of(
    st.sampled_from(["messages", "conversations", "instruction", "input", "output", "prompt"]),
    st.sampled_from(["completion", "question", "answer", "text", "label", "chosen", "rejected"]),
    st.sampled_from(["질문", "답변", "리뷰", "감정"]),
    st.text(SIGNS, min_size=1, max_size=6),
)
ROWS = st.lists(NAME, min_size=1, max_size=4, unique=True).flatmap(
    lambda columns: st.lists(
        st.fixed_dictionaries(
            {column: st.one_of(VALUE, st.lists(TURN, max_size=4)) for column in columns}
        ),
        min_size=1,
        max_size=6,
    )
)
CHATS = st.lists(
    st.lists(TURN.filter(lambda t: t["role"] in ("system", "user", "assistant")), max_size=4),
    max_size=6,
)
FAST = settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


@given(ROWS)
@FAST
def test_any_rows_are_recognised_without_a_crash(rows):
    columns = list(rows[0])
    found = recognise(columns, rows)
    needed, may = ROLES[found.shape]
    assert 0 <= found.confidence <= 1
    assert set(found.mapping.values()) <= set(columns)
    assert set(found.mapping) <= {*needed, *may}
    assert not found.mapping or set(needed) <= set(found.mapping)
    assert len(set(found.mapping.values())) == len(found.mapping)
    assert found.why


@given(ROWS, st.sampled_from(sorted(ROLES)), st.sampled_from(["chat", "text", "classify"]))
@example([{"instruction": [], "output": [{"role": "system", "content": "<p>"}]}], "alpaca", "chat")
@example([{"prompt": False, "completion": [""]}], "prompt-completion", "chat")
@FAST
def test_any_rows_are_mapped_or_counted(rows, shape, task):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.arrow"
        write_arrow(iter([rows]), path)
        data = open_rows([str(path)]).dataset
        mapping = suggest(shape, data.column_names)
        left = [name for name in data.column_names if name not in mapping.values()]
        for role in ROLES[shape][0]:
            if role not in mapping and left:
                mapping[role] = left.pop()
        try:
            made, dropped, numbers = numbered(data, shape, mapping, task)
        except RefusedError:
            assert shape not in FORMS[task] or not set(ROLES[shape][0]) <= set(mapping)
            return
        assert len(made) + sum(each.count for each in dropped) == len(rows)
        assert len(numbers) == len(made)
        assert list(numbers) == sorted(set(numbers))
        for row in made:
            if task == "chat":
                roles = [turn["role"] for turn in row["messages"]]
                assert "assistant" in roles
                assert set(roles) <= {"system", "user", "assistant", "tool"}
                assert all(turn["content"].strip() for turn in row["messages"])
            else:
                assert row["text"].strip()


@pytest.mark.parametrize("code", MENDING)
@given(text=TEXT)
@settings(max_examples=150, deadline=None)
def test_a_mended_text_needs_no_mending(code, text):
    after = MENDING[code].mend(text)
    if code != "mojibake":  # text that was decoded wrongly twice is mended one time each
        assert MENDING[code].mend(after) == after
    assert isinstance(after, str)
    after.encode()


@given(TEXT)
@settings(max_examples=200, deadline=None)
def test_masked_text_holds_nothing_personal(text):
    assert kinds_in(masked(text)) == set()
    assert bool(kinds_in(text)) == (masked(text) != text)


@given(st.lists(TEXT, max_size=8), CHATS, st.lists(st.sampled_from(CODES), unique=True))
@FAST
def test_fixes_lose_nothing_uncounted(texts, chats, codes):
    for rows in (
        Dataset.from_dict({"text": texts or [""], "label": [t[:1] for t in texts] or ["x"]}),
        Dataset.from_dict(
            {"messages": [chat for chat in chats if chat] or [[{"role": "user", "content": "a"}]]}
        ),
    ):
        after = apply_fixes(rows, [{"code": code} for code in codes])
        assert len(after.rows) + sum(each.left_out for each in after.fixed) == len(rows)
        assert len(after.numbers) == len(after.rows)
        assert [each.code for each in after.fixed] == [
            c for c in CODES if c in codes and c not in ("leakage", "empty-turn")
        ]
        assert after.rows.column_names == rows.column_names
        kept = after.rows.to_list()
        if not codes:
            assert kept == rows.to_list()


@given(st.lists(TEXT, min_size=1, max_size=8), st.integers(0, 3))
@FAST
def test_any_rows_are_surveyed(texts, seed):
    rows = Dataset.from_dict({"text": texts})
    found = survey(rows, np.arange(len(rows)), (), Split(validation=0.3, seed=seed))
    for finding in found:
        assert 0 < finding.count <= len(rows)
        assert finding.sentence
        [fix] = finding.fix["data.fixes"]
        if fix["code"] not in ("leakage", "mojibake"):
            after = apply_fixes(rows, [fix])
            [done] = after.fixed
            assert done.changed + done.left_out == finding.count
            assert done.rows == finding.rows


@given(st.lists(TEXT, min_size=1, max_size=9), st.floats(0, 0.5), st.integers(0, 9))
@FAST
def test_a_split_parts_every_row_once(texts, share, seed):
    rows = Dataset.from_dict({"text": texts})
    train, held = parted(rows, *sides(rows, share, seed=seed))
    assert sorted(train["text"][:] + held["text"][:]) == sorted(texts)
    stripped = [{text.strip() for text in part["text"][:]} for part in (train, held)]
    assert not stripped[0] & stripped[1]


@given(st.lists(st.lists(TEXT.filter(str.strip), min_size=1, max_size=3), min_size=1, max_size=4))
@FAST
def test_conversations_survive_every_shape_that_holds_them(said):
    chats = [
        [{"role": role, "content": text} for text in texts for role in ("user", "assistant")]
        for texts in said
    ]
    with tempfile.TemporaryDirectory() as folder:
        data, mapping, shape = (
            Dataset.from_dict({"messages": chats}),
            {"messages": "messages"},
            "messages",
        )
        for number, to in enumerate(("sharegpt", "messages")):
            out = Path(folder) / f"{number}.jsonl"
            convert(data, shape, mapping, to, out)
            written = [json.loads(line) for line in out.read_bytes().split(b"\n") if line]
            assert len(written) == len(chats)
            data = open_rows([str(out)]).dataset
            found = settle(data, "auto", {})
            shape, mapping = found.shape, found.mapping
            assert shape == to
        assert data["messages"][:] == chats
