"""The report on files: what is recognised, what the person says instead, and what is left out."""

import pytest

from finetune_studio import paths
from finetune_studio.data.check import examine
from finetune_studio.errors import RefusedError


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("물음표,느낌표,질문\n가,나,다\n라,,마\n".encode("cp949"))
    return str(path)


def test_a_sample_in_one_report():
    report = examine([str(paths.resources() / "samples" / "korean_qa.csv")]).as_dict()
    assert {k: report[k] for k in ("shape", "mapping", "rows", "encoding", "findings")} == {
        "shape": "question-answer",
        "mapping": {"question": "질문", "answer": "답변"},
        "rows": 1500,
        "encoding": "utf-8",
        "findings": [],
    }


def test_an_open_shape_is_an_error_until_the_person_says(table):
    report = examine([table])
    assert [(f.level, f.code) for f in report.findings] == [("error", "shape-open")]
    report = examine([table], mapping={"question": "물음표", "answer": "느낌표"})
    found = report.recognition
    assert (found.shape, found.confidence, report.encoding) == ("question-answer", 1.0, "cp949")
    assert [(f.code, f.count, f.rows) for f in report.findings] == [("rows-no-answer", 1, (1,))]


def test_a_shape_asked_for_is_completed_by_names(table):
    found = examine([table], "prompt-completion", {"completion": "느낌표"}).recognition
    assert found.mapping == {"prompt": "질문", "completion": "느낌표"}


@pytest.mark.parametrize(
    ("shape", "mapping", "says"),
    [
        ("auto", {"question": "물음", "answer": "느낌표"}, "mean “물음표”"),
        ("nonsense", {}, "no shape"),
        ("alpaca", {}, "“output”"),
        ("alpaca", {"answer": "느낌표"}, "no role"),
        ("auto", {"nonsense": "느낌표"}, "no role"),
    ],
)
def test_what_is_not_there_is_refused(table, shape, mapping, says):
    with pytest.raises(RefusedError, match=says):
        examine([table], shape, mapping)


def test_preference_pairs_are_recognised_and_said_not_to_be_trained(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "q", "chosen": "a", "rejected": "b"}\n', encoding="utf-8")
    report = examine([str(path)])
    assert (report.recognition.shape, report.findings[0].code) == (
        "preference",
        "shape-not-trained",
    )
    assert examine([str(path)], mapping={"prompt": "prompt", "completion": "chosen"}).findings == ()
