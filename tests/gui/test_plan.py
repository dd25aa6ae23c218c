"""The plan in the panel: for which machine it is, and what a dry run makes of it."""

import json
import sys

import pytest
from PySide6.QtCore import Qt

from finetune_studio.gui import measuring
from finetune_studio.gui.widgets.text import Text
from tests.gui.scenes import QWEN, begin, record, train

LEFT = Qt.MouseButton.LeftButton
MEASURED = {"peak_bytes": 3 * 2**30, "step_seconds": 0.5, "longest": 40, "out_of_memory": False}


@pytest.fixture
def dry_run(monkeypatch, tmp_path):
    """A program in the place of the engine's dry run; it says and does what it is told."""

    def become(code):
        script = tmp_path / "dry_run.py"
        script.write_text(code, encoding="utf-8")
        monkeypatch.setattr(
            "finetune_studio.gui.child.engine_command",
            lambda name, *arguments, **_: [sys.executable, str(script), name, *arguments],
        )

    become(f"print({json.dumps(json.dumps(MEASURED | {'device': 'cpu'}))})")
    return become


def panel(stage):
    return stage.window.wizard._panel


def words(widget):
    return " ".join(each.plain for each in widget.findChildren(Text) if each.isVisible())


def test_the_plan_is_for_the_gpu_that_is_compared_on_and_the_findings_for_this_machine(
    stage, qtbot
):
    stage.window.preferred.change(gpu="RTX 3080 10GB")
    stage.project({"model.source": QWEN})
    plan = stage.open.facts.plan
    assert plan.estimate.target.name.startswith("RTX 3080")
    assert plan.outlook.here.target.name != plan.estimate.target.name
    assert "not on this computer" in words(panel(stage))
    assert not panel(stage)._head.measure.isVisible()
    qtbot.mouseClick(panel(stage)._place._here, LEFT)
    qtbot.waitUntil(lambda: plan.outlook.gpu == "", timeout=20_000)
    assert plan.estimate is plan.outlook.here
    assert "not on this computer" not in words(panel(stage))


def test_a_dry_run_takes_the_place_of_what_was_reckoned_until_a_setting_changes(
    stage, qtbot, dry_run
):
    stage.project()
    plan, head = stage.open.facts.plan, panel(stage)._head
    reckoned = plan.estimate.plan.total
    qtbot.mouseClick(head.measure, LEFT)
    qtbot.waitUntil(lambda: plan.estimate.plan.total == 3 * 2**30, timeout=20_000)
    assert head._measured.isVisible()
    assert not head.measure.isVisible()
    assert "dry run" in words(panel(stage))
    stage.open.session.change({"training.batch_size": 3})
    qtbot.waitUntil(lambda: plan.estimate.plan.total != 3 * 2**30, timeout=20_000)
    assert head.measure.isVisible()
    stage.open.session.undo()
    qtbot.waitUntil(lambda: plan.estimate.plan.total == 3 * 2**30, timeout=20_000)
    assert reckoned != 3 * 2**30
    stage.open.session.change({"evaluation.every": 7})  # nothing that memory follows from
    assert plan.measuring.result is not None


def test_a_dry_run_is_stopped(stage, qtbot, dry_run):
    dry_run("import time; time.sleep(60)")
    stage.project()
    head, running = panel(stage)._head, stage.open.facts.plan.measuring
    qtbot.mouseClick(head.measure, LEFT)
    assert running.running
    qtbot.mouseClick(head.measure, LEFT)
    qtbot.waitUntil(lambda: not running.running, timeout=10_000)
    assert running.result is None


def test_a_dry_run_that_is_refused_says_why(stage, qtbot, dry_run):
    told = {"error": {"title": "No.", "detail": "Because.", "hint": "Try."}}
    dry_run(f"print({json.dumps(json.dumps(told))}); raise SystemExit(2)")
    stage.project()
    with qtbot.waitSignal(stage.window.door.shown, timeout=20_000) as shown:
        qtbot.mouseClick(panel(stage)._head.measure, LEFT)
    assert shown.args[0].title == "No."


def test_a_project_that_is_left_leaves_no_dry_run(stage, qtbot, dry_run):
    dry_run("import time; time.sleep(60)")
    stage.project()
    running = stage.open.facts.plan.measuring
    running.start()
    qtbot.waitUntil(lambda: running._child.alive)
    stage.window.show_start()
    assert not running._child.alive


def test_nothing_is_measured_while_something_blocks_or_trains(stage, dry_run):
    stage.project({"data.files": ["/nowhere.csv"]})
    assert not panel(stage)._head.measure.isEnabled()
    stage.project()
    assert panel(stage)._head.measure.isEnabled()
    stage.follow(record(stage.folder, "run", [*begin(), *train(20)], alive=True))
    assert not panel(stage)._head.measure.isEnabled()
    assert "At most 7.9 GB was in use" in words(panel(stage))


def test_what_counts_for_a_measurement_is_a_part_of_the_recipe():
    from finetune_studio.recipe.schema import Recipe

    assert set(measuring.COUNTS) <= set(Recipe.model_fields)
