"""What is remembered between two starts, and what happens to a broken file."""

import json
import subprocess
import sys

import pytest
from pydantic import ValidationError

from finetune_studio import preferences
from finetune_studio.preferences import Preferences, load, save


def test_without_a_file_the_defaults_are_in_use_without_a_word():
    assert load() == preferences.Loaded(Preferences())


def test_what_is_saved_is_read_again(home):
    chosen = Preferences(language="ko", theme="dark", advanced=True).with_recent(home / "프로젝트")
    save(chosen)
    assert load() == preferences.Loaded(chosen)
    assert [each.name for each in home.iterdir()] == ["preferences.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00\xff", "[" * 100_000])
def test_a_broken_file_is_put_aside_and_said(home, text):
    (home / "preferences.json").write_text(text, encoding="utf-8")
    found = load()
    assert found.preferences == Preferences()
    assert "preferences.broken.json" in found.notice
    assert (home / "preferences.broken.json").read_text(encoding="utf-8") == text
    save(found.preferences)
    assert load().notice == ""
    assert (home / "preferences.broken.json").exists()


def test_a_second_broken_file_does_not_replace_the_first(home):
    for text in ("{", "}"):
        (home / "preferences.json").write_text(text, encoding="utf-8")
        assert load().notice
    kept = [(home / f"preferences.broken{n}.json").read_text() for n in ("", "1")]
    assert kept == ["{", "}"]


def test_one_wrong_value_costs_that_value_alone(home):
    document = {"language": "ko", "theme": "purple", "advanced": "yes"}
    (home / "preferences.json").write_text(json.dumps(document), encoding="utf-8")
    found = load()
    assert found.preferences == Preferences(language="ko")
    assert "theme" in found.notice
    assert "advanced" in found.notice


def test_what_a_newer_version_wrote_survives(home):
    (home / "preferences.json").write_text('{"language": "en", "later": {"a": [1]}}')
    save(load().preferences.changed(theme="dark"))
    document = json.loads((home / "preferences.json").read_text())
    assert document["later"] == {"a": [1]}
    assert (document["language"], document["theme"]) == ("en", "dark")


def test_a_folder_in_its_place_is_said(home):
    (home / "preferences.json").mkdir()
    found = load()
    assert found.preferences == Preferences()
    assert found.notice


def test_a_failed_write_leaves_the_old_file(home, monkeypatch):
    save(Preferences(language="ko"))
    monkeypatch.setattr(preferences.os, "fsync", lambda _: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        save(Preferences(language="en"))
    monkeypatch.undo()
    assert [each.name for each in home.iterdir()] == ["preferences.json"]
    assert json.loads((home / "preferences.json").read_text())["language"] == "ko"


SAVES = """
import sys
from finetune_studio.preferences import Preferences, save
for _ in range(100):
    save(Preferences(last=sys.argv[1] * int(sys.argv[2])))
"""


def test_two_windows_never_leave_half_of_a_file(home):
    long = [("가", 20_000), ("b", 5)]
    save(Preferences(last="b" * 5))
    both = [subprocess.Popen([sys.executable, "-c", SAVES, each, str(n)]) for each, n in long]
    whole, seen = {each * n for each, n in long}, set()
    while any(each.poll() is None for each in both):
        found = load()
        assert found.notice == ""
        seen.add(found.preferences.last)
    assert [each.returncode for each in both] == [0, 0]
    assert seen <= whole
    assert [each.name for each in home.iterdir()] == ["preferences.json"]


def test_recent_projects_are_few_and_each_once(tmp_path):
    chosen = Preferences()
    for number in [*range(20), 15]:
        chosen = chosen.with_recent(tmp_path / str(number))
    assert len(chosen.recent) == preferences.LONGEST
    assert chosen.recent[:2] == (str(tmp_path / "15"), str(tmp_path / "19"))


def test_a_value_that_makes_no_sense_is_refused():
    with pytest.raises(ValidationError):
        Preferences().changed(theme="purple")
