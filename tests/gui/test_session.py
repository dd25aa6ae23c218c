"""The recipe being edited: changes, history, file."""

import pytest

from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.gui.project import folder, new_session, open_session
from finetune_studio.gui.session import Session, different
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe


@pytest.fixture
def session():
    return Session(Recipe())


def test_a_change_is_told_with_its_paths(session, qtbot):
    with qtbot.waitSignal(session.changed) as told:
        session.change({"training.learning_rate": 1e-4, "training.epochs": 5})
    assert told.args == [frozenset({"training.learning_rate", "training.epochs"})]
    assert session.value("training.epochs") == 5


def test_a_refused_change_changes_nothing(session, qtbot):
    before = session.recipe
    with qtbot.assertNotEmitted(session.changed), pytest.raises(RefusedError):
        session.change({"training.learning_rate": 7})
    assert session.recipe is before
    assert not session.can_undo


def test_the_same_value_is_no_change(session, qtbot):
    with qtbot.assertNotEmitted(session.changed):
        session.change({"training.epochs": 3.0})
    assert not session.can_undo


def test_undo_and_redo_go_there_and_back(session):
    first = session.recipe
    session.change({"training.epochs": 5})
    session.change({"method.rank": 64})
    last = session.recipe
    session.undo()
    session.undo()
    assert session.recipe == first
    assert not session.can_undo
    session.redo()
    session.redo()
    assert session.recipe == last
    session.undo()
    session.change({"training.seed": 1})
    assert not session.can_redo


def test_a_drag_along_a_slider_is_one_step(session):
    for rank in range(1, 30):
        session.change({"method.rank": rank})
    session.undo()
    assert session.value("method.rank") == 16


def test_another_method_tells_of_what_came_and_went(session, qtbot):
    with qtbot.waitSignal(session.changed) as told:
        session.change({"method.kind": "full"})
    assert {"method.kind", "method.rank", "method.master_weights"} <= told.args[0]
    assert not session.has("method.rank")
    assert session.has("method.master_weights")
    assert not session.has("method.kind.x")
    assert not session.has("nothing.here")


def test_a_project_saves_itself(home, qtbot):
    session = new_session(Recipe(), "새 프로젝트: 하나/둘")
    assert session.path.parent == folder()
    with qtbot.waitSignal(session.file_changed):
        session.change({"training.epochs": 7})
    qtbot.waitUntil(lambda: not session.modified)
    assert store.load(session.path).training.epochs == 7
    assert new_session(Recipe(), "새 프로젝트: 하나/둘").path != session.path


def test_a_file_from_elsewhere_waits(tmp_path, qtbot):
    path = tmp_path / "recipe.yaml"
    store.save(Recipe(), path)
    before = path.read_bytes()
    session = open_session(path)
    session.change({"training.epochs": 7})
    session.settle()
    assert path.read_bytes() == before
    assert session.modified
    session.save()
    assert store.load(path).training.epochs == 7
    assert not session.modified


def test_leaving_saves_what_waits(home):
    session = new_session(Recipe(), "x")
    session.change({"training.epochs": 9})
    session.settle()
    assert store.load(session.path).training.epochs == 9


def test_a_disk_that_refuses_is_told_and_nothing_is_lost(home, qtbot, monkeypatch):
    session = new_session(Recipe(), "x")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "save", full)
    with qtbot.waitSignal(session.failed) as told:
        session.change({"training.epochs": 9})
    assert "No space left" in told.args[0].detail
    assert session.modified
    assert session.value("training.epochs") == 9


def test_a_recipe_without_a_file_asks_for_one(session):
    with pytest.raises(StudioError, match="no file"):
        session.save()


def test_a_newer_recipe_is_refused(tmp_path):
    (tmp_path / "r.yaml").write_text("version: 99\n")
    with pytest.raises(RefusedError, match="newer"):
        open_session(tmp_path / "r.yaml")


def test_equal_recipes_do_not_differ():
    assert different(Recipe(), Recipe()) == frozenset()


def test_what_changes_after_it_was_left_is_not_saved(qtbot, tmp_path):
    path = tmp_path / "project.yaml"
    session = Session(Recipe(), path, saves=True)
    session.save()
    session.change({"training.epochs": 5})
    session.leave()
    assert store.load(path).training.epochs == 5
    session.change({"training.epochs": 6})
    assert not session._rest.isActive()
    assert not session.saves_itself
