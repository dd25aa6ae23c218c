"""What the commands of results refuse: with one sentence and code 2, before anything is loaded."""

import json

import pytest

from finetune_studio import cli
from finetune_studio.export import about

SEED = str(1 << 70)


@pytest.fixture
def export(run, tmp_path):
    """A merged export of the run, of which only `studio.json` is there."""
    folder = tmp_path / "내보낸 것"
    folder.mkdir()
    known = {"format": "merged", "task": "chat", "run": about.fingerprint(run.result)}
    (folder / "studio.json").write_text(json.dumps(known), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate", "RUN", "--report", "FOLDER"], "is a folder"),
        (["evaluate", "RUN", "--report", "FOLDER/none/a.html"], "no folder"),
        (["evaluate", "RUN", "--include", "FOLDER"], "--harness"),
        (["evaluate", "RUN", "--harness", "x", "--include", "FOLDER/none"], "--harness"),
        (["chat", "RUN", "--prompt", "  "], "nothing to ask"),
        (["chat", "RUN", "--base", "--blind"], "--compare asks both"),
        (["export", "RUN", "--to", "merged", "--quant", "q8_0", "--out", "NEW"], "--to gguf alone"),
        (["export", "RUN", "--to", "gguf", "--precision", "bf16", "--out", "NEW"], "--to merged"),
        (["export", "RUN", "--to", "gguf", "--with-base", "--out", "NEW"], "gguf-adapter alone"),
        (["export", "RUN", "--to", "gguf", "--quant", "q9", "--out", "NEW"], "no quantisation"),
        (["export", "RUN", "--to", "adapter", "--out", "FOLDER"], "exists already"),
        (["verify", "EXPORT", "--run", "FOLDER/none"], "not a run"),
        (["verify", "RUN"], "not an export"),
        (["serve", "RUN", "--file", "a.gguf"], "no such GGUF file"),
        (["serve", "EXPORT", "--file", "a.gguf"], "no such GGUF file"),
        (["serve", "RUN", "--key", "열쇠"], "cannot be sent"),
        (["serve", "RUN", "--port", "65536"], "is no port"),
        (["serve", "FOLDER"], "neither a run nor an export"),
        (["push", "FOLDER", "--repo", "a", "--dry-run"], "not a run"),
        (["push", "RUN", "--repo", "a/b/c", "--dry-run"], "no name on the Hub"),
    ],
)
def test_wrong_input_is_one_sentence(run, export, tmp_path, capsys, arguments, said):
    empty = tmp_path / "empty"
    empty.mkdir()
    places = {"RUN": run.path, "EXPORT": export, "FOLDER": empty, "NEW": tmp_path / "new"}

    def placed(word):
        first, slash, rest = word.partition("/")
        return f"{places[first]}{slash}{rest}" if first in places else word

    assert cli.main([placed(each) for each in arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert "Traceback" not in told.err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("wrong", [{"seed": SEED}, {"seed": -1}, {"temperature": "nan"}])
def test_settings_beyond_what_there_is_are_refused(wrong):
    speaking = pytest.importorskip("finetune_studio.engine.speaking", reason="needs_train: torch")
    with pytest.raises(speaking.RefusedError, match="beyond what there is"):
        speaking.manner_of(wrong)
