"""The report on files: what is recognised, what the person says instead, and what is left out."""

import pytest

from finetune_studio import paths
from finetune_studio.data.check import Closely, examine
from finetune_studio.errors import RefusedError
from tests.benchmarks.data_check import write


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


def test_one_label_alone_is_an_error(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("문장,감정\n" + "".join(f"{n}번째 문장이에요.,긍정\n" for n in range(9)))
    found = examine([str(path)]).findings
    assert [(f.level, f.code, f.values["name"]) for f in found] == [("error", "one-label", "긍정")]


def test_preference_pairs_are_recognised_and_said_not_to_be_trained(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "q", "chosen": "a", "rejected": "b"}\n', encoding="utf-8")
    report = examine([str(path)])
    assert (report.recognition.shape, report.findings[0].code) == (
        "preference",
        "shape-not-trained",
    )
    assert examine([str(path)], mapping={"prompt": "prompt", "completion": "chosen"}).findings == ()


def test_the_findings_of_many_rows_are_what_they_have_always_been(tmp_path):
    """However quickly they are found: counted before threads and whole columns found them."""
    write(tmp_path / "rows.jsonl", 4000, seed=7)
    found = examine([str(tmp_path / "rows.jsonl")], closely=Closely()).findings
    assert [(each.code, each.count, each.rows[:4]) for each in found] == [
        ("mojibake", 6, (856, 1937, 2526, 2973)),
        ("control-characters", 10, (45, 679, 1054, 1375)),
        ("personal-data", 20, (356, 403, 582, 817)),
        ("leakage", 18, (6, 150, 196, 229)),
        ("duplicates", 87, (22, 35, 73, 114)),
        ("html", 7, (299, 1886, 2125, 2243)),
        ("language-mix", 792, (9, 12, 17, 19)),
        ("near-duplicates", 73, (23, 86, 150, 159)),
    ]
    assert (
        found[1].values["examples"][1]
        == "친구 여섯시 보이지<U+200B>않는 글자. → 친구 여섯시 보이지않는 글자."
    )
    assert all(len(each.values["examples"]) == 3 for each in found)
