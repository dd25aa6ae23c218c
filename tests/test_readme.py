"""What the README says is so: its commands are understood, its lists and places are true."""

import re
import shlex

import pytest

from finetune_studio import cli
from tests.conftest import ROOT
from tests.data import test_layouts as layouts

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    finetune-studio (.+?)(?:  .*)?$", TEXT, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_are_understood(command):
    words = shlex.split(command)
    assert cli._parser(words).parse_args(words).command == words[0]


def test_one_recipe_goes_through_all_that_it_shows():
    """A classification's base model has no labels, so `chat --compare` would refuse it."""
    assert "chat my-run --compare" in COMMANDS
    assert "--data resources/samples/korean_qa.csv" in COMMANDS[0]


@pytest.mark.parametrize("place", re.findall(r"\]\((packaging/[^)]+)\)", TEXT))
def test_its_pictures_are_there(place):
    assert (ROOT / place).is_file()


def test_its_tree_is_there():
    tree = TEXT.split("```")[1]
    for place in re.findall(r"^(\w+/)  ", tree, re.MULTILINE):
        assert (ROOT / place).is_dir()
    inner = re.findall(r"^(?:finetune_studio/|  ) +([\w.]+/?)", tree, re.MULTILINE)
    assert inner
    for place in inner:
        assert (ROOT / "finetune_studio" / place).exists()


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("Conversations", layouts.CHATS),
        ("Texts", layouts.TEXTS),
        ("Labels", layouts.LABELS),
        ("Preferences", layouts.PAIRS),
        ("Asked instead of guessed", layouts.OPEN),
    ],
)
def test_its_layouts_are_those_that_are_tested(title, kept):
    found = re.search(rf"^- \*\*{title}\*\*[^:]*: (.+?)\.\n(?=- )", TEXT, re.MULTILINE | re.DOTALL)
    assert sorted(" ".join(each.split()) for each in found[1].split(";")) == sorted(kept)


def test_its_wrong_guesses_are_those_that_are_known():
    said = " ".join(TEXT.split("**Known wrong guesses**:")[1].split("## ")[0].split())
    names = re.findall(r"(?:^|; )([^;(]+) \(", said.strip())
    assert names == list(layouts.KNOWN_WRONG)
