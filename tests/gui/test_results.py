"""The page of the results: what was measured, blind votes, conversations. Nothing is trained."""

import json
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from finetune_studio.errors import StudioError
from finetune_studio.export import about
from finetune_studio.export.verdict import judge
from finetune_studio.gui import language, outcomes
from finetune_studio.gui.main_window import MainWindow
from finetune_studio.gui.outcomes import Score, metric_change
from finetune_studio.gui.pages import measure_card
from finetune_studio.gui.pages.chat_turn import TurnView
from finetune_studio.gui.pages.export_words import ALONE, BOTH, OFFERED
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.talk import BASE, TUNED, Manner, Talk, Turn
from finetune_studio.gui.turns import turns_of
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.dialog import Ask
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import bring_into_sight
from finetune_studio.gui.widgets.notice import Toast
from finetune_studio.gui.widgets.text import Text
from finetune_studio.preferences import Preferences
from finetune_studio.runs import events
from finetune_studio.runs.state import fold
from finetune_studio.runs.votes import Tally, tally
from tests.gui.resting import at_rest
from tests.helpers.evaluated import chat, classified
from tests.helpers.past import past_run

ASKING = {"text": "Asking the trained model", "values": {}}
LEFT = Qt.MouseButton.LeftButton
ARROW = 38  # pixels beside the words of a list


@pytest.fixture
def run(tmp_path):
    """A finished run; its result has no weights, for they are never loaded here."""
    made = past_run(tmp_path / "실행")
    made.result.mkdir()
    (made.result / "studio.json").write_text("{}", encoding="utf-8")
    return made


@pytest.fixture
def results(qtbot, run):
    """Opens the page of the results of the run."""
    made = MainWindow(Preferred(Preferences()))
    qtbot.addWidget(made)
    made.resize(1360, 860)
    made.show()

    def opened() -> Any:
        made.open_path(str(run.path))
        assert made.wizard is not None
        made.wizard.go("results")
        page = made.wizard.page("results")
        qtbot.waitUntil(lambda: not made.project.watch.alive and page._shown != ())
        at_rest(qtbot, lambda: not made.jobs.busy, timeout=30_000)
        return page

    yield opened
    if made.project is not None:
        made.project.watch.leave()
        made.project.closing.emit()
    made.jobs.close()


def words(widget):
    return [each.plain for each in widget.findChildren(Text) if each.isVisible()]


def keep(run, found):
    run.evaluation.write_text(found.model_dump_json(), encoding="utf-8")


def test_without_an_evaluation_the_training_s_own_figures_stand_there(results):
    page = results()
    assert page.measure.found is None
    assert page.measure.go.text() == "Measure"
    assert "2.000" in words(page.scores)
    assert not page.measure.report.isVisible()


DISK = {"title": {"text": "The disk is full.", "values": {}}}
BROKE = events.Failed(time=1_000_005.0, title="디스크가 가득 찼어요.", sources=DISK)


def test_a_training_that_left_nothing_says_so_and_why(qtbot, tmp_path):
    window = MainWindow(Preferred(Preferences()))
    qtbot.addWidget(window)
    window.resize(1360, 860)
    window.show()
    window.open_path(str(past_run(tmp_path / "failed", end=BROKE).path))
    window.wizard.go("results")
    page = window.wizard.page("results")
    qtbot.waitUntil(lambda: "This training left no result" in words(page))
    assert "The disk is full. On the page of the training" in " ".join(words(page))
    window.project.watch.leave()
    window.project.closing.emit()
    window.jobs.close()


def test_a_failed_training_with_a_result_says_why_it_failed(qtbot, tmp_path):
    run = past_run(tmp_path / "failed", end=BROKE)
    state = fold(events.EventReader(run.events).read())
    assert outcomes.sentence(state).startswith("The disk is full. On rows that were kept out")


def test_an_evaluation_replaces_them_with_intervals_and_what_was_forgotten(results, run):
    keep(run, chat())
    page = results()
    said = words(page.scores)
    assert {"Validation loss", "chrF", "What it knew"} <= set(said)
    assert "1.000" in said
    assert any(each.startswith("95 % sure: −1.010 to −0.990") for each in said)
    badges = [each.accessibleName() for each in page.scores.findChildren(Badge)]
    assert "little forgotten" in badges
    assert page.measure.go.text() == "Measure again"
    assert "Measured on all 30 rows" in " ".join(words(page.measure))


