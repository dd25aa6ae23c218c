"""Exports of small runs, written and compared for real; GGUF where llama.cpp is there."""

import json
import shutil
import struct

import pytest

pytest.importorskip("torch", reason="needs_train: the extra `train` is not installed")

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Regex, Tokenizer, pre_tokenizers

from finetune_studio.commands import demo
from finetune_studio.engine import export as exporting
from finetune_studio.engine import merge, shards, streaming, verify
from finetune_studio.engine.deltas import read_adapter
from finetune_studio.engine.export import export
from finetune_studio.engine.merge import write_merged
from finetune_studio.engine.serving import TorchModel
from finetune_studio.engine.tuned import load_whole, open_tuned, with_its_adapter
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.export import llama
from finetune_studio.export.server.elsewhere import commands
from finetune_studio.export.server.served import target_of
from finetune_studio.runs.folder import RunFolder
from tests.helpers.finished import finished
from tests.helpers.tiny import make_model, with_own_code

PICKLES = (".bin", ".pt", ".pth", ".pkl")


@pytest.fixture(scope="module")
def chat(tmp_path_factory):
    """A chat model tuned by LoRA; its base's folder has Hangul and a space."""
    folder = tmp_path_factory.mktemp("lora")
    return finished(folder, make_model(folder / "작은 모델"))


@pytest.fixture
def written(capsys):
    """Exports in this process and returns the report."""

    def write(run, form, out, *options):
        assert export([str(run.path), form, str(out), "--json", *options]) == 0
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    return write


