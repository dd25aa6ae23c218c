"""Trained, exported, uploaded, downloaded again: it says the same; and each form answers behind the
server and by the code that is there to copy.
"""

import json
import re
import shutil

import pytest

pytest.importorskip("torch", reason="needs_train: the extra `train` is not installed")

from finetune_studio.engine.export import export
from finetune_studio.engine.serving import TorchModel
from finetune_studio.engine.tuned import open_tuned
from finetune_studio.export import hub, loading
from finetune_studio.export.publish import prepare
from finetune_studio.export.repository import Order
from finetune_studio.export.server.elsewhere import ways
from finetune_studio.export.server.model import Sampling
from finetune_studio.export.server.served import Kind, target_of
from finetune_studio.export.server.taking import Taking
from tests.helpers.finished import finished

pytestmark = pytest.mark.slow
MESSAGES = [{"role": "user", "content": "숫자 3에 하나를 더하면?"}]
SYSTEM = "짧게 답하세요."


@pytest.fixture(scope="module")
def run(tiny, tmp_path_factory):
    """A run that trained an adapter, with its exports beside it."""
    folder = tmp_path_factory.mktemp("runs") / "내 실행"
    made = finished(folder, tiny, task__system=SYSTEM)
    for form, name in (("merged", "합친"), ("adapter", "어댑터")):
        options = ["--precision", "fp32"] if form == "merged" else []
        assert export([str(made.path), form, str(made.path / name), "--json", *options]) == 0
    return made


@pytest.fixture(scope="module")
def expected(run):
    """What the trained model says to `MESSAGES`."""
    tuned = open_tuned(run)
    asked = [{"role": "system", "content": SYSTEM}, *MESSAGES]
    return tuned.voice().answer(tuned.model(), asked, 16)


def ran(code, capsys):
    """What a snippet prints."""
    capsys.readouterr()
    exec(compile(code, "snippet", "exec"), {})
    return capsys.readouterr().out


def served(model, tokens=16, **sampling):
    """What a served model answers to `MESSAGES`."""
    pieces = []
    taking = Taking(model, [], tokens, pieces.append)
    chosen = Sampling(
        **({"temperature": 0.0, "top_p": 1.0, "seed": None} | sampling), tokens=tokens
    )
    model.write(model.prompt(MESSAGES), chosen, taking.hear)
    taking.finish()
    return "".join(pieces)


@pytest.mark.parametrize("form", ["합친", "어댑터"])
def test_what_comes_down_says_what_went_up(run, tiny, server, tmp_path, capsys, form):
    from huggingface_hub import snapshot_download

    folder = run.path / form
    assert (folder / "README.md").is_file()
    publication = prepare(folder, Order("my-model"), "ko")
    there = hub.opened(publication.order, lambda _: None)
    done = hub.send(there, publication.contents, lambda _: None)
    assert done["repo"] == "kim/my-model"
    down = snapshot_download("kim/my-model", local_dir=tmp_path / "down")
    kind, base = ("merged", "") if form == "합친" else ("adapter", str(tiny))
    question = MESSAGES[0]["content"]
    before, after = (
        ran(loading.python_code(kind, "chat", str(place), base=base, prompt=question), capsys)
        for place in (folder, down)
    )
    assert before.strip()
    assert before == after


@pytest.mark.parametrize("form", ["", "합친", "어댑터"])
def test_a_run_and_its_exports_answer_alike_behind_the_server(run, expected, monkeypatch, form):
    monkeypatch.setenv("FINETUNE_STUDIO_HOME", str(run.path))
    target = target_of(run.path / form)
    assert target.kind is (Kind.WHOLE if form == "합친" else Kind.RUN)
    assert served(TorchModel(target)) == expected


@pytest.mark.needs_llama
def test_a_gguf_file_answers_behind_the_server_and_in_python(run, expected, capsys):
    from finetune_studio.export.server.gguf import GgufModel

    folder = run.path / "gguf"
    assert export([str(run.path), "gguf", str(folder), "--quant", "f32", "--json"]) == 0
    target = target_of(folder)
    assert target.kind is Kind.GGUF
    model = GgufModel(target)
    assert served(model) == expected
    assert model.context == 256
    one, two = (served(model, temperature=1.0, seed=3) for _ in range(2))
    assert one == two
    assert served(model, temperature=1.0, seed=4) != one
    code = loading.python_code("gguf", "chat", str(target.file), prompt=MESSAGES[0]["content"])
    assert ran(code, capsys).strip()