def test_a_classification_shows_its_accuracy_and_no_comparison(results, run):
    keep(run, classified())
    page = results()
    assert "Accuracy" in words(page.scores)


def test_the_page_follows_the_language(results, run):
    keep(run, chat())
    page = results()
    language.use("ko")
    assert "검증 손실" in words(page.scores)
    assert "학습에 쓰지 않은 30행을 모두" in " ".join(words(page.measure))


def test_a_measure_on_a_few_rows_says_so(results, run):
    keep(run, chat().model_copy(update={"rows": 8, "held_out": 8, "answered": 3}))
    page = results()
    assert "may be chance" in page._sentence()
    assert "Measured on all 8 rows" in " ".join(words(page.measure))
    assert "3 of them were answered" in " ".join(words(page.measure))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [(407.0, 1.4, "291 times lower"), (2.0, 1.5, "−25 %"), (1.0, 12.0, "12 times higher")],
)
def test_a_change_of_many_times_is_no_per_cent(before, after, said):
    assert metric_change(Score("perplexity", before, after)) == said


@pytest.fixture
def saved(run, tmp_path):
    """A merged export of the run, with its verdict."""
    (run.result / "adapter_model.safetensors").write_bytes(b"weights")
    folder = tmp_path / "합친 모델"
    folder.mkdir()
    known = {"format": "merged", "run": about.fingerprint(run.result)}
    (folder / "studio.json").write_text(json.dumps(known), encoding="utf-8")
    verdict = {"verdict": "amber", "reasons": ["It is nearly so."]}
    (folder / "verify.json").write_text(json.dumps(verdict), encoding="utf-8")
    about.remember(folder, run)
    return folder


def test_what_was_saved_before_stands_there_again(results, saved, run):
    page = results()
    line = page.exports.lines["merged"]
    assert str(saved) in " ".join(words(line))
    assert line.badge.accessibleName() == "nearly the same"
    assert "It is nearly so." in words(line)
    assert page.hub.what.value() == page.serve.what.value() == run.path
    for each in (page.hub.what, page.serve.what):
        assert each.findText(saved.name) == 1
    assert not page.exports.lines["adapter"].badge.isVisible()


FIGURES = {
    "format": "merged",
    "token_ids_equal": True,
    "prompt_equal": True,
    "mean_kl": 0.21,
    "top1_match": 0.6,
    "greedy_match": 0.0,
    "perplexity_ratio": 1.08,
}


def test_a_verdict_s_reasons_follow_the_language(results, saved):
    verdict, reasons = judge(FIGURES)
    document = FIGURES | {"verdict": verdict, "reasons": reasons}
    (saved / "verify.json").write_text(json.dumps(document), encoding="utf-8")
    page = results()
    line = page.exports.lines["merged"]
    assert set(reasons) <= set(words(line))
    page.window().appearance.use_language("ko")
    said = words(line)
    assert not set(reasons) & set(said)
    assert any("0.21" in each for each in said)


def test_what_was_saved_can_be_compared_again(results, saved, qtbot, monkeypatch):
    (saved / "verify.json").unlink()
    page = results()
    line = page.exports.lines["merged"]
    assert not line.badge.isVisible()
    assert line._verify.text() == "Compare"
    asked: list[Any] = []
    monkeypatch.setattr(line.exporting, "verify", lambda: asked.append(line.report["path"]))
    qtbot.mouseClick(line._verify, LEFT)
    assert asked == [str(saved)]
    assert not page.exports.lines["adapter"]._verify.isVisible()


def test_a_verdict_is_not_told_of_another_quantisation(results, saved, qtbot):
    known = json.loads((saved / "studio.json").read_text(encoding="utf-8"))
    known |= {"format": "gguf", "quant": "q4_k_m"}
    (saved / "studio.json").write_text(json.dumps(known), encoding="utf-8")
    page = results()
    line = page.exports.lines["gguf"]
    assert line.quant.value() == "q4_k_m"
    assert line.badge.isVisible()
    line.quant.setFocus()
    qtbot.keyClick(line.quant, Qt.Key.Key_Down)  # the next one: Q4_0
    qtbot.waitUntil(lambda: line.quant.value() == "q4_0")
    assert not line.badge.isVisible()
    assert str(saved) not in " ".join(words(line))
    assert any("Q4_0: " in each for each in words(line))
    line.quant.show_value(ALONE)
    line._move()
    assert any("there as GGUF already" in each for each in words(line))
    line.quant.show_value("q4_0")
    qtbot.keyClick(line.quant, Qt.Key.Key_Up)
    qtbot.waitUntil(line.badge.isVisible)
    assert str(saved) in " ".join(words(line))