def verdict(capsys, out, *options):
    assert verify.verify([str(out), "--json", *options]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def sound(out, run):
    """What holds of every export's folder."""
    for path in out.rglob("*"):
        assert path.suffix not in PICKLES
        assert path.stat().st_mode & 0o044 == 0o044
        if path.suffix in (".json", ".jinja", ".md", ""):
            assert str(run.path.parent) not in path.read_text(encoding="utf-8")
    assert not list(out.parent.glob("*.part"))
    return {path.name for path in out.iterdir()}


def test_an_adapter_is_exported_as_trained(chat, written, tmp_path):
    (chat.result / "training_args.bin").write_bytes(b"a pickle")
    out = tmp_path / "내보낸 어댑터"
    report = written(chat, "adapter", out)
    (chat.result / "training_args.bin").unlink()
    assert {"adapter_config.json", "adapter_model.safetensors"} <= sound(out, chat)
    config = json.loads((out / "adapter_config.json").read_text(encoding="utf-8"))
    assert config["base_model_name_or_path"] == "작은 모델"
    assert report["parity"]["mean_kl"] < 1e-6
    assert report["parity"]["greedy_match"] == 1.0


def test_a_merged_model_says_what_the_adapter_says(chat, written, tmp_path, capsys):
    out = tmp_path / "내보낸 것"
    report = written(chat, "merged", out, "--precision", "fp32")
    sound(out, chat)
    assert report["parity"]["max_difference"] < 1e-3
    assert report["parity"]["token_ids_equal"]
    found = verdict(capsys, out)
    assert found["verdict"] == "green"
    assert found["greedy_match"] == 1.0
    kept = json.loads((out / "verify.json").read_text(encoding="utf-8"))
    assert "path" not in kept
    assert kept["verdict"] == "green"
    assert str(tmp_path) not in json.dumps(kept)


def test_what_verifies_an_export_as_it_is_written_stays_with_it(chat, written, tmp_path, capsys):
    out = tmp_path / "adapter"
    report = written(chat, "adapter", out)
    kept = json.loads((out / "verify.json").read_text(encoding="utf-8"))
    assert "verify.json" in {each["name"] for each in report["files"]}
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "Verdict: **green**" in card
    assert "It says what the trained model says." in card
    found = verdict(capsys, out)
    assert found.keys() - kept.keys() == {"path", "runtimes", "other_base"}
    same = ("verdict", "format", "quant", "reasons", "places", "greedy_match")
    assert {name: kept[name] for name in same} == {name: found[name] for name in same}


def test_the_demo_tells_the_verdict_that_stays_with_its_exports(chat, capsys, tmp_path):
    run = RunFolder(shutil.copytree(chat.path, tmp_path / "run"))
    demo._export(run, "merged")
    kept = json.loads((run.path / "exports" / "merged" / "verify.json").read_text("utf-8"))
    said = capsys.readouterr().out
    assert "Verdict: green." in said
    assert kept["reasons"][0] in said


@pytest.mark.parametrize("piece", [50, 1000, 1 << 21])  # less than a row, some rows, everything
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_streaming_gives_what_peft_gives(chat, tmp_path, monkeypatch, dtype, piece):
    monkeypatch.setattr(streaming, "PIECE", piece)
    tuned = open_tuned(chat)
    planned = streaming.plan(tuned.source, tuned.folder, read_adapter(tuned.folder))
    assert planned is not None
    tmp_path.mkdir(exist_ok=True)
    streaming.write(planned, tmp_path, dtype)
    made = load_file(tmp_path / "model.safetensors")
    model = with_its_adapter(tuned.base(), tuned.folder).merge_and_unload()
    wanted = model.state_dict()
    assert set(wanted) - set(made) == {"lm_head.weight"}  # tied
    for name, value in made.items():
        assert value.dtype == dtype
        last = max(torch.finfo(dtype).eps, 1e-5)  # sums in another order may round otherwise
        torch.testing.assert_close(value, wanted[name].to(dtype), rtol=last, atol=1e-6)


@pytest.mark.parametrize(
    ("task", "method", "options"),
    [
        ("chat", "lora", {"dora": True}),
        ("chat", "qlora", {}),
        ("chat", "qlora", {"bits": 8}),
        ("text", "qlora", {"dora": True, "rslora": True}),
        ("classify", "lora", {}),
        ("classify", "qlora", {}),
    ],
)
def test_every_adapter_is_merged_by_streaming_as_peft_merges_it(
    tmp_path, monkeypatch, task, method, options
):
    """Its kinds go in piece by piece, too; nothing but the last rounding tells them apart."""
    changes = {f"method__{name}": value for name, value in options.items()}
    run = finished(tmp_path, make_model(tmp_path / "model"), task, method, **changes)
    tuned = open_tuned(run)
    monkeypatch.setattr(streaming, "PIECE", 1000)
    monkeypatch.setattr(merge, "_write_loaded", None)
    way = write_merged(tuned, _made(tmp_path / "out"), "fp32")
    assert ("dequantised" in way) == (method == "qlora")
    made = load_file(tmp_path / "out" / "model.safetensors")
    whole = merge._merged(tuned)
    wanted = whole.state_dict()
    assert set(wanted) - set(made) == (set() if task == "classify" else {"lm_head.weight"})
    for name, value in made.items():
        torch.testing.assert_close(value, wanted[name].float(), rtol=1e-5, atol=1e-6)
    loaded = load_whole(tmp_path / "out", task == "classify", tuned.device)
    labels = dict(enumerate(tuned.labels)) or loaded.config.id2label
    assert loaded.config.id2label == labels
    assert loaded.config.architectures == [type(loaded).__name__]
    assert torch.equal(loaded.state_dict()["model.norm.weight"], made["model.norm.weight"])


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_model_with_code_of_its_own_is_exported_with_it(written, capsys, tmp_path, method):
    model = with_own_code(make_model(tmp_path / "model"))
    run = finished(tmp_path, model, method=method, model__trust_remote_code=True)
    written(run, "merged", tmp_path / "out")
    assert "own.py" in sound(tmp_path / "out", run)
    assert verdict(capsys, tmp_path / "out")["verdict"] == "green"
    with pytest.raises(RefusedError, match="its own code"):
        TorchModel(target_of(tmp_path / "out"))


def test_many_shards_hold_the_same(chat, tmp_path, monkeypatch):
    tuned = open_tuned(chat)
    write_merged(tuned, _made(tmp_path / "one"), "bf16")
    monkeypatch.setattr(shards, "LARGEST", 60_000)
    write_merged(tuned, _made(tmp_path / "many"), "bf16")
    files = sorted(each.name for each in (tmp_path / "many").glob("*.safetensors"))
    assert len(files) > 2
    index = json.loads((tmp_path / "many" / "model.safetensors.index.json").read_text())
    assert set(index["weight_map"].values()) == set(files)
    whole = load_file(tmp_path / "one" / "model.safetensors")
    parts = {n: v for file in files for n, v in load_file(tmp_path / "many" / file).items()}
    assert index["metadata"]["total_size"] == sum(v.nbytes for v in parts.values())
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    assert set(whole) == set(parts)


def test_a_tensor_kept_in_fp32_among_16_bits_stays_so(tmp_path):
    values = {"a.weight": torch.ones(64, 64).bfloat16(), "gate.bias": torch.full((4,), 1.2345678)}
    save_file(values, _made(tmp_path / "base") / "model.safetensors")
    streaming.write(streaming.whole(tmp_path / "base"), _made(tmp_path / "out"), torch.float16)
    made = load_file(tmp_path / "out" / "model.safetensors")
    assert (made["a.weight"].dtype, made["gate.bias"].dtype) == (torch.float16, torch.float32)
    assert torch.equal(made["gate.bias"], values["gate.bias"])


def test_what_fp16_cannot_hold_is_refused(tmp_path):
    save_file({"a.weight": torch.full((2, 2), 1e6)}, tmp_path / "model.safetensors")
    with pytest.raises(RefusedError, match="fp16"):
        streaming.write(streaming.whole(tmp_path), _made(tmp_path / "out"), torch.float16)


def test_a_full_disk_ends_the_export_and_leaves_nothing(chat, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shards.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        export([str(chat.path), "merged", str(tmp_path / "out")])
    assert list(tmp_path.iterdir()) == []


def test_too_little_room_is_refused_before_anything_is_written(chat, tmp_path, monkeypatch):
    usage = shutil._ntuple_diskusage(10, 10, 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(RefusedError, match="not enough room"):
        export([str(chat.path), "merged", str(tmp_path / "out")])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("moment", ["write", "check"])
def test_an_interruption_leaves_nothing(chat, tmp_path, monkeypatch, moment):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(exporting, {"write": "write_merged", "check": "compared"}[moment], stop)
    with pytest.raises(KeyboardInterrupt):
        export([str(chat.path), "merged", str(tmp_path / "out")])
    assert list(tmp_path.iterdir()) == []


def copied(run, folder):
    """A copy of a run that a test may damage."""
    shutil.copytree(run.path, folder)
    return RunFolder(folder)


def test_a_torn_adapter_is_refused(chat, tmp_path):
    run = copied(chat, tmp_path / "run")
    file = run.result / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(RefusedError, match="adapter of this run is damaged"):
        export([str(run.path), "adapter", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_an_adapter_with_values_that_are_no_numbers_is_refused(chat, tmp_path):
    run = copied(chat, tmp_path / "run")
    file = run.result / "adapter_model.safetensors"
    content = bytearray(file.read_bytes())
    content[-4:] = struct.pack("<f", float("nan"))
    file.write_bytes(content)
    with pytest.raises(RefusedError, match="no numbers"):
        export([str(run.path), "merged", str(tmp_path / "out")])


def test_a_run_without_a_result_is_refused(chat, tmp_path):
    run = copied(chat, tmp_path / "run")
    shutil.rmtree(run.result)
    with pytest.raises(RefusedError, match="no result"):
        export([str(run.path), "merged", str(tmp_path / "out")])


def test_data_that_is_gone_does_not_hinder_an_export(chat, written, tmp_path):
    run = copied(chat, tmp_path / "run")
    text = run.recipe.read_text(encoding="utf-8")
    run.recipe.write_text(text.replace("rows.jsonl", "gone.jsonl"), encoding="utf-8")
    report = written(run, "merged", tmp_path / "out")
    assert report["parity"]["mean_kl"] < 1e-3


def test_an_adapter_on_another_model_is_refused(chat, tmp_path):
    wrong = make_model(tmp_path / "other")
    config = json.loads((wrong / "config.json").read_text())
    from transformers import LlamaConfig, LlamaForCausalLM

    LlamaForCausalLM(LlamaConfig(**config | {"intermediate_size": 256})).save_pretrained(wrong)
    with pytest.raises(RefusedError, match="not the one"):
        streaming.plan(wrong, chat.result, read_adapter(chat.result))


def test_a_changed_export_is_red(chat, written, tmp_path, capsys):
    out = tmp_path / "out"
    written(chat, "merged", out)
    weights = load_file(out / "model.safetensors")
    weights["model.norm.weight"] *= -20
    save_file(weights, out / "model.safetensors", {"format": "pt"})
    found = verdict(capsys, out)
    assert found["verdict"] == "red"
    assert found["mean_kl"] > 0.2


def test_another_tokenizer_is_red(chat, written, tmp_path, capsys):
    out = tmp_path / "out"
    written(chat, "merged", out)
    template = out / "chat_template.jinja"
    template.write_text(template.read_text(encoding="utf-8").replace("<|end|>", "<|end|> "))
    found = verdict(capsys, out)
    assert (found["verdict"], found["prompt_equal"]) == ("red", False)


def test_gguf_without_llama_cpp_says_how_to_get_it(chat, tmp_path, monkeypatch):
    monkeypatch.setenv(llama.PLACE, str(tmp_path / "nothing"))
    with pytest.raises(RefusedError) as caught:
        export([str(chat.path), "gguf", str(tmp_path / "out")])
    assert "setup gguf" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_classification_merges_and_has_no_gguf(written, tmp_path):
    run = finished(tmp_path / "runs", make_model(tmp_path / "model"), "classify")
    report = written(run, "merged", tmp_path / "out")
    assert report["parity"]["top1_match"] >= 0.9
    assert "perplexity" not in report["parity"]
    with pytest.raises(RefusedError, match="classification"):
        export([str(run.path), "gguf", str(tmp_path / "gguf")])


@pytest.mark.slow
def test_a_full_fine_tuning_merges_and_has_no_adapter(written, tmp_path):
    run = finished(tmp_path / "runs", make_model(tmp_path / "model"), "text", "full")
    report = written(run, "merged", tmp_path / "out")
    assert report["way"] == "whole model"
    assert report["parity"]["mean_kl"] < 1e-3
    with pytest.raises(RefusedError, match="no adapter"):
        export([str(run.path), "adapter", str(tmp_path / "adapter")])


@pytest.mark.needs_llama
@pytest.mark.parametrize(("quant", "kl"), [("f16", 1e-4), ("q4_k_m", 0.02)])
def test_gguf_is_read_by_llama_cpp_as_it_was_trained(chat, written, tmp_path, capsys, quant, kl):
    out = tmp_path / "내보낸 것"
    report = written(chat, "gguf", out, "--quant", quant)
    assert report["pre_tokenizer"] == "gpt-2"  # a tokenizer of its own, proven by tokens
    assert sound(out, chat) >= {f"run-{quant.upper()}.gguf", "studio.json"}
    found = verdict(capsys, out)
    assert found["token_ids_equal"]
    assert found["prompt_equal"]
    assert found["mean_kl"] < kl
    assert found["verdict"] == "green"


@pytest.mark.needs_llama
def test_a_gguf_adapter_on_its_base_says_the_same(chat, written, tmp_path, capsys):
    out = tmp_path / "out"
    report = written(chat, "gguf-adapter", out)
    assert "--with-base" in report["modelfile"]["notes"][0]
    assert sound(out, chat) >= {"run-LoRA.gguf", "studio.json"}
    assert verdict(capsys, out)["mean_kl"] < 1e-3
    with pytest.raises(RefusedError, match="not beside it"):
        target_of(out)


@pytest.mark.needs_llama
@pytest.mark.parametrize("method", ["lora", "qlora"])
def test_a_gguf_adapter_comes_with_the_base_it_was_trained_on(
    chat, written, tmp_path, capsys, method
):
    run = chat
    if method == "qlora":
        run = finished(tmp_path / "runs", make_model(tmp_path / "모델"), method="qlora")
    out = tmp_path / "out"
    report = written(run, "gguf-adapter", out, "--with-base")
    assert report["parity"]["mean_kl"] < 1e-3
    assert report["modelfile"]["written"]
    assert sound(out, run) >= {"base.gguf", "run-LoRA.gguf", "Modelfile"}
    modelfile = (out / "Modelfile").read_text(encoding="utf-8").splitlines()
    assert modelfile[:2] == ["FROM ./base.gguf", "ADAPTER ./run-LoRA.gguf"]
    assert 'lora_path="run-LoRA.gguf"' in (out / "README.md").read_text(encoding="utf-8")
    found = verdict(capsys, out)
    assert (found["verdict"], found["other_base"]) == ("green", False)
    target = target_of(out)
    assert (target.file, target.adapter) == (out / "base.gguf", out / "run-LoRA.gguf")
    assert "base.gguf" in commands("llama-server", out, 8000)


@pytest.mark.needs_llama
def test_a_tokenizer_that_llama_cpp_has_no_name_for_is_refused(chat, tmp_path):
    run = copied(chat, tmp_path / "run")
    file = run.result / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(file))
    in_pairs = pre_tokenizers.Split(Regex("..?"), "isolated")
    as_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([in_pairs, as_bytes])
    tokenizer.save(str(file))
    with pytest.raises(RefusedError, match="divides words"):
        export([str(run.path), "gguf", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


@pytest.mark.needs_llama
def test_a_quantiser_that_fails_is_a_sentence(tmp_path):
    from finetune_studio.engine.gguf import quantise
    from finetune_studio.engine.progress import Progress
    from finetune_studio.export.formats import quant_of

    (tmp_path / "a.gguf").write_bytes(b"no gguf")
    told = Progress(exporting.PARTS, lines=False)
    with pytest.raises(StudioError, match="q4_0 failed"):
        quantise(told, tmp_path / "a.gguf", tmp_path / "b.gguf", quant_of("q4_0"))


def _made(folder):
    folder.mkdir(parents=True)
    return folder


def test_a_base_whose_quantisation_cannot_be_undone_is_refused():
    from finetune_studio.engine import merge

    class Base:
        def dequantize(self):
            raise NotImplementedError("gptq")

    with pytest.raises(RefusedError, match="cannot be undone") as caught:
        merge._dequantised(Base())
    assert caught.value.detail == "gptq"
