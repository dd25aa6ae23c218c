"""A real model behind the server: an export of a tiny one, asked as people and programs do."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("torch", reason="needs_train: the extra `train` is not installed")
from openai import OpenAI

from finetune_studio import paths
from finetune_studio.errors import RefusedError
from finetune_studio.export import loading
from finetune_studio.export.server import elsewhere
from finetune_studio.export.server.served import Kind, target_of
from tests.helpers.command import COMMAND, call, environment, refusal
from tests.helpers.past import past_run

MESSAGES = [{"role": "user", "content": "나는 학교에"}]


@pytest.fixture(scope="module")
def export(tiny, tmp_path_factory):
    """A merged export of the tiny model."""
    folder = tmp_path_factory.mktemp("exports") / "내 모델"
    shutil.copytree(tiny, folder)
    about = {"format": "merged", "task": "chat", "method": "lora", "base": "demo", "labels": []}
    (folder / "studio.json").write_text(json.dumps(about))
    return folder


def started(*arguments, **more):
    """The command, running; the document with which it says that it is ready."""
    child = subprocess.Popen(
        [*COMMAND, "serve", *map(str, arguments), "--port", "0", "--json"],
        env=environment() | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    line = child.stdout.readline()
    assert line, child.stderr.read()
    return child, json.loads(line)


def ended(child, number):
    """End the command by a signal; its exit code and what it said on stderr."""
    child.send_signal(number)
    _, told = child.communicate(timeout=120)
    return child.returncode, told


@pytest.fixture(scope="module")
def ready(export):
    child, document = started(export)
    yield document
    code, told = ended(child, signal.SIGTERM)
    assert code == 0, told
    assert "나는" not in told
    assert "POST /v1/chat/completions 200" in told
    assert "Loading weights" not in told


@pytest.fixture
def client(ready):
    return OpenAI(base_url=ready["url"], api_key="none", max_retries=0)


def said(client, ready, **more):
    answer = client.chat.completions.create(model=ready["model"], messages=MESSAGES, **more)
    return answer.choices[0].message.content, answer


def test_it_says_what_the_model_says(export, client, ready):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(export)
    model = AutoModelForCausalLM.from_pretrained(export, dtype=torch.float32)
    given = tokenizer.apply_chat_template(
        MESSAGES, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    made = model.generate(**given, max_new_tokens=12, do_sample=False)
    count = given["input_ids"].shape[1]
    expected = tokenizer.decode(made[0, count:], skip_special_tokens=True).rstrip("\ufffd")
    text, answer = said(client, ready, temperature=0, max_tokens=12)
    assert text == expected
    assert ready["model"] == "내 모델"
    assert answer.usage.prompt_tokens == count
    pieces = client.chat.completions.create(
        model=ready["model"], messages=MESSAGES, temperature=0, max_tokens=12, stream=True
    )
    assert "".join(each.choices[0].delta.content or "" for each in pieces) == expected


def test_the_same_seed_says_the_same_and_another_does_not(client, ready):
    one = said(client, ready, temperature=1, seed=1, max_tokens=24)[0]
    assert said(client, ready, temperature=1, seed=1, max_tokens=24)[0] == one
    assert said(client, ready, temperature=1, seed=2, max_tokens=24)[0] != one


def test_a_prompt_that_is_too_long_is_refused_and_the_answer_keeps_within_the_model(client, ready):
    from openai import BadRequestError

    with pytest.raises(BadRequestError) as told:
        client.completions.create(model=ready["model"], prompt="가" * 2000)
    assert told.value.code == "context_length_exceeded"
    prompt = "나는 학교에 간다. " * 20
    answer = client.completions.create(model=ready["model"], prompt=prompt, max_tokens=5000)
    assert answer.usage.total_tokens <= 256


def test_the_code_to_copy_runs_in_python_curl_and_javascript(ready, tmp_path):
    url, model = ready["url"], ready["model"]
    runs = {
        "python": ([sys.executable, "-c", loading.openai_code(url, model)], {}),
        "curl": (["sh", "-c", loading.curl_code(url, model)], {}),
        "node": (["node", "--input-type=module", "-e", loading.javascript_code(url, model)], {}),
    }
    for name, (command, more) in runs.items():
        if name != "python" and not shutil.which(name):
            continue
        env = {**os.environ, **more, "PYTHONUTF8": "1"}
        done = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", env=env, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip(), name
        if name == "curl":
            assert json.loads(done.stdout)["choices"][0]["message"]["role"] == "assistant"


def test_the_code_that_loads_a_merged_model_runs(export):
    code = loading.python_code("merged", "chat", str(export), prompt="안녕")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_server_with_a_key_ends_at_an_interrupt(export):
    child, document = started(export, "--key", "k-1", "--quiet")
    client = OpenAI(base_url=document["url"], api_key="k-1", max_retries=0)
    assert [each.id for each in client.models.list()] == ["내 모델"]
    found = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert not [line for line in found.splitlines() if "engine.serve" in line and "k-1" in line]
    begun = time.monotonic()
    code, told = ended(child, signal.SIGINT)
    assert code == 130
    assert "GET /v1/models" not in told
    assert time.monotonic() - begun < 60


# Refused before anything is loaded


def test_an_address_that_others_reach_needs_a_key(export):
    told = refusal(call("serve", export, "--host", "0.0.0.0", "--port", "0"))
    assert "needs a key" in told


def test_bad_places_and_ports_are_refused(export, tmp_path):
    assert "no port" in refusal(call("serve", export, "--port", "70000"))
    assert "neither a run nor an export" in refusal(call("serve", tmp_path))


def about(folder, **said):
    folder.mkdir(exist_ok=True)
    (folder / "studio.json").write_text(json.dumps({"task": "chat", "labels": []} | said))
    return folder


def test_what_cannot_be_served_says_why(tmp_path):
    with pytest.raises(RefusedError, match="answers with a label"):
        target_of(about(tmp_path / "a", format="merged", labels=["좋음"]))
    with pytest.raises(RefusedError, match="no such GGUF"):
        target_of(about(tmp_path / "b", format="gguf"))
    two = about(tmp_path / "c", format="gguf")
    for name in ("x.gguf", "y.gguf"):
        (two / name).touch()
    with pytest.raises(RefusedError, match=r"x\.gguf, y\.gguf"):
        target_of(two)
    assert target_of(two, "y.gguf").file == two / "y.gguf"
    assert target_of(two, "y.gguf").kind is Kind.GGUF


# Other servers


def test_commands_for_other_servers_are_ready_to_paste(export, tmp_path):
    vllm = elsewhere.commands("vllm", export, 8001)
    assert vllm.startswith(f"vllm serve '{export}' --served-model-name '내 모델'")
    assert "--host 127.0.0.1 --port 8001" in vllm
    assert "127.0.0.1:8001:80" in elsewhere.commands("tgi", export, 8001)
    gguf = about(tmp_path / "내 gguf", format="gguf")
    (gguf / "model.gguf").touch()
    assert str(gguf / "model.gguf") in elsewhere.commands("llama-server", gguf, 8002)
    with pytest.raises(RefusedError, match="--to gguf"):
        elsewhere.commands("ollama", gguf, 1)  # without a Modelfile
    (gguf / "Modelfile").touch()
    assert "ollama create gguf -f" in elsewhere.commands("ollama", gguf, 1)
    for server, folder in (("ollama", export), ("vllm", gguf), ("tgi", gguf)):
        with pytest.raises(RefusedError, match="Export it first"):
            elsewhere.commands(server, folder, 1)


def test_all_ways_to_load_an_export_are_offered_and_no_other(export, tmp_path):
    assert list(elsewhere.ways(export, 8001)) == ["python", "vllm", "tgi"]
    gguf = about(tmp_path / "gguf", format="gguf")
    (gguf / "model.gguf").touch()
    assert list(elsewhere.ways(gguf, 8001)) == ["python", "llama-server"]
    (gguf / "Modelfile").touch()
    found = elsewhere.ways(gguf, 8001)
    assert list(found) == ["python", "ollama", "llama-server"]
    assert str(gguf / "model.gguf") in found["python"]
    labels = about(tmp_path / "labels", format="merged", task="classify", labels=["n", "p"])
    assert list(elsewhere.ways(labels, 8001)) == ["python"]
    with pytest.raises(RefusedError, match="not an export"):
        elsewhere.ways(tmp_path, 8001)


def test_the_demo_model_is_named_by_its_folder(tmp_path):
    run = past_run(tmp_path / "run", model__source="demo")
    run.result.mkdir()
    about(run.result)
    (run.result / "adapter_config.json").write_text('{"r": 8}')
    found = elsewhere.ways(run.path, 8001)
    demo = str((paths.resources() / "models" / "demo").resolve())
    assert f'"{demo}"' in found["python"]
    assert f"vllm serve {demo} " in found["vllm"]


def test_every_command_is_one_that_a_shell_can_read(export):
    for server in ("vllm", "tgi"):
        line = elsewhere.commands(server, export, 8001)
        assert subprocess.run(["sh", "-n", "-c", line], check=False).returncode == 0