def test_no_quantisation_is_cut_in_its_list_beside_a_verdict(results, saved):
    known = json.loads((saved / "studio.json").read_text(encoding="utf-8"))
    known |= {"format": "gguf", "quant": "q4_k_m"}
    (saved / "studio.json").write_text(json.dumps(known), encoding="utf-8")
    verdict = {"verdict": "red", "reasons": ["It is not so."]}  # the longest words of three
    (saved / "verify.json").write_text(json.dumps(verdict), encoding="utf-8")
    line = results().exports.lines["gguf"]
    assert line.badge.isVisible()
    for name in (*OFFERED, ALONE, BOTH):
        line.quant.show_value(name)
        asked = line.quant.fontMetrics().horizontalAdvance(line.quant.currentText())
        assert asked <= line.quant.width() - ARROW, name


def test_what_was_saved_of_other_weights_is_not_taken_for_this_run_s(results, saved, run):
    (run.result / "adapter_model.safetensors").write_bytes(b"trained further")
    page = results()
    assert str(saved) not in " ".join(words(page.exports))
    assert page.hub.what.count() == 1


def test_a_broken_evaluation_is_told_and_the_page_still_works(results, run):
    run.evaluation.write_text("{", encoding="utf-8")
    page = results()
    told = page.measure.findChildren(FindingBox)
    assert len(told) == 1
    assert "cannot be read" in " ".join(words(told[0]))
    assert "2.000" in words(page.scores)


def test_the_report_is_in_the_language_of_the_window(results, run, qtbot, monkeypatch):
    keep(run, chat())
    opened: list[str] = []
    monkeypatch.setattr(
        measure_card, "open_outside", lambda _, url, told: opened.append(url.toLocalFile())
    )
    page = results()
    for code, title in (("ko", "평가"), ("en", "evaluation")):
        opened.clear()
        page.window().appearance.use_language(code)
        qtbot.mouseClick(page.measure.report, LEFT)
        qtbot.waitUntil(lambda: opened != [])
        text = (run.path / "evaluation.html").read_text(encoding="utf-8")
        assert opened == [str(run.path / "evaluation.html")]
        assert f'lang="{code}"' in text
        assert title in text


def test_the_sentence_does_not_say_the_title_again(results, run):
    keep(run, chat())
    page = results()
    assert page._title() == "It got better"
    assert page._sentence().endswith("lower.")


def test_how_far_the_engine_is_follows_the_language(results):
    page = results()
    page.measure.measuring.hear(
        {"progress": {"words": "물어보는 중", "share": 0.5, "seconds_left": 0.2, "source": ASKING}}
    )
    told = page.measure.measuring.progress
    assert (told.said, told.left) == ("Asking the trained model", "")
    page.window().appearance.use_language("ko")
    assert told.said == "학습한 모델에 물어보는 중"


def test_what_is_typed_and_is_not_taken_is_said(results, qtbot):
    page = results()
    settings = page.chat.settings
    settings.show()
    settings.temperature.lineEdit().selectAll()
    qtbot.keyClicks(settings.temperature.lineEdit(), "5")
    qtbot.keyClick(settings.temperature, Qt.Key.Key_Return)
    assert settings.temperature.value() == 0
    assert settings._note.plain == (
        "Temperature cannot be 5; it stays at 0. It takes a number from 0 to 2."
    )
    page.window().appearance.use_language("ko")
    assert settings._note.plain.startswith("온도")
    settings.temperature.lineEdit().selectAll()
    qtbot.keyClicks(settings.temperature.lineEdit(), "1")
    qtbot.keyClick(settings.temperature, Qt.Key.Key_Return)
    assert settings.temperature.value() == 1
    assert "0 to 2" not in settings._note.plain


def test_enough_ends_both_sides(qtbot, tmp_path, monkeypatch):
    talk = Talk()
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(talk._child, "tell", told.append)
    monkeypatch.setattr(talk, "_start", lambda _: None)
    talk.ask(tmp_path, "?", base=True, chat=True)
    told.clear()
    talk.enough()
    assert told == [{"enough": True}]
    talk._hear({"answer": "half"})
    talk._hear({"piece": "the"})
    assert told == [{"enough": True}] * 2
    talk._hear({"answer": "the"})
    assert not talk.busy


