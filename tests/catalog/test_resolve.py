"""From a word to a folder: the embedded model, folders, and a Hub that answers on the loopback."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from finetune_studio import paths
from finetune_studio.catalog.resolve import resolve_model
from finetune_studio.errors import RefusedError, StudioError
from tests.catalog.loopback import COMMIT, Hub

ROOT = Path(__file__).resolve().parents[2]
CHILD = """
import json, sys
from finetune_studio.catalog.resolve import resolve_model
from finetune_studio.errors import StudioError
try:
    found = {"folder": str(resolve_model(*json.loads(sys.argv[1])))}
except StudioError as error:
    found = {"error": type(error).__name__, "text": str(error), **error.as_dict()}
found["heavy"] = sorted({"torch", "transformers"} & sys.modules.keys())
print(json.dumps(found))
"""


def resolve(home, url, source, revision="", trust=False, **env):
    """Resolve in a process of its own, for the Hub's address is read once."""
    settings = {
        "HF_ENDPOINT": url,
        "HF_HOME": str(home),
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "PYTHONPATH": str(ROOT),
        **env,
    }
    child = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps([source, revision, trust])],
        capture_output=True,
        text=True,
        env=dict(os.environ) | settings,
        check=True,
        timeout=60,
    )
    found = json.loads(child.stdout)
    assert found["heavy"] == []
    return found


@pytest.fixture
def hub():
    with Hub() as running:
        yield running


@pytest.fixture
def model(write_model):
    """The files of a whole model, beside some that must not come."""
    folder = write_model()
    files = {each.name: each.read_bytes() for each in folder.iterdir()}
    return files | {
        "tokenizer_config.json": b'{"model_max_length": 256}',
        "pytorch_model.bin": b"pickle",
        "training_args.pt": b"pickle",
        "consolidated.safetensors": b"the maker's copy",
        "modeling_own.py": b"print('run me')",
        "README.md": b"---\nlicense: mit\n---\n",
    }


# Folders


def test_a_folder_with_hangul_and_spaces(write_model):
    folder = write_model("나의 모델 1")
    assert resolve_model(str(folder)) == folder


def test_the_home_folder_and_relative_paths(write_model, monkeypatch):
    folder = write_model("model")
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("USERPROFILE", str(folder.parent))
    assert resolve_model("~/model") == folder
    monkeypatch.chdir(folder.parent)
    assert resolve_model("./model") == folder
    assert resolve_model("model") == folder


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: (f / "tokenizer.json").unlink(), "no tokenizer"),
        (
            lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"),
            "unsafe format",
        ),
        (lambda f: (f / "model.safetensors").write_bytes(b"\x08" * 40), "model.safetensors"),
        (lambda f: shutil.rmtree(f) or f.mkdir(), "no config.json"),
    ],
)
def test_what_cannot_be_trained_is_refused(write_model, spoil, words):
    folder = write_model()
    spoil(folder)
    with pytest.raises(RefusedError) as refusal:
        resolve_model(str(folder))
    assert words in str(refusal.value)


def test_code_of_its_own_needs_a_yes(write_model):
    folder = write_model(auto_map={"AutoModelForCausalLM": "own.Own"})
    with pytest.raises(RefusedError, match="own code"):
        resolve_model(str(folder))
    assert resolve_model(str(folder), trust_remote_code=True) == folder


NOWHERE = [
    "./nowhere",
    "../a/b",
    "/no/such/folder",
    "~/no such folder",
    "~no_such_user/x",
    "a/b/c",
    "a//b",
    "모델",
    "C:\\models\\a",
    "nul\0",
    "a" * 5000,
]


