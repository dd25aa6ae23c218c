"""What a person is told: in the terminal's words there, in the window's in the window."""

import ast
import pickle

import pytest

from finetune_studio import errors
from finetune_studio.data.convert import LossError
from finetune_studio.data.files import expand
from finetune_studio.export import llama
from finetune_studio.export.fetching import GivenUpError
from tests.conftest import ROOT


def test_the_window_is_told_of_buttons_and_the_terminal_of_commands(monkeypatch):
    monkeypatch.delenv(errors.WINDOW, raising=False)
    assert "finetune-studio setup gguf" in llama.get_it()
    monkeypatch.setenv(errors.WINDOW, "1")
    assert "Get it" in llama.get_it()


def calls(name):
    """Every call of a function in the program, with the texts of its last argument."""
    for file in (ROOT / "finetune_studio").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
                texts = [each for each in ast.walk(node.args[-1]) if isinstance(each, ast.Constant)]
                yield file.name, "".join(str(each.value) for each in texts)


def test_what_the_window_says_names_no_command_and_no_option():
    found = dict(calls("remedy"))
    assert len(found) > 10
    for name, text in calls("remedy"):
        assert text, name
        assert "--" not in text, name
        assert "finetune-studio" not in text, name


def test_a_file_that_is_gone_is_looked_for_where_it_was_chosen(monkeypatch, tmp_path):
    for window, said in (("", "data.files"), ("1", "page of the data")):
        monkeypatch.setenv(errors.WINDOW, window)
        with pytest.raises(errors.RefusedError) as told:
            expand([str(tmp_path / "gone.csv")])
        assert said in told.value.hint


@pytest.mark.parametrize(
    "error",
    [
        errors.StudioError("Title."),
        errors.RefusedError("Title.", hint="Hint."),
        GivenUpError("Title.", "Detail.", "Hint."),
        LossError("skip", "Title.", "Detail.", "Hint."),
    ],
)
def test_an_error_comes_whole_from_another_process(error):
    came = pickle.loads(pickle.dumps(error))
    assert type(came) is type(error)
    assert came.__dict__ == error.__dict__
    assert str(came) == str(error)
