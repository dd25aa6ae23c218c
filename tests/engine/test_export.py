"""What is exported is what was trained: compared with it, whole, free of this machine's paths."""

import json

import pytest
import torch

from finetune_studio.engine import deltas, export, merge
from finetune_studio.engine.parity import CLOSE, compare
from finetune_studio.engine.reference import Reference
from finetune_studio.engine.result import restore_best
from finetune_studio.engine.speakers import Loaded
from finetune_studio.errors import RefusedError, StudioError
from tests.helpers.families import make_family
from tests.helpers.running import make_run, state_of, train


@pytest.fixture(scope="module")
def quantised(tmp_path_factory, tiny):
    """A run that learned much beside 4-bit weights, so that a wrong merge shows."""
    run = make_run(tmp_path_factory.mktemp("q"), tiny, "chat", "qlora", training__epochs=4)
    assert train(run)[0] == 0
    return run


def exported(run, form, out, capsys):
    assert export.export([str(run.path), form, str(out), "--json"]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_4_bit_run_is_merged_into_what_it_was_trained_on(tmp_path, quantised, capsys):
    report = exported(quantised, "merged", tmp_path / "out", capsys)
    assert report["way"] == "adapter merged into the dequantised base model"
    assert report["parity"]["mean_kl"] < CLOSE
    assert report["agrees"] is True
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert "quantization_config" not in config
    names = {each["name"] for each in report["files"]}
    assert {"model.safetensors", "tokenizer.json", "chat_template.jinja"} <= names
    assert "training_args.bin" not in names


def test_an_adapter_names_its_base_without_this_machines_folders(tmp_path, quantised, capsys):
    report = exported(quantised, "adapter", tmp_path / "out", capsys)
    assert report["parity"]["mean_kl"] == pytest.approx(0, abs=1e-6)
    said = (tmp_path / "out" / "adapter_config.json").read_text(encoding="utf-8")
    assert json.loads(said)["base_model_name_or_path"] == "작은 모델"


def test_what_is_far_from_the_trained_model_is_said(tmp_path, quantised, capsys, monkeypatch):
    """The adapter is lost on the way: the report and the sentence tell it."""
    monkeypatch.setattr(deltas.Delta, "put", lambda *_: None)
    report = exported(quantised, "merged", tmp_path / "a", capsys)
    assert report["agrees"] is False
    assert report["parity"]["mean_kl"] > CLOSE
    assert export.export([str(quantised.path), "merged", str(tmp_path / "b")]) == 0
    assert "not quite what was trained" in capsys.readouterr().out


def test_what_cannot_be_loaded_again_is_not_written(tmp_path, quantised, monkeypatch):
    def cut(folder, *_):
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:100])

    monkeypatch.setattr(merge, "copy_tokenizer", lambda source, folder, template: cut(folder))
    with pytest.raises(StudioError, match="could not be loaded again"):
        export.export([str(quantised.path), "merged", str(tmp_path / "out")])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_and_a_full_run_without_adapter(tmp_path, tiny, quantised):
    (tmp_path / "out").mkdir()
    with pytest.raises(RefusedError, match="exists already"):
        export.export([str(quantised.path), "merged", str(tmp_path / "out")])
    whole = make_run(tmp_path / "full", tiny, "text", "full", training__max_steps=2)
    train(whole)
    with pytest.raises(RefusedError, match="has no adapter"):
        export.export([str(whole.path), "adapter", str(tmp_path / "new")])
    assert not (tmp_path / "new").exists()


def test_formats_of_the_recipe_are_written_when_the_run_has_finished(tmp_path, tiny):
    run = make_run(tmp_path, tiny, training__max_steps=2, export__formats=["merged"])
    assert train(run)[0] == 0
    assert (run.path / "exports" / "merged" / "model.safetensors").is_file()
    assert [each.code for each in state_of(run).notices] == []


def test_the_distance_is_the_mean_divergence_over_all_places():
    rows = [torch.arange(4), torch.arange(6)]
    model = Loaded(make_family("llama"))
    said = [model.logits(row) for row in rows]
    same = compare(model, Reference(rows, said))
    expected = {"mean_kl": 0.0, "top1_match": 1.0, "max_difference": 0.0, "places": 10}
    assert same.items() >= expected.items()
    apart = Reference(rows, [each.flip(-1) for each in said])
    found = compare(model, apart)
    each = [
        torch.distributions.kl_divergence(
            torch.distributions.Categorical(logits=before),
            torch.distributions.Categorical(logits=now),
        )
        for before, now in zip(apart.logits, said, strict=True)
    ]
    assert found["mean_kl"] == pytest.approx(torch.cat(each).mean().item(), rel=1e-4)


def test_a_reference_comes_back_from_its_file(tmp_path):
    made = Reference([torch.arange(3)], [torch.randn(3, 5)])
    made.save(tmp_path / "kept")
    read = Reference.load(tmp_path / "kept")
    assert torch.equal(read.rows[0], made.rows[0])
    assert torch.equal(read.logits[0], made.logits[0])


@pytest.mark.parametrize("family", ["llama", "qwen3"])
def test_the_best_weights_come_back_tied_or_not(tmp_path, family):
    """The tied head has no tensor of its own in the file; that is not a missing one."""
    model = make_family(family)
    kept = {name: weight.clone() for name, weight in model.state_dict().items()}
    model.save_pretrained(tmp_path)
    for weight in model.parameters():
        weight.data.add_(1)
    restore_best(model, tmp_path)
    assert all(torch.equal(weight, kept[name]) for name, weight in model.state_dict().items())


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    from safetensors.torch import load_file, save_file

    model = make_family("qwen3")
    model.save_pretrained(tmp_path)
    file = tmp_path / "model.safetensors"
    weights = load_file(file)
    weights.pop("model.layers.1.mlp.up_proj.weight")
    save_file(weights, file)
    with pytest.raises(StudioError, match="does not fit") as refused:
        restore_best(model, tmp_path)
    assert "model.layers.1.mlp.up_proj.weight" in refused.value.detail


def test_a_damaged_best_is_told_and_the_last_weights_are_kept(tmp_path, tiny):
    from finetune_studio.engine import checkpoints
    from finetune_studio.engine import train as trainer
    from finetune_studio.engine.records import Records

    run = make_run(tmp_path, tiny, training__max_steps=4, evaluation__every=4)
    seal = checkpoints.is_sound
    with Records(run) as records, pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoints, "is_sound", lambda folder: False)
        assert trainer.train(run, False, records) == "finished"
    assert seal(run.checkpoints / "checkpoint-4")
    assert [each.code for each in state_of(run).notices] == ["best-damaged"]
    assert (run.result / "adapter_model.safetensors").is_file()
