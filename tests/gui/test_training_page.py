"""The page of the training in the states that a run comes to: what it says, and what it offers."""

import shutil
import sys
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from finetune_studio.gui import language
from finetune_studio.gui.coach import Remark
from finetune_studio.gui.pages.coach_words import ACTIONS, coach_action, coach_detail, coach_title
from finetune_studio.gui.pages.longer import Longer
from finetune_studio.gui.pages.notices import sentence
from finetune_studio.gui.tokens import Size
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe import store
from finetune_studio.runs import events as said
from tests.gui.scenes import STEPS_IN_ALL, begin, record, train, whole
from tests.gui.trainers import WHOLE, make_run

LEFT = Qt.MouseButton.LeftButton


def words(widget):
    return " ".join(each.plain for each in widget.findChildren(Text) if each.isVisible())


def follow(stage, events, *, alive=False):
    stage.project()
    stage.follow(record(stage.folder, "run", events, alive=alive))
    return stage.page("training")


def test_a_run_that_ended_after_its_best_checkpoint_is_not_said_to_improve_still(stage):
    def held(step):
        return 3.4 + abs(step - 192) / 4000

    page = follow(stage, whole(train(STEPS_IN_ALL, held=held, every=64)))
    said_now = words(page._aside)
    assert "still falls" not in said_now
    assert "lowest at step 192: 3.400" in said_now


def test_a_failed_run_is_not_praised(stage):
    failed = said.Failed(title="It broke.", detail="Here is why.", hint="Try this.")
    page = follow(stage, [*begin(), *train(70), failed])
    assert "well" not in words(page._aside)
    assert "Here is why." in words(page)


def test_why_a_run_failed_follows_the_language_and_not_that_of_the_run(stage):
    detail = {"text": "The trainer ended with exit code {code}.", "values": {"code": 7}}
    failed = said.Failed(
        title="디스크가 꽉 찼어요.",
        detail="학습 프로세스가 종료 코드 7로 끝났어요.",
        hint="As it stands.",
        sources={"title": {"text": "The disk is full.", "values": {}}, "detail": detail},
    )
    page = follow(stage, [*begin(), *train(70), failed])
    box = page._failure.itemAt(0).widget()
    language.use("en")
    expected = "The disk is full. The trainer ended with exit code 7.\nAs it stands."
    assert words(box) == expected
    language.use("ko")
    assert "The disk" not in words(box)
    assert "7" in words(box)
    language.use("en")
    assert words(box) == expected


def test_without_its_folder_a_run_is_trained_again_and_not_resumed(stage):
    failed = said.Failed(title="It broke.")
    page = follow(stage, [*list(whole(train(STEPS_IN_ALL)))[:-1], failed])
    assert page._watch.state.checkpoints
    assert page._status.resume.isVisible()
    shutil.rmtree(page._watch.run.path)
    page._refresh()
    assert not page._status.resume.isVisible()
    assert page._status.again.isVisible()


def test_until_there_is_something_to_say_the_coach_tells_what_it_waits_for(stage):
    page = follow(stage, list(begin())[:1], alive=True)
    assert "Getting ready" in words(page._aside)
    stage.open.watch.leave()
    stage.follow(record(stage.folder, "other", [*begin(), *train(20)], alive=True))
    assert "Too early to say" in words(page._aside)
    stage.open.watch.leave()
    stage.follow(record(stage.folder, "third", [*begin(), *train(100)], alive=True))
    assert "Too early" not in words(page._aside)
    assert page._aside.findChild(FindingBox) is not None


def test_the_start_counts_its_seconds_until_the_first_step(stage):
    page = follow(stage, list(begin())[:1], alive=True)
    status = page._status
    assert status._waiting.seconds > 0
    status._waiting._begun -= 120
    status._waiting.ticked.emit()
    assert "2 minutes so far" in words(status)
    stage.open.watch.leave()
    stage.follow(record(stage.folder, "other", [*begin(), *train(20)], alive=True))
    assert status._waiting.seconds == 0
    assert "so far" not in words(status)


