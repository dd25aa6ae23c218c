"""The history: every run found and told in figures, side by side, and deleted with care."""

import pytest

from finetune_studio import paths
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs import comparing, deleting, events, history
from finetune_studio.runs.folder import RunFolder
from tests.helpers.past import T0, past_run


def test_a_run_in_figures(tmp_path):
    run = past_run(tmp_path / "실험", model__source="maker/model", method__kind="full")
    found = history.summary_of(run)
    assert (found.model, found.task, found.method) == ("maker/model", "chat", "full")
    assert (found.status, found.ending) == ("finished", "Training finished.")
    assert (found.best_loss, found.best_step) == (2.0, 10)
    assert (found.step, found.steps, found.seconds) == (20, 20, 4.0)
    assert found.size == sum(path.stat().st_size for path in run.path.iterdir())
    assert not found.has_result
    assert found.as_dict()["path"] == str(run.path)


ENDS = {
    "stopped": events.Stopped(time=T0 + 9, step=20, reason="stop-and-save"),
    "failed": events.Failed(time=T0 + 9, title="The disk is full.", detail="No space left."),
    "finished": events.Finished(time=T0 + 9, step=20, reason="early-stopping"),
}


@pytest.mark.parametrize("status", ENDS)
def test_each_end_has_its_status(tmp_path, status):
    found = history.summary_of(past_run(tmp_path / "run", end=ENDS[status]))
    assert found.status == status
    if status == "failed":
        assert found.ending == "The disk is full. No space left."


def test_a_run_that_goes_on_and_one_that_never_began(child, until):
    run, start = child("begin(); step(3)\nforever()")
    assert history.summary_of(run).status == "new"
    trainer = start()
    until(lambda: history.summary_of(run).step == 3)
    assert history.summary_of(run).status == "running"
    with pytest.raises(RefusedError, match="running"):
        deleting.delete(run)
    assert trainer.is_alive()
    assert run.recipe.is_file()


def test_a_killed_run_has_failed(child):
    run, start = child("begin(); step(3)\nos.kill(os.getpid(), 9)")
    list(start().follow())
    assert history.summary_of(run).status == "failed"
    assert "signal 9" in history.summary_of(run).ending


def test_runs_come_from_everywhere_newest_first_and_broken_ones_are_told(tmp_path):
    old = past_run(paths.runs() / "old")
    new = past_run(tmp_path / "elsewhere" / "new")
    direct = past_run(tmp_path / "direct")
    for when, run in enumerate((old, new, direct)):
        run.note(created=T0 + when)
    broken = past_run(tmp_path / "elsewhere" / "broken")
    broken.info_file.write_text("{", encoding="utf-8")
    lost = past_run(paths.runs() / "lost")
    lost.info_file.unlink()
    (tmp_path / "elsewhere" / "photos").mkdir()
    (tmp_path / "elsewhere" / "notes.txt").write_text("mine")
    found = history.find([tmp_path / "elsewhere", direct.path, tmp_path / "elsewhere"])
    assert [run.path for run in found.runs] == [direct.path, new.path, old.path]
    assert {each.path for each in found.broken} == {broken.path, lost.path}
    assert all("run.json" in each.why for each in found.broken)


def test_no_runs_folder_is_no_runs():
    assert history.find() == history.History([], [])


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RefusedError, match="nowhere"):
        history.find([tmp_path / "nowhere"])


def test_a_broken_recipe_is_said_and_the_rest_is_told(tmp_path):
    run = past_run(tmp_path / "run")
    run.recipe.write_text("traning: {}\n", encoding="utf-8")
    found = history.summary_of(run)
    assert found.best_loss == 2.0
    assert found.model == ""
    assert "training" in found.problem


def test_a_run_is_found_by_its_name_or_its_path(tmp_path):
    run = past_run(paths.runs() / "2026-01-01 1200 실험")
    assert history.locate("2026-01-01 1200 실험") == run
    assert history.locate(run.path) == run
    with pytest.raises(RefusedError, match="not a run"):
        history.locate(tmp_path)
    with pytest.raises(RefusedError, match="not a run"):
        history.locate("실험")


def test_side_by_side_only_what_differs(tmp_path):
    one = past_run(tmp_path / "one", training__learning_rate=1e-4)
    two = past_run(tmp_path / "two", (3.0, 1.5), method__kind="full")
    found = comparing.compare([one, two])
    assert found.settings["training.learning_rate"] == [1e-4, 2e-4]
    assert found.settings["method.kind"] == ["lora", "full"]
    assert found.settings["method.rank"] == [16, None]
    assert "training.seed" not in found.settings
    assert found.metrics["validation loss"] == [2.0, 1.5]
    assert found.metrics["best step"] == [10, 10]
    assert found.metrics["tokens per second"] == [150.0, 100.0]
    assert found.metrics["training loss"] == [3.5, 2.5]
    assert found.metrics["seconds"] == [4.0, 3.0]


def test_a_run_is_deleted_whole(tmp_path):
    run = past_run(tmp_path / "runs" / "run")
    (run.result).mkdir()
    (run.result / "adapter_model.safetensors").write_bytes(b"x")
    deleting.delete(run)
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.parametrize("kind", ["photos", "recipe alone", "broken", "link", "nothing"])
def test_what_is_not_a_run_is_never_deleted(tmp_path, kind):
    place = tmp_path / "place"
    if kind == "photos":
        place.mkdir()
        (place / "cat.jpg").write_bytes(b"x")
    elif kind == "recipe alone":
        place.mkdir()
        store.save(Recipe(), place / "recipe.yaml")
    elif kind == "broken":
        past_run(place).info_file.write_text('{"format": "other"}')
    elif kind == "link":
        place.symlink_to(past_run(tmp_path / "real").path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RefusedError):
        deleting.delete(RunFolder(place))
    assert sorted(tmp_path.rglob("*")) == before


def test_what_cannot_be_deleted_is_named(tmp_path, monkeypatch):
    """Run as root, no mode forbids deleting: the refusal is made."""
    run = past_run(tmp_path / "run")

    def refuse(path):
        raise OSError(16, "Device or resource busy", str(path))

    monkeypatch.setattr(deleting.shutil, "rmtree", refuse)
    with pytest.raises(StudioError, match="busy"):
        deleting.delete(run)
    with pytest.raises(RefusedError):
        run.info()
