import pytest

from finetune_studio.errors import RefusedError
from finetune_studio.evaluation.held_out import held_out
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.helpers.running import write_rows

WORDS = ["사과", "바다", "구름", "학교", "기차", "나무", "하늘", "노래", "편지", "시장"]
ROWS = [
    {"질문": f"{a}와 {b} 이야기를 {n}번째로 해 줄래요?", "답변": f"{b}에 {a}가 있었어요. {n}"}
    for n, (a, b) in enumerate((a, b) for a in WORDS for b in WORDS)
]


def recipe(tmp_path, rows=ROWS, **changes):
    data = write_rows(tmp_path / "자료.jsonl", rows)
    dotted = {name.replace("__", "."): value for name, value in changes.items()}
    return store.with_changes(Recipe(), {"data.files": [str(data)], **dotted})


def test_rows_that_were_learned_are_never_measured(tmp_path):
    found = held_out(recipe(tmp_path, data__split__validation=0.3), 0, 0)
    learned = {str(each) for each in found.learned["messages"]}
    assert found.total == len(found.rows) > 10
    assert not learned & {str(each) for each in found.rows["messages"]}
    assert not found.contamination.any


def test_a_limit_chooses_the_same_rows_for_the_same_seed(tmp_path):
    made = recipe(tmp_path, data__split__validation=0.3)
    first, again, other = held_out(made, 8, 1), held_out(made, 8, 1), held_out(made, 8, 2)
    assert len(first.rows) == 8
    assert list(first.numbers) == list(again.numbers) != list(other.numbers)


def test_rows_that_equal_learned_ones_are_counted_apart_from_near_ones(tmp_path):
    made = recipe(tmp_path, data__split__validation=0.3)
    learned = held_out(made, 0, 0).learned["messages"]
    question, answer = (each["content"] for each in learned[0])
    near = {"질문": learned[1][0]["content"] + " !!", "답변": learned[1][1]["content"]}
    again = {"질문": learned[2][0]["content"], "답변": "전혀 다른 답이라서 알 수가 없네요."}
    new = {"질문": "우주에는 별이 얼마나 많을까요?", "답변": "아무도 다 세어 보지 못했어요."}
    file = write_rows(
        tmp_path / "다른.jsonl", [{"질문": question, "답변": answer}, near, again, new]
    )
    found = held_out(made, 0, 0, [str(file)])
    assert (found.contamination.exact, found.contamination.near) == (1, 1)
    assert found.contamination.asked == 2
    assert found.contamination.examples == [0, 1]
    assert list(found.leaked) == [True, True, False, False]


def test_no_rows_kept_aside_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(RefusedError, match="kept no rows aside") as told:
        held_out(recipe(tmp_path, data__split__validation=0.0), 0, 0)
    assert "--data" in told.value.hint


def test_data_that_is_gone_is_refused(tmp_path):
    made = recipe(tmp_path)
    (tmp_path / "자료.jsonl").unlink()
    with pytest.raises(RefusedError, match="자료"):
        held_out(made, 0, 0)
