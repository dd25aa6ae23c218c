"""The command `runs`: one JSON document or lines for a person, and consent before deleting."""

import json

import pytest

from finetune_studio import cli, paths
from finetune_studio.runs import events
from tests.helpers.past import T0, past_run


@pytest.fixture
def say(capsys):
    def call(*arguments):
        code = cli.main(["runs", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_an_empty_list_says_where_it_looked(say):
    code, out, _ = say("list")
    assert code == 0
    assert str(paths.runs()) in out


def test_the_list(say):
    past_run(paths.runs() / "첫 실행").note(created=T0)
    past_run(paths.runs() / "둘째", end=events.Failed(time=T0 + 9, title="Full.")).note(
        created=T0 + 1
    )
    (paths.runs() / "broken").mkdir()
    (paths.runs() / "broken" / "run.json").write_text("{")
    code, out, told = say("list")
    assert code == 0
    rows = out.splitlines()
    assert rows[1].split()[:3] == ["둘째", "demo", "chat"]
    assert "failed" in rows[1]
    assert rows[2].startswith("첫 실행")
    assert "broken" in told
    assert "broken" not in out
    found = json.loads(say("list", "--json")[1])
    assert [run["status"] for run in found["runs"]] == ["failed", "finished"]
    assert len(found["broken"]) == 1


def test_one_run_in_full(say, tmp_path):
    notice = events.Notice(
        time=T0 + 9, level="warning", code="x", text="{count} rows were left out.",
        values={"count": 3},
    )  # fmt: skip
    run = past_run(tmp_path / "run", end=notice)
    code, out, _ = say("show", run.path)
    assert code == 0
    assert "2 (step 10)" in out
    assert "warning: 3 rows were left out." in out
    found = json.loads(say("show", run.path, "--json")[1])
    assert found["best_loss"] == 2.0
    assert [each["step"] for each in found["evaluations"]] == [0, 10, 20]
    assert found["recipe"]["training"]["batch_size"] == 4


def test_side_by_side(say):
    past_run(paths.runs() / "one")
    past_run(paths.runs() / "two", training__batch_size=8)
    code, out, _ = say("compare", "one", "two")
    assert code == 0
    rows = [line.split() for line in out.splitlines()]
    assert ["training.batch_size", "4", "8"] in rows
    assert ["validation", "loss", "2", "2"] in rows
    found = json.loads(say("compare", "one", "two", "--json")[1])
    assert found["settings"] == {"training.batch_size": [4, 8]}
    assert [run["name"] for run in found["runs"]] == ["one", "two"]


def test_runs_of_one_recipe_have_no_difference(say):
    past_run(paths.runs() / "one")
    past_run(paths.runs() / "two")
    assert "All settings are the same." in say("compare", "one", "two")[1]


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_nothing_is_deleted_without_consent(say, more):
    run = past_run(paths.runs() / "one")
    code, out, told = say("delete", "one", *more)
    assert code == 2
    assert "--yes" in told
    assert run.recipe.is_file()
    assert ("error" in json.loads(out)) if more else not out


def test_with_consent_all_or_none_are_deleted(say, tmp_path):
    one, two = past_run(paths.runs() / "one"), past_run(tmp_path / "two")
    (tmp_path / "photos").mkdir()
    code, _, told = say("delete", "one", tmp_path / "photos", "--yes")
    assert code == 2
    assert "photos" in told
    assert one.recipe.is_file()
    done = json.loads(say("delete", "one", two.path, "--yes", "--json")[1])
    assert done["deleted"] == [str(one.path), str(two.path)]
    assert done["bytes"] > 0
    assert not one.path.exists()
    assert not two.path.exists()


@pytest.mark.parametrize(("answer", "gone"), [("y\n", True), ("n\n", False), ("", False)])
def test_on_a_terminal_it_asks(say, monkeypatch, answer, gone):
    run = past_run(paths.runs() / "one")

    class Terminal:
        def isatty(self):
            return True

        def readline(self):
            return answer

    monkeypatch.setattr("sys.stdin", Terminal())
    code, _, told = say("delete", "one")
    assert code == 0
    assert "Delete? [y/N]" in told
    assert run.path.exists() != gone


@pytest.mark.parametrize("part", ["show", "delete"])
def test_no_such_run_is_refused(say, part):
    code, out, told = say(part, "nowhere", "--json")
    assert code == 2
    assert json.loads(out)["error"]["title"]
    assert told.startswith("error: ")
