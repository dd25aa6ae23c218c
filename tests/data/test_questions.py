"""The questions that are watched: a few, the same each time, short, and of the task."""

from finetune_studio.data.questions import FEW, LONGEST, questions


def talk(*said):
    roles = ("user", "assistant")
    return {"messages": [{"role": roles[n % 2], "content": each} for n, each in enumerate(said)]}


def test_a_few_are_taken_the_same_each_time():
    rows = [talk(f"질문 {n}?", "답") for n in range(50)]
    found = questions(rows, "chat", 7)
    assert len(found) == FEW == len(set(found))
    assert found == questions(rows, "chat", 7) != questions(rows, "chat", 8)
    assert all({"messages": talk(each, "답")["messages"]} in rows for each in found)


def test_what_is_no_question_to_read_is_passed_over():
    rows = [
        talk("처음", "답", "다음", "답"),
        talk("두\n줄", "답"),
        talk("긴" * (LONGEST + 1), "답"),
        talk("  ", "답"),
        talk("같은 것", "답"),
        talk("같은 것", "다른 답"),
    ]
    assert questions(rows, "chat", 7) == ("같은 것",)


def test_texts_begin_and_labels_are_asked_for_whole():
    words = " ".join(map(str, range(40)))
    assert questions([{"text": words}], "text", 7) == (" ".join(map(str, range(12))),)
    assert questions([{"text": words, "label": "좋음"}], "classify", 7) == (words,)
    assert questions([], "chat", 7) == ()