def test_who_waits_for_a_model_can_stop_it(qtbot, tmp_path, monkeypatch):
    talk = Talk()
    monkeypatch.setattr(talk._child, "tell", lambda _: None)
    monkeypatch.setattr(talk._child, "start", lambda *_: None)
    talk.ask(tmp_path, "?", base=True, chat=True)
    assert talk.loading
    talk.enough()
    assert not talk.loading
    assert not talk.busy
    assert not talk.turns[0].waiting
    view = TurnView(talk.turns[0], lambda *_: None)
    qtbot.addWidget(view)
    view.show()
    assert words(view).count("(no answer came)") == 2


def test_a_server_that_is_ready_says_what_it_serves_and_shows_its_code(results, qtbot, monkeypatch):
    page = results()
    card, serving = page.serve, page.serve.serving
    bring_into_sight(card.go)
    monkeypatch.setattr(type(serving), "busy", property(lambda _: True))
    serving.moved.emit()
    assert card.stop.isVisible()
    serving.hear(
        {"ready": True, "url": "http://127.0.0.1:8000/v1", "model": "my-model", "task": "chat"}
    )
    assert "Model: my-model" in words(card)
    qtbot.waitUntil(lambda: card.code.visibleRegion().boundingRect() == card.code.rect())
    monkeypatch.undo()
    card.copy_code.click()
    assert QGuiApplication.clipboard().text() == card.code.toPlainText()
    assert any(each._words.plain == "Copied." for each in page.window().findChildren(Toast))


def test_leaked_rows_and_forgetting_are_warned_of(results, run):
    document = json.loads(chat().model_dump_json())
    document["contamination"] |= {"exact": 2}
    document["forgetting"]["verdict"] = "much"
    run.evaluation.write_text(json.dumps(document), encoding="utf-8")
    told = " ".join(words(results().measure))
    assert "measure memory" in told
    assert "forgot much" in told


OLD = ["accent", "warn"]  # it was trained further since; rows that were learned


