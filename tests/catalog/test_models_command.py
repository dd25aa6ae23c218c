"""`models` as a person calls it: with a Hub, without one, and on a machine that is offline."""

import json
import os
import subprocess
import sys

import pytest

from finetune_studio.catalog.entries import entries
from tests.catalog.loopback import Hub
from tests.conftest import ROOT


@pytest.fixture
def hub():
    with Hub() as running:
        yield running


@pytest.fixture
def call(tmp_path, hub):
    def run(*arguments, code=0, stdin="", **env):
        settings = {
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(tmp_path / "나의 집"),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "PYTHONPATH": str(ROOT),
            **env,
        }
        kept = {k: v for k, v in os.environ.items() if k not in ("HF_TOKEN", "HF_TOKEN_PATH")}
        done = subprocess.run(
            [sys.executable, "-m", "finetune_studio", "models", *arguments],
            capture_output=True,
            encoding="utf-8",
            input=stdin,
            env=kept | settings,
            check=False,
            timeout=120,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return json.loads(done.stdout) if "--json" in arguments else done

    return run


@pytest.fixture
def model(write_model):
    folder = write_model()
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def test_the_catalogue_is_filtered_sorted_and_weighed(call):
    found = call("list", "--json", "--gpu", "T4", "--sort", "parameters", "--descending")
    assert found["gpu"] == "NVIDIA T4"
    assert len(found["models"]) == len(entries())
    sizes = [each["parameters"] for each in found["models"]]
    assert sizes == sorted(sizes, reverse=True)
    keys = {"id", "licence", "commercial", "korean", "gated", "download_bytes", "on_disk", "fits"}
    assert all(keys <= set(each) for each in found["models"])
    few = call(
        *("list", "--json", "--gpu", "T4", "--korean", "native", "--commercial", "--open"),
        *("--loadable", "--fits", "lora"),
    )["models"]
    assert 0 < len(few) < len(entries())
    for each in few:
        assert each["korean"] == "native"
        assert each["commercial"] in ("yes", "conditional")
        assert each["fits"]["lora"] in ("fits", "tight")
        assert each["gated"] == "no"
        assert not each["custom_code"]


def test_a_larger_gpu_trains_more(call):
    counts = [
        len(call("list", "--json", "--gpu", name, "--fits", "qlora")["models"])
        for name in ("T4", "RTX 4090", "A100 80GB")
    ]
    assert counts == sorted(set(counts))


def test_one_model_in_full_with_what_each_gpu_trains(call):
    found = call("show", "Qwen/Qwen3-8B", "--gpus", "--json", "--gpu", "L4")
    assert found["parameters"] == 8_190_735_360
    assert found["licence"]["commercial"] == "yes"
    assert set(found["fits"]) == {"full", "lora", "qlora"}
    by_name = {each["name"]: each for each in found["gpus"]}
    assert any("TPU v2-8" in name and by_name[name]["why_not"] for name in by_name)
    assert by_name["NVIDIA T4"]["best"] == "qlora"
    text = call("show", "Qwen/Qwen3-8B", "--gpus").stdout
    assert "NVIDIA A100 40GB" in text
    assert "You may use it commercially." in text


def test_a_folder_is_shown_by_its_own_configuration(call, write_model):
    folder = write_model("내 모델")
    (folder / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n")
    found = call("show", str(folder), "--json", "--gpu", "T4")
    assert found["licence"]["commercial"] == "no"
    assert (
        found["parameters"]
        == 2 * 128 * 32 + 2 * (2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 64 + 64) + 32
    )


def test_the_hub_is_searched_and_a_model_shown_from_there(call, hub, model):
    hub.found = [{"id": "maker/model", "tags": ["license:mit"], "downloads": 3, "gated": "auto"}]
    hub.models["maker/model"] = model
    found = call("search", "model", "--json")
    assert [each["id"] for each in found["hub"]] == ["maker/model"]
    assert found["hub_error"] is None
    assert "maker/model" in call("search", "model").stdout
    assert call("show", "maker/model", "--json")["id"] == "maker/model"


def test_without_a_hub_the_catalogue_is_searched(call):
    for env in ({"HF_ENDPOINT": "http://127.0.0.1:9"}, {"HF_HUB_OFFLINE": "1"}):
        found = call("search", "EXAONE", "--json", **env)
        assert found["hub"] == []
        assert found["hub_error"]["hint"]
        assert len(found["catalogue"]) >= 3
        assert call("list", "--json", "--gpu", "T4", **env)["models"]


def test_a_model_is_fetched_counted_and_removed(call, hub, model):
    hub.models["maker/model"] = model
    done = call("download", "maker/model", "--json")
    assert done["files"] == len(model)
    assert done["bytes"] == sum(map(len, model.values()))
    kept = call("cache", "--json")
    assert [each["id"] for each in kept["models"]] == ["maker/model"]
    assert kept["bytes"] >= done["bytes"]
    assert "maker/model" in call("cache").stdout
    assert "--yes" in call("remove", "maker/model", code=2).stderr
    assert call("remove", "maker/model", "--yes", "--json")["freed_bytes"] == kept["bytes"]
    assert call("cache", "--json") == {"models": [], "bytes": 0}
    assert "not among" in call("remove", "maker/model", "--yes", code=2).stderr
    assert "not among" in call("remove", "../../x", "--yes", code=2).stderr


def test_a_token_is_read_from_a_pipe_and_never_shown(call, hub, model, tmp_path):
    hub.models["maker/model"] = model
    hub.tokens["hf_geheim"] = "kim"
    assert "models login" in call("download", "maker/model", code=2).stderr
    said = call("login", "--json", stdin="hf_geheim\n")
    assert said == {"account": "kim", "role": "read", "kept_in": "file"}
    done = call("download", "maker/model")
    assert "hf_geheim" not in done.stdout + done.stderr
    call("logout")
    assert not (tmp_path / "나의 집" / "token").exists()
    wrong = call("login", stdin="hf_wrong\n", code=2)
    assert "hf_wrong" not in wrong.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "nobody/none"), "no model nobody/none"),
        (("show", "/no/such/folder"), "Nothing is known"),
        (("list", "--gpu", "GTX 1"), "No GPU called GTX 1"),
        (("download", "demo"), "no model of the Hub"),
        (("download", "a/b/c"), "no model of the Hub"),
    ],
)
def test_bad_input_is_one_sentence(call, arguments, says):
    done = call(*arguments, code=2)
    assert says in done.stderr
    assert done.stderr.count("error: ") == 1
    assert "error" in call(*arguments, "--json", code=2)


def test_no_heavy_import():
    code = (
        "import sys; from finetune_studio.cli import main; "
        "main(['models', 'list', '--gpu', 'T4', '--json']); "
        "heavy = {'torch', 'transformers', 'datasets', 'PySide6'} & set(sys.modules); "
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