def test_the_curves_stay_as_they_are_when_the_first_answer_comes(stage, qtbot):
    stage.window.resize(1360, 1000)
    page = follow(stage, [*begin(), *train(20)], alive=True)
    stage.window.wizard.go("training")
    qtbot.waitUntil(lambda: page._loss.height() > 0)
    before = page._loss.height()
    stage.open.watch.leave()
    answer = said.Sample(step=0, prompt="언제 오나요?", text="글쎄")
    stage.follow(record(stage.folder, "other", [*begin(), answer, *train(20)], alive=True))
    qtbot.waitUntil(page._samples.isVisible)
    qtbot.wait(100)
    assert abs(page._loss.height() - before) <= 2


def test_an_answer_that_is_alone_has_none_beside_it(stage):
    first = said.Sample(step=0, prompt="언제 오나요?", text="글쎄")
    page = follow(stage, [*begin(), first, *train(20)], alive=True)
    assert page._samples.isVisible()
    assert not page._samples._slider.isVisible()
    assert words(page._samples).count("글쎄") == 1


def test_the_plan_says_what_the_run_takes(stage):
    stage.project()
    panel = stage.window.wizard._panel
    assert "first guess" in words(panel._time)
    stage.follow(record(stage.folder, "run", [*begin(), *train(150)], alive=True))
    assert "as this run goes" in words(panel._time)
    assert "19 minutes" in words(panel._time)  # loading for 100 s, 255 steps of 4 s
    stage.open.watch.leave()
    stage.follow(record(stage.folder, "other", whole(train(STEPS_IN_ALL))))
    assert "the last run took" in words(panel._time)


def test_what_the_coach_offers_is_done(stage, qtbot):
    page = follow(
        stage,
        [
            *begin(),
            *train(120, loss=lambda n: 4 - n / 40 if n < 60 else 2.5 + n / 20),
            said.Stopped(step=120, reason="asked"),
        ],
    )
    before = stage.open.session.recipe.training.learning_rate
    box = page._aside.findChild(FindingBox)
    box.fix_pressed.emit()
    qtbot.waitUntil(
        lambda: stage.open.session.recipe.training.learning_rate == pytest.approx(before / 2)
    )
    qtbot.waitUntil(lambda: stage.window.wizard.current_key == "hyperparameters")


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("kind", ["diverges", "overfits", "flat", "slows", "falls", "near"])
def test_the_coach_has_a_title_a_sentence_and_a_known_action(kind, ended):
    found = Remark(kind, 1234, 2.5)
    assert coach_title(found, ended)
    assert "1,234" in coach_detail(found, ended) or "2.500" in coach_detail(found, ended)
    assert coach_action(found, ended) in ("", *ACTIONS)


def test_what_the_trainer_noticed_is_shown_once_a_kind(stage):
    def notice(step):
        return said.Notice(
            level="warning", code="slow", text="Step {step} was slow.", values={"step": step}
        )

    page = follow(stage, [*begin(), notice(1), *train(9), notice(9)], alive=True)
    assert page._notices.isVisible()
    assert words(page._notices) == "Step 9 was slow."


def test_a_notice_whose_values_are_missing_is_shown_as_it_stands():
    assert sentence(said.Notice(level="advice", code="x", text="{a} rows")) == "{a} rows"


def test_the_way_to_the_results_opens_when_the_run_has_ended(stage):
    page = follow(stage, [*begin(), *train(30)], alive=True)
    footer = stage.window.wizard._footer
    assert not footer.onward.isEnabled()
    assert "when the training ends" in footer._words.plain
    assert not page._status.extend.isVisible()
    stage.open.watch.leave()
    stage.follow(record(stage.folder, "other", whole(train(STEPS_IN_ALL))))
    assert footer.onward.isEnabled()
    assert page._status.extend.isVisible()


def test_what_blocks_the_start_is_led_to(stage, qtbot):
    stage.window.new_project()
    stage.show("training")
    page = stage.page("training")
    assert not page._start.isVisible()
    qtbot.mouseClick(page._mend, LEFT)
    qtbot.waitUntil(lambda: stage.window.wizard.current_key == "dataset")