def test_the_card_of_an_export_tells_what_verify_found(run):
    verdict = {"verdict": "green", "token_ids_equal": True, "greedy_match": 1.0}
    (run.path / "합친" / "verify.json").write_text(json.dumps(verdict))
    publication = prepare(run.path / "합친", Order("my-model"), "en")
    assert "**green**" in publication.card
    assert "verify.json" in publication.contents.left_out


def code_of_card(folder, *places):
    """The card's lines of Python, with real places where it leaves them to the reader."""
    card = (folder / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    for left, real in places:
        assert left in code
        code = code.replace(left, str(real))
    return code


def trained_ids(run):
    """What the model was trained to see before the answer to the card's question."""
    voice = open_tuned(run).voice()
    ids = voice.prompt_ids(voice.with_system([{"role": "user", "content": loading.PROMPT}]))
    assert SYSTEM in voice.tokenizer.decode(ids, skip_special_tokens=False)
    return ids


@pytest.mark.parametrize("form", ["합친", "어댑터"])
def test_the_cards_code_asks_as_was_trained(run, tiny, capsys, monkeypatch, form):
    from transformers import GenerationMixin

    asked, really = [], GenerationMixin.generate

    def heard(model, *args, **options):
        asked.append(options["input_ids"][0].tolist())
        return really(model, *args, **options)

    monkeypatch.setattr(GenerationMixin, "generate", heard)
    places = [("path/to/this/folder", run.path / form)]
    places += [("path/to/작은 모델", tiny)] if form == "어댑터" else []
    assert ran(code_of_card(run.path / form, *places), capsys).strip()
    assert asked == [trained_ids(run)]
    assert SYSTEM in ways(run.path / form, 8000)["python"]


@pytest.mark.needs_llama
def test_the_gguf_cards_code_asks_as_was_trained(run, capsys, monkeypatch, tmp_path):
    from finetune_studio.export import llama

    llama.runtime()
    from llama_cpp import Llama

    folder, asked, really = tmp_path / "gguf", [], Llama.create_completion

    def heard(self, **options):
        asked.append(list(options["prompt"]))
        return really(self, **options)

    monkeypatch.setattr(Llama, "create_completion", heard)
    assert export([str(run.path), "gguf", str(folder), "--quant", "f16", "--json"]) == 0
    (file,) = folder.glob("*.gguf")
    assert ran(code_of_card(folder, (file.name, file)), capsys).strip()
    assert asked == [trained_ids(run)]


@pytest.mark.parametrize("task", ["text", "classify"])
def test_the_code_to_copy_loads_the_results_of_other_tasks(tiny, tmp_path, capsys, task):
    made = finished(tmp_path / task, tiny, task)
    labels = json.loads((made.result / "studio.json").read_text(encoding="utf-8"))["labels"]
    code = loading.python_code("adapter", task, str(made.result), labels=labels, prompt="영화")
    said = ran(code, capsys)
    assert set(labels) <= {"n", "p"}
    assert ("'n'" in said and "'p'" in said) if task == "classify" else said.startswith("영화")
    shutil.rmtree(made.path)


@pytest.mark.parametrize("bits", [4, 8])
def test_the_code_to_copy_puts_an_adapter_on_the_weights_it_was_trained_on(
    tiny, tmp_path, capsys, bits
):
    made = finished(tmp_path / "run", tiny, method="qlora", method__bits=bits)
    tuned, question = open_tuned(made), MESSAGES[0]["content"]
    wanted = tuned.voice().answer(tuned.model(), MESSAGES, 256)
    quantised = loading.Quantised(bits, "float32")  # as a CPU trains
    options = {"base": str(tiny), "prompt": question, "quantised": quantised}
    code = loading.python_code("adapter", "chat", str(made.result), **options)
    assert ran(code, capsys).strip().rstrip("\ufffd") == wanted.strip()  # cut at its length
    copied = ways(made.path, 8000)
    assert f"load_in_{bits}bit=True" in copied["python"]
    assert ("--quantization bitsandbytes" in copied.get("vllm", "")) == (bits == 4)