@pytest.mark.parametrize("source", NOWHERE)
def test_a_path_that_leads_nowhere(source, monkeypatch, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    with pytest.raises(RefusedError, match="does not exist") as refusal:
        resolve_model(source)
    assert refusal.value.hint


def test_the_nearest_folder_is_named(write_model):
    folder = write_model("korean-llama")
    with pytest.raises(RefusedError, match="does not exist") as refusal:
        resolve_model(str(folder.with_name("korean-lama")))
    assert "korean-llama" in refusal.value.hint


def test_a_file_is_not_a_folder(write_model):
    with pytest.raises(RefusedError, match="file, not a model folder"):
        resolve_model(str(write_model() / "model.safetensors"))


def test_the_embedded_model(monkeypatch, write_model, tmp_path):
    folder = tmp_path / "models" / "demo"
    (tmp_path / "demo").mkdir()  # `demo` never means a folder of that name
    monkeypatch.chdir(tmp_path)
    shutil.copytree(paths.resources() / "catalog", tmp_path / "catalog")
    monkeypatch.setattr(paths, "resources", lambda: tmp_path)
    with pytest.raises(StudioError, match="missing from this installation"):
        resolve_model("demo")
    shutil.move(write_model("whole"), folder)
    assert resolve_model("demo") == folder


# The Hub


def test_a_model_comes_from_the_hub_without_its_unsafe_files(hub, model, tmp_path):
    hub.models["maker/model"] = model
    found = resolve(tmp_path, hub.url, "maker/model")
    names = {each.name for each in Path(found["folder"]).iterdir()}
    assert names == {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "README.md",
    }
    assert sorted(hub.taken) == sorted(names)


def test_what_is_on_the_disk_is_not_asked_for_again(hub, model, tmp_path):
    hub.models["maker/model"] = model
    first = resolve(tmp_path, hub.url, "maker/model")
    hub.faults["maker/model"] = (500, "Internal")
    assert resolve(tmp_path, hub.url, "maker/model") == first
    assert resolve(tmp_path, hub.url, "maker/model", HF_HUB_OFFLINE="1") == first
    assert resolve(tmp_path, hub.url, "maker/model", COMMIT) == first


def test_a_download_that_was_cut_off_goes_on(hub, model, tmp_path):
    hub.models["maker/model"] = model
    first = resolve(tmp_path, hub.url, "maker/model")
    (Path(first["folder"]) / "model.safetensors").unlink()
    offline = resolve(tmp_path, hub.url, "maker/model", HF_HUB_OFFLINE="1")
    assert "switched off" in offline["title"]
    hub.taken.clear()
    assert resolve(tmp_path, hub.url, "maker/model") == first
    assert set(hub.taken) <= {"model.safetensors"}


def test_code_comes_only_with_a_yes(hub, model, tmp_path):
    config = json.loads(model["config.json"]) | {"auto_map": {"AutoModelForCausalLM": "own.Own"}}
    hub.models["maker/model"] = model | {"config.json": json.dumps(config).encode()}
    refused = resolve(tmp_path, hub.url, "maker/model")
    assert refused["error"] == "RefusedError"
    assert "own code" in refused["title"]
    assert "model.safetensors" not in hub.taken
    found = resolve(tmp_path, hub.url, "maker/model", "", True)
    assert (Path(found["folder"]) / "modeling_own.py").is_file()


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("model.safetensors", "pickle file"),
        ("tokenizer.json", "no tokenizer"),
        ("config.json", "no config.json"),
    ],
)
def test_a_hub_model_that_cannot_be_trained_costs_no_download(hub, model, tmp_path, missing, words):
    files = {name: content for name, content in model.items() if name != missing}
    if missing == "model.safetensors":
        del files["consolidated.safetensors"]
    hub.models["maker/model"] = files
    refused = resolve(tmp_path, hub.url, "maker/model")
    assert refused["error"] == "RefusedError"
    assert words in refused["text"]
    assert not {"model.safetensors", "pytorch_model.bin"} & set(hub.taken)


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (401, "GatedRepo", "RefusedError", "Accept the licence"),
        (403, "GatedRepo", "RefusedError", "Accept the licence"),
        (403, "Forbidden", "RefusedError", "Accept the licence"),
        (401, "RepoNotFound", "RefusedError", "spelling"),
        (404, "RepoNotFound", "RefusedError", "spelling"),
        (500, "Internal", "StudioError", "error 500"),
    ],
)
def test_every_answer_of_the_hub_becomes_a_sentence(hub, tmp_path, status, code, kind, words):
    hub.faults["maker/model"] = (status, code)
    told = resolve(tmp_path, hub.url, "maker/model")
    assert told["error"] == kind
    assert words in told["text"]
    assert "\n" not in told["text"]
    assert told["hint"]


def test_a_revision_that_does_not_exist(hub, model, tmp_path):
    hub.models["maker/model"] = model
    told = resolve(tmp_path, hub.url, "maker/model", "v9")
    assert told["error"] == "RefusedError"
    assert "v9" in told["title"]


def test_no_network(tmp_path):
    with Hub() as gone:
        url = gone.url
    told = resolve(tmp_path, url, "maker/model")
    assert told["error"] == "StudioError"
    assert "could not be reached" in told["detail"]
    assert "network" in told["hint"]


def test_downloads_switched_off(tmp_path):
    told = resolve(tmp_path, "http://127.0.0.1:9", "maker/model", HF_HUB_OFFLINE="1")
    assert "switched off" in told["title"]
    assert "HF_HUB_OFFLINE" in told["hint"]


def test_a_word_that_can_be_no_id(tmp_path):
    told = resolve(tmp_path, "http://127.0.0.1:9", "maker/model..x")
    assert told["error"] == "RefusedError"
    assert "neither a folder nor a model" in told["title"]