@pytest.mark.parametrize(("limit", "setting", "value"), [(0, "epochs", 4), (100, "max_steps", 200)])
def test_a_finished_run_is_asked_how_far_it_goes_on(stage, qtbot, limit, setting, value):
    run = record(stage.folder, "run", whole(train(9)))
    changed = store.with_changes(store.load(run.recipe), {"training.max_steps": limit})
    store.save(changed, run.recipe)
    asked = Longer(stage.window, run)
    qtbot.addWidget(asked)
    assert asked.changes() == {f"training.{setting}": value}
    assert asked.field.minimum() > getattr(changed.training, setting)


def test_going_on_further_writes_the_runs_recipe_and_starts_it(stage, qtbot, monkeypatch):
    from finetune_studio.runs import process

    run, _ = make_run(stage.folder, WHOLE)
    script, started = stage.folder / f"{run.info().name}.py", []

    def command(path, resume=False):
        started.append(resume)
        return [sys.executable, str(script), str(path)]

    monkeypatch.setattr(process, "trainer_command", command)
    stage.project()
    stage.follow(record(stage.folder, "run", whole(train(9))))
    stage.open.watch.leave()
    stage.open.watch.run = run
    with qtbot.waitSignal(stage.open.watch.ended, timeout=20_000):
        stage.open.watch.resume({"training.epochs": 5})
    assert started == [True]
    assert store.load(run.recipe).training.epochs == 5


def test_the_best_checkpoint_is_named_however_old_it_is(stage):
    page = follow(
        stage, whole(train(STEPS_IN_ALL, held=lambda n: 2.5 + abs(n - 32) / 90, every=16))
    )
    assert "32 (best)" in page._log._checkpoints.plain


def test_what_was_just_drawn_is_drawn_again_when_more_has_come(stage):
    """Resuming draws the curves empty, then reads the run: no later event may come for long."""
    page = follow(stage, [*begin(), *train(40)], alive=True)
    page._due.clear()
    page._refresh()
    page._draw_next()  # the loss, before the others
    page._refresh()
    assert page._loss.draw in page._due
    assert len(page._due) == 3


def test_the_page_tells_of_the_run_s_epochs_and_that_the_project_was_changed(stage):
    stage.project({"training.epochs": 6})
    session = stage.open.session
    asked = session.recipe.model_dump(mode="json")
    events = [
        replace(each, asked=asked) if isinstance(each, said.Started) else each
        for each in whole(train(STEPS_IN_ALL))
    ]
    stage.follow(record(stage.folder, "run", events))
    page = stage.page("training")
    assert "of 6" in page._status._epoch.plain
    assert not page._since.isVisible()
    session.change({"name": "other"})
    assert not page._since.isVisible()
    session.change({"training.epochs": 3})
    stage.wait()
    assert "of 6" in page._status._epoch.plain
    assert "next training" in words(page._since)
    session.undo()
    stage.wait()
    assert not page._since.isVisible()


def test_a_run_without_a_checkpoint_is_not_offered_to_go_on(stage):
    failed = said.Failed(title="There is no file.", detail="", hint="")
    page = follow(stage, [*begin(), failed])
    assert not page._status.resume.isVisible()
    assert page._status.again.isVisible()
    assert not stage.window.wizard._footer.onward.isEnabled()


@pytest.mark.parametrize("code", ["ko", "en"])
def test_a_window_made_narrow_cuts_nothing_off(stage, qtbot, code):
    language.use(code)
    stage.window.resize(1500, 900)
    page = follow(stage, [*begin(), *train(200)], alive=True)
    qtbot.waitUntil(page._loss._best.isVisible)
    stage.window.resize(*Size.least)
    content = page._status.parentWidget()
    qtbot.waitUntil(lambda: content.width() <= content.parentWidget().width())
    assert not page._loss._best.isVisible()
    ends = page._status.stop
    qtbot.waitUntil(lambda: ends.mapTo(page, ends.rect().topRight()).x() < page.width())


def test_the_drawer_of_the_log_follows_the_language_while_nothing_moves(stage):
    page = follow(stage, [*begin(), *train(150), said.Phase(name="paused")], alive=True)
    assert "checkpoints" in page._log._checkpoints.plain
    stage.window.appearance.use_language("ko")
    stage.wait()
    assert "checkpoints" not in page._log._checkpoints.text()
    assert page._log._checkpoints.text() == page._log._checkpoints.plain != ""
