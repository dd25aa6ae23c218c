"""Events survive the trip through a file; what is broken is named, not raised."""

import json
import math
from fractions import Fraction
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune_studio.runs import events
from finetune_studio.runs.events import EventReader, EventWriter, as_dict, from_json, to_json
from finetune_studio.runs.lines import Unreadable

ONE_OF_EACH = [
    events.Started(
        recipe_hash="ab12",
        asked={"attention": "flash"},
        in_use={"attention": "sdpa"},
        versions={"torch": "2.11"},
    ),
    events.Phase(name="loading"),
    events.Progress(step=1, steps=10, epoch=0.1, seconds_left=9.5),
    events.Metrics(
        step=1,
        loss=2.5,
        learning_rate=1e-4,
        grad_norm=0.7,
        tokens_per_second=812.0,
        token_accuracy=None,
    ),
    events.Evaluated(step=5, metrics={"loss": 2.0, "perplexity": 7.4, "chrf": None}),
    events.Memory(used=5_000_000_000, total=8_000_000_000, utilisation=97, temperature=61),
    events.Sample(step=5, prompt="안녕?", text="안녕하세요.\n무엇을 도와 드릴까요?\u2028"),
    events.Checkpoint(step=5, path="checkpoints/5", best=True, sha256="cd34"),
    events.Notice(level="warning", code="slow", text="Slow.", values={"share": 0.5}),
    events.Finished(step=10),
    events.Stopped(step=7, reason="early-stopping"),
    events.Failed(title="It broke.", detail="Why", hint="Try"),
]


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: event.kind)
def test_every_kind_survives_the_trip(event):
    line = to_json(event)
    assert "\n" not in line
    assert from_json(line) == event


def test_the_contract_of_the_fields():
    contract = {
        "started": "recipe_hash asked in_use versions",
        "phase": "name",
        "progress": "step steps epoch seconds_left",
        "metrics": "step loss learning_rate grad_norm tokens_per_second token_accuracy",
        "evaluated": "step metrics",
        "memory": "used total utilisation temperature power",
        "sample": "step prompt text",
        "checkpoint": "step path best sha256",
        "notice": "level code text values",
        "finished": "step reason",
        "stopped": "step reason",
        "failed": "title detail hint sources",
    }
    assert {e.kind: set(as_dict(e)) - {"kind", "time"} for e in ONE_OF_EACH} == {
        kind: set(names.split()) for kind, names in contract.items()
    }


def test_figures_that_are_not_finite_become_null():
    metrics = events.Metrics(
        step=3, loss=math.nan, learning_rate=1e-4, grad_norm=math.inf, tokens_per_second=-math.inf
    )
    document = json.loads(to_json(metrics))
    assert [document[k] for k in ("loss", "grad_norm", "tokens_per_second")] == [None] * 3
    assert "NaN" not in to_json(events.Evaluated(step=1, metrics={"loss": math.nan}))


def test_a_nan_written_by_someone_else_is_read_as_null():
    line = (
        '{"kind":"metrics","time":1,"step":1,"loss":NaN,"learning_rate":1e-4,'
        '"grad_norm":1e999,"tokens_per_second":5}'
    )
    read = from_json(line)
    assert isinstance(read, events.Metrics)
    assert read.loss is None
    assert read.grad_norm is None


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "null",
        "\x00\x00\x00",
        '{"time": 1}',
        '{"kind": "dance", "time": 1}',
        '{"kind": ["phase"], "time": 1, "name": "loading"}',
        '{"kind": "phase", "name": "loading"}',
        '{"kind": "phase", "time": "now", "name": "loading"}',
        '{"kind": "phase", "time": true, "name": "loading"}',
        '{"kind": "phase", "time": 1, "name": null}',
        '{"kind": "progress", "time": 1, "step": "1", "steps": 2, "epoch": 1}',
        '{"kind": "evaluated", "time": 1, "step": 1, "metrics": {"loss": "low"}}',
        '{"kind": "checkpoint", "time": 1, "step": 1, "path": "p", "best": 1, "sha256": ""}',
        "[" * 100_000,
        '{"kind": "phase", "time": ' + "1" * 10_000 + ', "name": "x"}',
    ],
)
def test_a_broken_or_unknown_line_is_returned_as_unreadable(line):
    read = from_json(line)
    assert isinstance(read, Unreadable)
    assert line.startswith(read.line)
    assert len(read.line) <= 200
    assert read.why


def test_bytes_that_are_not_utf8_are_unreadable():
    assert isinstance(
        from_json('{"kind": "phase", "time": 1, "name": "저장"}'.encode("cp949")), Unreadable
    )


def test_fields_of_a_newer_version_are_left_out():
    line = '{"kind": "phase", "time": 1, "name": "saving", "colour": "blue"}'
    assert from_json(line) == events.Phase(time=1, name="saving")


def test_half_a_surrogate_pair_does_not_stop_the_trainer():
    sample = events.Sample(step=1, prompt="p", text="half \ud83d")
    to_json(sample).encode("utf-8")
    read = from_json(to_json(sample))
    assert isinstance(read, events.Sample)
    assert read.text.startswith("half \ufffd")


def test_values_of_other_number_and_path_types_are_plain_in_the_file():
    event = events.Notice(
        level="advice",
        code="c",
        text="t",
        values={"a": Fraction(1, 2), "p": PurePosixPath("x/y"), "t": (1,)},
    )
    assert json.loads(to_json(event))["values"] == {"a": 0.5, "p": "x/y", "t": [1]}


def test_a_value_without_json_form_is_a_programming_error():
    with pytest.raises(TypeError, match="object"):
        to_json(events.Notice(level="advice", code="c", text="t", values={"a": object()}))


@given(st.text(), st.dictionaries(st.text(), st.floats() | st.text() | st.none()))
def test_any_text_and_figures_make_one_readable_line(text, values):
    line = to_json(events.Notice(level="advice", code="c", text=text, values=values))
    assert "\n" not in line
    assert isinstance(from_json(line.encode("utf-8")), events.Notice)


@given(st.binary(max_size=60))
def test_no_bytes_raise(line):
    assert isinstance(from_json(line), Unreadable)


def test_writer_and_reader_follow_each_other(tmp_path):
    path = tmp_path / "events.jsonl"
    reader = EventReader(path)
    with EventWriter(path) as writer:
        for event in ONE_OF_EACH:
            writer.append(event)
            assert list(reader.read()) == [event]
    with path.open("ab") as file:
        file.write(b'{"kind": "pha')
    assert list(reader.read()) == []
    with EventWriter(path) as writer:
        writer.append(ONE_OF_EACH[0])
    broken, started = reader.read()
    assert isinstance(broken, Unreadable)
    assert started == ONE_OF_EACH[0]
    assert reader.offset == path.stat().st_size


def test_the_tail_alone_can_be_read(tmp_path):
    path = tmp_path / "events.jsonl"
    with EventWriter(path) as writer:
        for event in ONE_OF_EACH:
            writer.append(event)
    last = len(to_json(ONE_OF_EACH[-1]).encode()) + 1
    assert list(EventReader.of_tail(path, last + 10).read()) == [ONE_OF_EACH[-1]]
    assert list(EventReader.of_tail(path, 10**9).read()) == ONE_OF_EACH
