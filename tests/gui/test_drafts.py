"""Projects that no run shows stand on the start page; a run leads back to its project."""

import pytest

from finetune_studio.gui.drafts import project_of, read_drafts
from finetune_studio.gui.widgets.card import PressCard
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.gui.scenes import STEPS_IN_ALL, record, train, whole


@pytest.fixture
def project(tmp_path):
    path = tmp_path / "질문 답.yaml"
    store.save(store.with_changes(Recipe(), {"name": "질문 답"}), path)
    return path


@pytest.fixture
def run(tmp_path, project):
    made = record(tmp_path, "run", whole(train(STEPS_IN_ALL)))
    store.save(store.load(project), made.recipe)
    return made


def test_a_project_without_a_run_is_a_draft(project):
    [found] = read_drafts([str(project)], {}, 3)
    assert (found.path, found.name, found.trained) == (project, "질문 답", False)
    assert (found.model, found.method) == ("demo", "lora")


def test_a_run_of_the_same_recipe_stands_for_its_project(project, run):
    runs = {str(project): str(run.path)}
    assert read_drafts([str(project)], runs, 3) == []
    assert project_of(run, runs) == project
    renamed = store.with_changes(store.load(project), {"name": "다른 이름"})
    store.save(renamed, project)
    assert read_drafts([str(project)], runs, 3) == []


def test_a_project_that_was_changed_since_is_a_draft_again(project, run):
    runs = {str(project): str(run.path)}
    store.save(store.with_changes(store.load(project), {"training.epochs": 9}), project)
    assert [each.trained for each in read_drafts([str(project)], runs, 3)] == [True]
    assert project_of(run, runs) is None


def test_what_is_gone_or_broken_is_passed_over(project, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("model: [", encoding="utf-8")
    names = [str(tmp_path / "gone.yaml"), str(broken), str(project), str(project)]
    assert [each.path for each in read_drafts(names, {}, 1)] == [project]
    gone = {str(project): str(tmp_path / "no run")}
    assert [each.trained for each in read_drafts([str(project)], gone, 1)] == [False]


def test_a_project_that_was_never_trained_stands_on_the_start_page(stage, qtbot):
    stage.window.new_project()
    path = stage.open.session.path
    stage.open.session.change({"name": "내 질문"})
    stage.window.show_start()
    stage.wait()
    page = stage.window.pages.currentWidget()
    [line] = [each for each in page.findChildren(PressCard) if each.accessibleName() == "내 질문"]
    line.pressed.emit()
    qtbot.waitUntil(lambda: stage.window.project is not None)
    assert stage.open.session.path == path


def test_the_run_of_a_project_opens_the_project(stage):
    stage.project()
    path = stage.open.session.path
    run = record(stage.folder, "run", whole(train(STEPS_IN_ALL)))
    store.save(stage.open.session.recipe, run.recipe)
    stage.show("training")
    stage.follow(run)
    stage.window.show_start()
    stage.window.open_path(str(run.path))
    assert stage.open.session.path == path
    assert stage.window.wizard.current_key == "training"
    stage.open.session.change({"training.epochs": 7})
    stage.window.show_start()
    stage.window.open_path(str(run.path))
    assert stage.open.session.path is None  # the project is another by now
