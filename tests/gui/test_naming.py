"""A project is called after its data and model until the person calls it something."""

import pytest

from finetune_studio.gui.naming import SelfNamed, called_after
from finetune_studio.gui.project import new_session
from finetune_studio.gui.session import Session
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe


@pytest.fixture
def session(home, qtbot):
    made = new_session(Recipe(), "New project")
    made.naming = SelfNamed(made)  # it lives as long
    return made


def test_a_new_project_is_called_after_its_data_and_its_model(session):
    assert session.recipe.name == "New project"
    session.change({"model.source": "Qwen/Qwen3-0.6B"})
    assert session.recipe.name == "New project"  # there is no data yet
    session.change({"data.files": ["/data/상담 기록.csv"]})
    assert session.recipe.name == "상담 기록 · Qwen3-0.6B"
    session.change({"model.source": "demo"})
    assert session.recipe.name == "상담 기록 · demo"
    session.settle()
    assert store.load(session.path).name == "상담 기록 · demo"


def test_a_name_that_the_person_gave_stays(session):
    session.change({"data.files": ["a.csv"]})
    session.change({"name": "Mine"})
    session.change({"data.files": ["b.csv"], "model.source": "Qwen/Qwen3-0.6B"})
    assert session.recipe.name == "Mine"


def test_the_name_goes_back_with_the_step_that_brought_it(session):
    session.change({"data.files": ["a.csv"]})
    session.undo()
    assert (session.recipe.data.files, session.recipe.name) == ((), "New project")
    session.redo()
    assert session.recipe.name == f"a · {session.recipe.model.source}"
    session.change({"data.files": []})
    session.change({"data.files": ["b.csv"]})
    assert session.recipe.name == f"b · {session.recipe.model.source}"


def test_a_recipe_from_elsewhere_is_not_renamed(tmp_path, qtbot):
    session = Session(Recipe(), tmp_path / "recipe.yaml")
    session.naming = SelfNamed(session)
    session.change({"data.files": ["a.csv"]})
    assert session.recipe.name == ""


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (["C:\\자료\\상담.xlsx#2월"], "상담 · demo"),
        (["/data/rows.jsonl.gz", "/data/more.csv", "x.csv"], "rows +2 · demo"),
        (["hub:owner/reviews:ko:test"], "reviews · demo"),
        (["/data/folder/"], "folder · demo"),
        ([".csv"], ".csv · demo"),
        ([], ""),
    ],
)
def test_what_a_recipe_is_called_after(files, name):
    asked = store.with_changes(Recipe(), {"data.files": files, "model.source": "demo"})
    assert called_after(asked) == name
