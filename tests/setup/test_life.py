"""After the set-up: repair, another place, an offline bundle, removal."""

import json
import shutil
import subprocess

import pytest

from finetune_studio import installed
from finetune_studio.catalog import access
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.setup import life
from finetune_studio.setup.bundle import Target, make
from finetune_studio.setup.claim import claimed
from finetune_studio.setup.training import Request, Training
from tests.conftest import ROOT
from tests.helpers.command import call
from tests.helpers.wheels import make_wheel


def quiet(_):
    return None


@pytest.fixture
def ready(kit, home, monkeypatch):
    """Training is set up, and the Hub's cache is this test's own."""
    monkeypatch.setenv("HF_HOME", str(home / "hub"))
    job = Training(Request(home, "cpu"))
    job.run(job.plan(), quiet)
    return kit


def test_what_computes_is_left_alone(ready):
    before = installed.training_environment().stat().st_ino
    assert life.repair(quiet) is False
    assert installed.training_environment().stat().st_ino == before


def test_what_does_not_compute_is_made_again(ready, home):
    proof = next(installed.training_environment().rglob("prove.py"))
    proof.unlink()
    assert life.repair(quiet) is True
    assert next(installed.training_environment().rglob("prove.py"))


def test_newer_libraries_are_seen_and_installed(ready):
    assert not life.state().outdated
    make_wheel(ready.wheels, "trl", "1.16.0")
    ready.lock("peft", "trl")
    assert life.state().outdated
    assert life.repair(quiet) is True
    assert not life.state().outdated
    assert next(installed.training_environment().rglob("trl-*.dist-info"))


def test_it_moves_to_another_drive_and_computes_there(ready, home, tmp_path):
    place = life.move(tmp_path / "다른 드라이브")
    assert installed.training_environment() == place
    assert not (home / "environment").exists()
    assert life.repair(quiet) is False
    with pytest.raises(RefusedError, match="already"):
        life.move(tmp_path / "다른 드라이브")


def test_what_is_in_use_is_not_moved(ready, home, tmp_path):
    python = installed.python_of(installed.training_environment())
    with subprocess.Popen([python, "-c", "import time; time.sleep(60)"]) as training:
        with pytest.raises(RefusedError, match="is running"):
            life.move(tmp_path / "other")
        training.kill()
    assert python.exists()
    assert not (tmp_path / "other").exists()


def test_a_move_that_fails_leaves_the_old_one(ready, home, tmp_path):
    next((home / "environment").rglob("prove.py")).unlink()
    with pytest.raises(StudioError, match="does not compute"):
        life.move(tmp_path / "other")
    assert not (tmp_path / "other" / "environment").exists()
    assert installed.training_environment() == home / "environment"


def test_removal_keeps_what_a_person_made_unless_it_is_named(ready, home):
    run = home / "runs" / "my-run"
    run.mkdir(parents=True)
    (run / "adapter.safetensors").write_bytes(b"x" * 1000)
    (home / "window").mkdir()
    done = call("setup", "remove")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    done = call("setup", "remove", "--yes")
    assert done.returncode == 0, done.stderr
    assert "stays: runs" in done.stdout
    assert {each.name for each in home.iterdir()} == {"runs", "setup.json"}
    done = call("setup", "remove", "--yes", "--runs", "--preferences")
    assert not home.exists()


def places(home):
    """Everything that this program may leave in the data folder, as its modules name it."""
    from finetune_studio import paths, preferences
    from finetune_studio.export import about, llama

    files = [preferences.file(), about._memory(), home / "last-error.txt", home / "setup.json"]
    folders = [llama.place(), paths.runs(), home / "projects", home / "window", home / "python"]
    for file in files:
        file.touch()
    for folder in folders:
        folder.mkdir(exist_ok=True)
    return [*files, *folders]


def test_all_that_is_left_belongs_to_a_part(ready, home, monkeypatch):
    monkeypatch.delenv("FINETUNE_STUDIO_LLAMA", raising=False)
    monkeypatch.setattr(access, "_keyring", lambda: None)
    made = places(home)
    known = {folder for part in life.parts() for folder in part.folders}
    assert set(home.iterdir()) <= known
    assert set(made) <= known
    life.remove(life.parts())
    assert not home.exists()


def test_the_windows_uninstaller_names_the_same(ready, home, monkeypatch):
    monkeypatch.delenv("FINETUNE_STUDIO_LLAMA", raising=False)
    places(home)
    script = (ROOT / "packaging" / "windows" / "installer.nsi").read_text(encoding="utf-8")
    for path in home.iterdir():
        assert f'"${{DATA}}\\{path.name}"' in script


def test_the_hub_token_leaves_the_keyring_with_the_preferences(ready, home, monkeypatch):
    class Safe:
        tokens = {(access.SERVICE, access.USER): "hf_right"}  # noqa: RUF012

        def delete_password(self, *key):
            del self.tokens[key]

    monkeypatch.setattr(access, "_keyring", Safe)
    life.remove(part for part in life.parts() if not part.personal)
    assert Safe.tokens
    life.remove(part for part in life.parts() if part.key == "preferences")
    assert not Safe.tokens


def test_nothing_is_removed_while_it_runs(ready, home):
    python = installed.python_of(installed.training_environment())
    code = "print('here', flush=True); import time; time.sleep(60)"
    with subprocess.Popen([python, "-c", code], stdout=subprocess.PIPE) as training:
        assert training.stdout.readline().strip() == b"here"
        done = call("setup", "remove", "--yes")
        training.kill()
    assert done.returncode == 2
    assert "is running" in done.stderr
    assert str(training.pid) in done.stderr
    assert python.exists()
    with claimed(home):  # as a first start does, whose Python is another
        done = call("setup", "remove", "--yes")
    assert done.returncode == 2
    assert "Another copy" in done.stderr
    assert python.exists()
    assert call("setup", "remove", "--yes").returncode == 0
    assert not python.exists()


def test_a_window_that_outlives_its_package_says_so(ready, home):
    shutil.rmtree(ready.folder)
    assert not life.state().outdated
    with pytest.raises(RefusedError, match="gone"):
        life.repair(quiet, force=True)
    assert call("setup", "show").returncode == 0


def test_a_bundle_sets_up_without_a_network(ready, home, tmp_path, monkeypatch):
    ready.lock("peft", file="window.txt")
    out = tmp_path / "묶음"
    wheels = make(ready.program, Target("linux", "3.11", "cpu"), out, quiet)
    told = json.loads((out / "bundle.json").read_text())
    assert set(told["files"]) == {each.file for each in wheels}
    assert {each.name for each in (out / "wheels").glob("*.whl")} == set(told["files"])
    assert not (out / "work").exists()
    shutil.rmtree(home / "environment")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    job = Training(Request(home, "cpu", out))
    job.run(job.plan(), quiet)
    assert installed.can_train()


def test_a_bundle_is_not_written_over_something_else(ready, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(RefusedError, match="something else"):
        make(ready.program, Target("linux", "3.11", "cpu"), tmp_path / "mine", quiet)
