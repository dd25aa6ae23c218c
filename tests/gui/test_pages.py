"""The pages of data, tokens and results: what is done on them reaches the recipe."""

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from finetune_studio import paths
from finetune_studio.gui import outcomes
from finetune_studio.gui.talk import Talk
from finetune_studio.gui.turns import turns_of
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.runs.events import Evaluated, Finished, Sample
from finetune_studio.runs.state import fold
from tests.gui.resting import at_rest
from tests.helpers.tiny import make_tokenizer

CONFIG = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 600,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "tie_word_embeddings": True,
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model's folder with its tokenizer; its weights are never loaded here."""
    folder = tmp_path_factory.mktemp("models") / "작은 모델"
    make_tokenizer(folder)
    (folder / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    header = json.dumps({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    blob = len(header).to_bytes(8, "little") + header + bytes(4)
    (folder / "model.safetensors").write_bytes(blob)
    return folder


@pytest.fixture
def window(begun, model):
    begun.project.session.change({"model.source": str(model)})
    return begun


def settle(window, qtbot):
    QApplication.sendPostedEvents()  # what a press asked for, and what comes into sight by it
    turns = turns_of(window)  # a page that is gone to comes in turns
    at_rest(qtbot, lambda: not (window.jobs.busy or turns.busy), timeout=30_000)


def csv(tmp_path, text, name="자료.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_without_data_the_page_says_what_to_do(window):
    window.wizard.go("dataset")
    page = window.wizard.page("dataset")
    assert page._nothing.isVisible()
    assert not page._something.isVisible()


def test_files_are_recognised_and_shown(window, qtbot, tmp_path):
    window.wizard.go("dataset")
    page = window.wizard.page("dataset")
    page.use([csv(tmp_path, "질문,답변\n" + "".join(f"질문 {n}?,답 {n}\n" for n in range(30)))])
    settle(window, qtbot)
    assert page._something.isVisible()
    assert page.rows.grid.model().rowCount() == 30
    assert page.layout_card._selects["question"].currentText() == "질문"
    assert "30 rows" in page.files.counts.plain


def test_a_task_that_does_not_fit_is_mended_by_one_press(window, qtbot, tmp_path):
    window.wizard.go("dataset")
    page = window.wizard.page("dataset")
    rows = "".join(f"재미있는 영화 {n},{'좋음' if n % 2 else '나쁨'}\n" for n in range(40))
    page.use([csv(tmp_path, "text,label\n" + rows)])
    settle(window, qtbot)
    found = [each for each in window.project.facts.findings() if each.code == "task-unsuited"]
    assert found[0].fix == {"task.kind": "classify"}
    window.project.session.change(found[0].fix)
    settle(window, qtbot)
    assert window.project.facts.data.training > 0
    codes = {each.code for each in window.project.facts.findings()}
    assert "task-unsuited" not in codes


def test_a_column_is_mapped_by_hand(window, qtbot, tmp_path):
    window.wizard.go("dataset")
    page = window.wizard.page("dataset")
    page.use([csv(tmp_path, "question,answer,more\n" + "a?,b,c\nd?,e,f\n" * 20)])
    settle(window, qtbot)
    page.layout_card._map("answer", "more")
    settle(window, qtbot)
    assert window.project.session.recipe.data.mapping["answer"] == "more"
    assert window.project.facts.data.mapping["answer"] == "more"


def test_files_that_are_taken_out_leave_the_empty_page(window, qtbot, tmp_path):
    window.wizard.go("dataset")
    page = window.wizard.page("dataset")
    page.use([csv(tmp_path, "question,answer\n" + "a?,b\n" * 20)])
    settle(window, qtbot)
    page.use([])
    assert page._nothing.isVisible()


def test_rows_are_shown_as_the_trainer_gets_them(window, qtbot, tmp_path):
    window.wizard.go("dataset")
    rows = "".join(f"오늘 {n}일이에요?,네. 맞아요.\n" for n in range(30))
    window.wizard.page("dataset").use([csv(tmp_path, "question,answer\n" + rows)])
    settle(window, qtbot)
    window.wizard.go("tokenizer")
    page = window.wizard.page("tokenizer")
    qtbot.waitUntil(lambda: bool(page.card.flow._chips), timeout=20_000)
    settle(window, qtbot)
    learned = [chip.text for chip in page.card.flow._chips if chip.state == "learned"]
    assert "".join(learned).startswith("네.")
    assert learned[-1] == "<|end|>"
    assert "of 30" in page.card.place.plain
    qtbot.mouseClick(page.card.next, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.card.number.text() == "2")
    assert page.lengths._lengths.rows == 30


@pytest.mark.parametrize("meanwhile", ["tokenizer", "dataset"])
def test_why_no_row_is_shown_is_told_in_the_language_in_use(window, qtbot, tmp_path, meanwhile):
    rows = '{"messages": [{"role": "user", "content": "가"}]}\n' * 5
    path = tmp_path / "a.jsonl"
    path.write_text(rows, encoding="utf-8")
    window.project.session.change({"data.files": [str(path)]})
    window.wizard.go("tokenizer")
    settle(window, qtbot)
    card = window.wizard.page("tokenizer").card

    def told():
        return card.findChildren(FindingBox)[0].accessibleName()

    assert told().startswith("None of the 5 rows")
    window.wizard.go(meanwhile)
    window.appearance.use_language("ko")
    window.wizard.go("tokenizer")
    settle(window, qtbot)
    assert told().startswith("5행 가운데")
    assert "None of" not in told()
    window.appearance.use_language("en")
    settle(window, qtbot)
    assert told().startswith("None of the 5 rows")


def test_a_text_of_ones_own_is_tokenised(window, qtbot):
    window.wizard.go("tokenizer")
    page = window.wizard.page("tokenizer")
    settle(window, qtbot)
    page.card.choose_way(True)
    qtbot.keyClicks(page.card.field, "hello")
    qtbot.waitUntil(lambda: bool(page.card.flow._chips), timeout=20_000)
    assert "".join(chip.text for chip in page.card.flow._chips).replace("·", " ").strip() == "hello"


def test_a_row_is_gone_to_and_shown_as_rendered(window, qtbot, tmp_path, model):
    rows = "".join(f"오늘 {n}일이에요?,{'네. ' * (n + 1)}맞아요.\n" for n in range(30))
    window.wizard.page("dataset").use([csv(tmp_path, "question,answer\n" + rows)])
    settle(window, qtbot)
    window.wizard.go("tokenizer")
    settle(window, qtbot)
    page = window.wizard.page("tokenizer")
    page.card.number.setText("12")
    qtbot.keyClick(page.card.number, Qt.Key.Key_Return)
    settle(window, qtbot)
    assert "오늘 11일이에요?" in page.card._rendered.plain
    assert "<|end|>" in page.card._rendered.plain
    padding = page.card._badges[-1]
    assert "Padding" in padding.accessibleName()
    assert not padding.isHidden()
    qtbot.mouseClick(page.card._as_text, Qt.MouseButton.LeftButton)
    assert not page.card._well.isHidden()
    ends = {name: text for name, text, _ in page.facts._known.specials}
    assert ends["eos_token"] == "<|end|>"
    assert "Pack" in page.lengths._packing.plain
    page.compare_with(str(model))  # the recipe's own: once is enough
    page.compare_with(str(paths.resources() / "models" / "demo"))
    settle(window, qtbot)
    assert [each.relative_cost >= 1 for each in page.compare._models] == [True] * len(
        page.compare._models
    )
    assert len(page.compare._models) >= 2
    page.compare_with(str(tmp_path))
    settle(window, qtbot)
    assert page.compare._wrong.count() == 1


def test_a_row_that_is_cut_says_so(window, qtbot, tmp_path):
    window.project.session.change({"training.sequence_length": 64})
    rows = "".join(f"질문 {n}?,{'길고 긴 답이에요. ' * 40}\n" for n in range(20))
    window.wizard.page("dataset").use([csv(tmp_path, "question,answer\n" + rows)])
    settle(window, qtbot)
    window.wizard.go("tokenizer")
    settle(window, qtbot)
    card = window.wizard.page("tokenizer").card
    assert {chip.state for chip in card.flow._chips} == {"given", "learned", "cut"}
    assert "Cut" in card._badges[2].accessibleName()


def state(before, after):
    events = [
        Evaluated(step=0, metrics={"loss": before, "token_accuracy": 0.1}, time=1.0),
        Sample(step=0, prompt="왜?", text="몰라요", time=1.0),
        Evaluated(step=5, metrics={"loss": after, "token_accuracy": 0.6}, time=2.0),
        Sample(step=5, prompt="왜?", text="그래서요", time=2.0),
        Finished(step=5, reason="", time=3.0),
    ]
    return fold(events)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (2.0, 1.0, "It got better"),
        (1.0, 2.0, "It did not get better"),
        (1.0, 1.0, "It is trained"),
    ],
)
def test_the_outcome_is_told_as_it_is(before, after, words):
    found = state(before, after)
    assert outcomes.headline(found) == words
    assert outcomes.scores(found)[0].before == before
    assert outcomes.answers(found)[0][1].text == "그래서요"


def test_nothing_measured_is_said():
    assert outcomes.scores(fold([])) == []
    assert "Nothing was measured" in outcomes.sentence(fold([]))


def test_an_engine_that_cannot_start_is_told(qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("FINETUNE_STUDIO_PYTHON", str(tmp_path / "no-python"))
    talk = Talk()
    with qtbot.waitSignal(talk.failed) as told:
        talk.ask(tmp_path, "hello", base=True, chat=True)
    assert told.args[0].hint
    assert not talk.busy
    assert not talk.loading
    assert not talk.waiting.seconds


def test_an_engine_that_dies_is_told(qtbot, tmp_path):
    talk = Talk()
    with qtbot.waitSignal(talk.failed, timeout=60_000) as told:
        talk.ask(tmp_path / "no run", "hello", base=False, chat=True)
    assert told.args[0].title
    assert not talk.busy
    talk.close()
