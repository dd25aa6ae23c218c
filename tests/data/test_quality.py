"""Every fault that is planted is found, in its rows, and is gone after the fix that is offered."""

import json
import unicodedata

import pytest
from datasets import Dataset

from finetune_studio.data.check import Closely, examine
from finetune_studio.data.fixes import CODES
from finetune_studio.data.quality import flat
from finetune_studio.data.quality.wording import WORDS
from finetune_studio.data.usable import read_rows
from finetune_studio.recipe.schema import Data

SUBJECTS = ["하늘", "바다", "영화", "음악", "학교", "친구", "가족", "여행", "음식", "날씨"]
SUBJECTS += ["운동", "공부", "시험", "회사", "고양이", "강아지", "커피"]
VERBS = ["좋아하는", "이유를", "찾는", "방법을", "배우는", "순서를", "고르는", "기준을"]


def answer(number):
    subject, verb = SUBJECTS[number % 17], VERBS[number % 8]
    rest = " ".join(SUBJECTS[(number * step + number // 17) % 17] for step in range(2, 9))
    return f"{number}번: {subject}에서 {verb} 살펴보면 {rest} 순으로 이어집니다."


def sound(count=300):
    return [
        {"question": f"{SUBJECTS[n % 17]}의 {n}번째 이야기를 해 주세요.", "answer": answer(n)}
        for n in range(count)
    ]


def said(*turns):
    return [{"role": role, "content": content} for role, content in turns]


PLANTED = {
    "mojibake": "안녕하세요, 반갑습니다".encode().decode("latin-1"),
    "decomposed": unicodedata.normalize("NFD", "한국어로 대답합니다."),
    "control-characters": "보이지\u200b 않는\x07 글자가 있습니다.",
    "html": "<p>첫 문단입니다.</p><p>둘째&nbsp;문단입니다.</p>",
    "personal-data": "주민등록번호는 900101-1234568 이고 전화는 010-1234-5678 입니다.",
    "damaged-characters": "글자가 \ufffd\ufffd 깨졌습니다.",
    "no-words": "!!! ... 😀😀",
    "too-long": "아주 긴 대답입니다. " * 2000,
    "cut-answers": "이 대답은 길게 이어지다가 문장이 끝나기 전에 갑자기 여기에서 멈추고 또 그리고",
    "language-mix": "This answer is written in English although all of the others are Korean.",
}


@pytest.fixture
def write(tmp_path):
    def written(rows, name="a.jsonl"):
        path = tmp_path / name
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        path.write_text(text, encoding="utf-8")
        return str(path)

    return written


def looked_at(file, **data):
    report = examine([file], closely=Closely(data=Data(**data)))
    return {finding.code: finding for finding in report.findings}


def test_sound_rows_have_no_findings(write):
    assert looked_at(write(sound())) == {}


@pytest.mark.parametrize("code", PLANTED)
def test_a_planted_fault_is_found_and_mended(write, code):
    rows = sound()
    for place in (7, 123):
        rows[place]["answer"] = PLANTED[code]
        rows[place]["question"] += f" ({place}번 줄)"
    file = write(rows)
    found = looked_at(file)[code]
    assert (found.count, found.rows) == (2, (7, 123))
    assert 1 <= len(found.values["examples"]) <= 3
    assert "{" not in found.sentence
    [fix] = found.fix["data.fixes"]
    assert fix["code"] == code
    assert code not in looked_at(file, fixes=(fix,))
    usable = read_rows(Data(files=(file,), fixes=(fix,)), "chat")
    [done] = usable.fixed
    assert (done.changed + done.left_out, done.rows) == (2, (7, 123))
    assert len(usable.train) + len(usable.validation) == 300 - done.left_out


def test_what_is_mended_reads_rightly(write):
    rows = sound(20)
    for place, code in enumerate(
        ("mojibake", "decomposed", "control-characters", "html", "personal-data")
    ):
        rows[place]["answer"] = PLANTED[code]
    codes = [{"code": code} for code in PLANTED if code not in ("too-long", "no-words")]
    data = Data(files=(write(rows),), fixes=tuple(codes[:5]), split={"validation": 0})
    answers = [row["messages"][1]["content"] for row in read_rows(data, "chat").train.to_list()]
    assert answers[:5] == [
        "안녕하세요, 반갑습니다",
        "한국어로 대답합니다.",
        "보이지 않는 글자가 있습니다.",
        "첫 문단입니다.\n둘째 문단입니다.",
        "주민등록번호는 <ID> 이고 전화는 <PHONE> 입니다.",
    ]


def test_equal_and_nearly_equal_rows(write):
    rows = sound()
    rows.insert(50, dict(rows[3]))
    rows.append({**rows[4], "answer": rows[4]["answer"].replace("이어집니다.", "이어집니다!!")})
    file = write(rows)
    found = looked_at(file, split={"validation": 0})
    assert {code: each.rows for code, each in found.items()} == {
        "duplicates": (50,),
        "near-duplicates": (301,),
    }
    fixes = found["duplicates"].fix["data.fixes"]
    after = looked_at(file, split={"validation": 0}, fixes=tuple(fixes))
    assert after["near-duplicates"].rows == (301,)
    assert [fix["code"] for fix in after["near-duplicates"].fix["data.fixes"]] == [
        "duplicates",
        "near-duplicates",
    ]


def test_rows_to_measure_on_that_are_learned(write):
    rows = sound()
    train = write(rows)
    leaking = [rows[5], {**rows[6], "answer": rows[6]["answer"] + " 네"}, *sound(310)[300:]]
    apart = write(leaking, "b.jsonl")
    found = looked_at(train, validation_files=(apart,))
    assert (found["leakage"].count, found["leakage"].rows) == (2, (0, 1))
    fixes = tuple(found["leakage"].fix["data.fixes"])
    usable = read_rows(Data(files=(train,), validation_files=(apart,), fixes=fixes), "chat")
    assert (len(usable.train), len(usable.validation)) == (300, 10)
    assert [(each.code, each.left_out, each.rows) for each in usable.fixed] == [
        ("leakage", 2, (0, 1))
    ]


def test_a_split_between_two_nearly_equal_rows_leaks(write):
    rows = [row for each in sound(200) for row in (each, {**each, "answer": each["answer"] + "!"})]
    file = write(rows)
    found = looked_at(file)["leakage"]
    usable = read_rows(Data(files=(file,), fixes=({"code": "leakage"},)), "chat")
    assert usable.fixed[0].left_out == found.count > 20
    assert usable.fixed[0].rows == found.rows
    assert len(usable.validation)


@pytest.mark.parametrize(
    ("turns", "after"),
    [
        (
            [("user", "하나"), ("user", "둘"), ("assistant", "셋")],
            [("user", "하나\n\n둘"), ("assistant", "셋")],
        ),
        (
            [("assistant", "어서 오세요"), ("user", "네"), ("assistant", "무엇을 찾으세요?")],
            [("user", "네"), ("assistant", "무엇을 찾으세요?")],
        ),
        (
            [("user", "하나"), ("assistant", "둘"), ("user", "셋")],
            [("user", "하나"), ("assistant", "둘")],
        ),
        (
            [("user", "하나"), ("system", "짧게"), ("assistant", "둘")],
            [("system", "짧게"), ("user", "하나"), ("assistant", "둘")],
        ),
        ([("assistant", "혼잣말")], None),
    ],
)
def test_turns_out_of_order(write, turns, after):
    whole = [said(("user", row["question"]), ("assistant", row["answer"])) for row in sound(30)]
    tools = said(
        ("system", "s"), ("user", "u"), ("assistant", "a"), ("tool", "t"), ("assistant", "b")
    )
    rows = [{"messages": each} for each in (*whole[:9], said(*turns), *whole[9:], tools)]
    file = write(rows)
    found = looked_at(file)["role-order"]
    assert (found.count, found.rows) == (1, (9,))
    fixes = tuple(found.fix["data.fixes"])
    assert "role-order" not in looked_at(file, fixes=fixes)
    usable = read_rows(Data(files=(file,), fixes=fixes, split={"validation": 0}), "chat")
    expected = [*whole[:9], *([said(*after)] if after else []), *whole[9:], tools]
    assert [row["messages"] for row in usable.train.to_list()] == expected
    assert (usable.fixed[0].changed, usable.fixed[0].left_out) == ((1, 0) if after else (0, 1))


def test_what_stands_before_an_empty_turn_is_kept_by_wish(write):
    talk = said(("user", "하나?"), ("assistant", "둘"), ("user", "셋?"), ("assistant", " "))
    rows = [
        {"messages": said(("user", row["question"]), ("assistant", row["answer"]))}
        for row in sound(20)
    ]
    rows[4] = {"messages": talk}
    rows[6] = {"messages": talk[2:]}
    file = write(rows)
    found = looked_at(file)["rows-empty-turn"]
    assert (found.count, found.rows) == (2, (4, 6))
    fixes = tuple(found.fix["data.fixes"])
    after = looked_at(file, fixes=fixes)["rows-empty-turn"]
    assert (after.rows, after.fix) == ((6,), {})
    usable = read_rows(Data(files=(file,), fixes=fixes, split={"validation": 0}), "chat")
    assert usable.train[4]["messages"] == talk[:2]
    [done] = usable.fixed
    assert (done.code, done.changed, done.left_out, done.rows) == ("empty-turn", 1, 0, (4,))


def test_labels_that_contradict_and_labels_that_are_rare(write):
    rows = [{"text": answer(n), "label": "긍정" if n % 40 else "부정"} for n in range(400)]
    rows += [{"text": rows[1]["text"], "label": "부정"}]
    found = looked_at(write(rows), split={"validation": 0})
    assert found["contradictions"].rows == (1, 400)
    assert "duplicates" not in found
    uneven = found["label-imbalance"]
    assert uneven.values["most"] == "긍정"
    assert uneven.values["fewest"] == 11
    data = Data(
        files=(write(rows),), fixes=tuple(uneven.fix["data.fixes"]), split={"validation": 0}
    )
    kept = read_rows(data, "classify").train["label"][:]
    assert (kept.count("긍정"), kept.count("부정")) == (110, 11)


def test_findings_are_kept_and_ordered_by_weight(write):
    rows = sound()
    rows[3]["answer"] = PLANTED["html"]
    rows[4]["answer"] = PLANTED["damaged-characters"]
    rows[5]["answer"] = ""
    file = write(rows)
    first = examine([file], closely=Closely()).findings
    assert [each.code for each in first] == ["rows-no-answer", "damaged-characters", "html"]
    assert examine([file], closely=Closely()).findings == first
    assert [each.code for each in examine([file]).findings] == ["rows-no-answer"]


def test_only_the_rows_in_use_are_judged(write):
    rows = sound(40)
    rows[30]["answer"] = PLANTED["html"]
    file = write(rows)
    assert looked_at(file)["html"].rows == (30,)
    assert looked_at(file, max_rows=30) == {}


def test_progress_is_told(write):
    told = []
    examine([write(sound(50))], closely=Closely(progress=told.append))
    assert told[-1] == 1.0
    assert told == sorted(told)


def test_every_finding_has_a_fix_of_its_name():
    assert set(WORDS) == set(CODES) - {"empty-turn"}


def test_long_rows_are_taken_few_at_a_time():
    short = Dataset.from_dict({"text": ["짧은 글"] * 50_000})
    long = Dataset.from_dict({"text": ["긴 글 " * 200_000] * 20})
    assert [len(table) for table in flat.batches(short)] == [10_000] * 5
    assert max(len(table) for table in flat.batches(long)) <= 5
    assert sum(len(table) for table in flat.batches(long)) == 20