class Warned:
    """The page with warnings of what was measured before, while it is measured again."""

    def __init__(self, page: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.page, self.measuring, self._qtbot = page, page.measure.measuring, qtbot
        self._begun: list[tuple[str, ...]] = []
        assert self.tones() == OLD
        monkeypatch.setattr(Ask, "ask", lambda _: "leave")
        monkeypatch.setattr(type(self.measuring), "busy", property(lambda _: bool(self._begun)))
        monkeypatch.setattr(self.measuring, "launch", lambda *asked: self._begun.append(asked))
        page.measure.go.click()
        self.measuring.moved.emit()
        assert self.tones() == []

    def end(self, error: StudioError | None = None) -> None:
        self._begun.clear()
        self.measuring._end(error)

    def speak(self, code: str) -> None:
        """Switch the language, and wait until all of the page has heard of it."""
        self.page.window().appearance.use_language(code)
        QApplication.processEvents()
        at_rest(self._qtbot, lambda: not turns_of(self.page).busy)

    def tones(self) -> list[str]:
        """Of what is told on the card of the measure."""
        below = self.page.measure._below
        return [below.itemAt(place).widget()._tone for place in range(below.count())]

    def says(self, text: str) -> bool:
        """Whether the card says so in sight."""
        QApplication.processEvents()
        return text in " ".join(words(self.page.measure))


@pytest.fixture
def warned(results, run, qtbot, monkeypatch):
    document = json.loads(chat().model_dump_json())
    document["contamination"] |= {"exact": 2}
    run.evaluation.write_text(json.dumps(document), encoding="utf-8")
    return Warned(results(), qtbot, monkeypatch)


def test_old_warnings_stay_away_while_it_is_measured_again(warned):
    warned.speak("ko")
    assert warned.tones() == []


def test_old_warnings_are_back_where_the_measure_was_stopped(warned):
    warned.end()
    assert warned.tones() == OLD
    warned.speak("ko")
    assert warned.tones() == OLD
    assert warned.says("외운 정도")


def test_why_a_measure_failed_stays_in_either_language(warned):
    warned.end(StudioError("The GPU is gone."))
    for code in ("ko", "en"):
        warned.speak(code)
        assert warned.tones() == ["bad"]
        assert warned.says("The GPU is gone.")


def test_answers_of_the_evaluation_stand_beside_their_reference(results, run):
    keep(run, chat())
    said = words(results().pairs)
    assert "“정말 그래요?”" in said
    assert "In the data: 네." in said
    assert "(it said nothing)" in said


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_blind_vote_counts_for_whose_answer_it_was(results, run, qtbot, place):
    keep(run, chat())
    page = results()
    qtbot.mouseClick(page.pairs.blind, LEFT)
    assert "Base model" not in words(page.pairs)
    swapped = page.pairs._swapped
    qtbot.mouseClick(page.pairs.choices[place], LEFT)
    side = "tie" if place == 2 else "tuned" if (place == 1) != swapped else "base"
    assert tally(run) == Tally(**{side: 1})
    assert {"Base model", "Tuned model"} <= set(words(page.pairs))
    first = page.pairs._labels[0].plain
    assert first == ("Tuned model" if swapped else "Base model")
    assert not page.pairs.choices[0].isEnabled()  # it stays in its place: nothing below moves
    assert page.pairs._votes.plain == page.chat._votes.plain
    assert f"{side if side != 'tie' else 'the same'} 1" in page.chat._votes.plain


def test_a_turn_hides_whose_answer_is_whose_until_the_vote(qtbot):
    turn = Turn("왜?", (TUNED, BASE), blind=True, answers={BASE: "몰라요", TUNED: "그래서요"})
    talk, votes = Talk(), []
    view = TurnView(turn, lambda *vote: votes.append(vote))
    qtbot.addWidget(view)
    view.show()
    assert turn.open
    assert "Tuned model" not in words(view)
    assert words(view)[1:3] == ["Answer A", "그래서요"]
    assert talk.like(turn, "first") == "tuned"
    shown = TurnView(turn, lambda *_: None)
    qtbot.addWidget(shown)
    shown.show()
    assert words(shown)[1] == "Tuned model"
    assert not turn.open


@pytest.mark.parametrize(("choice", "side"), [("second", "base"), ("neither", "tie")])
def test_a_vote_is_for_the_side_behind_the_letter(choice, side):
    turn = Turn("왜?", (TUNED, BASE), blind=True, answers={BASE: "a", TUNED: "b"})
    assert Talk().like(turn, choice) == side


def test_the_settings_are_what_both_models_get(results, qtbot):
    page = results()
    settings = page.chat.settings
    assert not settings.isVisible()
    qtbot.mouseClick(page.chat._more, LEFT)
    assert settings.isVisible()
    settings.system.setText("짧게 답해 주세요.")
    settings.temperature.setValue(0.7)
    settings.stop.setText("\n")
    manner = settings.manner()
    assert manner == Manner("짧게 답해 주세요.", 256, 0.7, 1.0, 0, ("\n",))
    assert manner.document()["temperature"] == pytest.approx(0.7)


def test_an_engine_that_cannot_measure_says_why(results, run, qtbot):
    page = results()
    (run.result / "studio.json").write_text("broken", encoding="utf-8")
    qtbot.mouseClick(page.measure.go, LEFT)
    qtbot.waitUntil(lambda: "no result yet" in " ".join(words(page.measure)), timeout=300_000)
    assert page.measure.go.isVisible()


def test_what_is_being_saved_is_not_given_up_unasked(results, monkeypatch):
    page = results()
    window = page.window()
    line = page.exports.lines["merged"]
    monkeypatch.setattr(type(line), "writing", property(lambda each: each is line))
    answers = iter(["stay", "leave"])
    monkeypatch.setattr(Ask, "ask", lambda _: next(answers))
    window.show_start()
    assert window.project is not None
    window.show_start()
    assert window.project is None


@pytest.mark.parametrize(
    ("part", "asked"),
    [("hub.uploading", "still being uploaded"), ("measure.measuring", "still being measured")],
)
def test_an_upload_or_a_measure_is_not_ended_unasked(results, monkeypatch, part, asked):
    page = results()
    window = page.window()
    card, doing = part.split(".")
    driven = getattr(getattr(page, card), doing)
    said: list[str] = []

    def answer(dialog):
        said.extend(each.plain for each in dialog.findChildren(Text))
        return "stay"

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(type(driven), "busy", property(lambda each: each is driven))
        meanwhile.setattr(Ask, "ask", answer)
        window.show_start()
    assert window.project is not None
    assert asked in " ".join(said)


def test_the_cards_come_in_turns_of_their_own_in_their_order(results):
    page = results()
    cards = [page._body.itemAt(n).widget() for n in range(page._body.count() - 1)]
    assert cards[:4] == [page.scores, page._best, page.measure, page.pairs]
    assert cards[5:8] == [page.chat, page._saved, page.serve]
    assert page.hub.parentWidget() is page._saved
    assert len(cards) == 9
