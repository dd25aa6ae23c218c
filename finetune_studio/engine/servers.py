"""Other runtimes that a person may have: Ollama and vLLM, asked for the same greedy answers.

Neither is needed; what is not here is named so and changes no verdict. Written by their own
documentation and not yet run against them.
"""

import importlib.util
import json
import shutil
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from finetune_studio.engine.reference import ANSWER, Reference
from finetune_studio.export.formats import BASE_FILE, gguf_files

OLLAMA = "http://127.0.0.1:11434"
NAME = "finetune-studio-verify"
PATIENCE = 600  # seconds for one answer; the first loads the model
MISSING = "not here"


def others(export: Path, about: dict[str, Any], reference: Reference) -> dict[str, Any]:
    """What other runtimes say: `greedy_match` each, or that they are not here, or why they failed.

    Args:
        export: The export's folder.
        about: Its `studio.json`.
        reference: What the trained model said.
    """
    found: dict[str, Any] = {}
    looks = {"ollama": _ollama, "vllm": _vllm}
    for name, look in looks.items():
        if not reference.talks or not _suits(name, export, about):
            continue
        try:
            found[name] = look(export, reference)
        except (OSError, ValueError, RuntimeError, subprocess.SubprocessError) as error:
            found[name] = f"failed: {' '.join(str(error).split())[:200]}"
    return found


def _suits(name: str, export: Path, about: dict[str, Any]) -> bool:
    if name == "ollama":
        return str(about["format"]).startswith("gguf") and (export / "Modelfile").is_file()
    return bool(about["format"] == "merged")


def _ollama(export: Path, reference: Reference) -> Any:
    """The share of conversations that Ollama answers in the same words.

    Its own template makes the prompt, so this proves the Modelfile, too.
    """
    program = shutil.which("ollama")
    if program is None:
        return MISSING
    made = [program, "create", NAME, "-f", str(export / "Modelfile")]
    subprocess.run(made, check=True, capture_output=True, cwd=export, timeout=PATIENCE)
    try:
        tokenizer = _tokenizer(export, reference)
        same = 0
        for talk in reference.talks:
            options = {"temperature": 0, "seed": 0, "num_predict": ANSWER}
            asked = {"model": NAME, "messages": talk.messages, "stream": False, "options": options}
            said = _post("/api/chat", asked)["message"]["content"]
            same += said.strip() == tokenizer(talk.answer).strip()
        return {"greedy_match": same / len(reference.talks)}
    finally:
        subprocess.run([program, "rm", NAME], check=False, capture_output=True, timeout=60)


def _tokenizer(export: Path, reference: Reference) -> Any:
    """What turns the reference's answers into text: the file's own vocabulary."""
    from finetune_studio.export import llama

    llama.runtime()
    from llama_cpp import Llama

    base = export / BASE_FILE
    file = base if base.is_file() else gguf_files(export)[0]
    model: Any = Llama(str(file), vocab_only=True, verbose=False)

    def decoded(ids: list[int]) -> str:
        kept = [each for each in ids if each not in reference.stops]
        return str(model.detokenize(kept).decode("utf-8", "replace"))

    return decoded


def _post(route: str, document: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        OLLAMA + route,
        json.dumps(document).encode("utf-8"),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)


def _vllm(export: Path, reference: Reference) -> Any:
    """The share of prompts that vLLM answers with the same tokens."""
    if importlib.util.find_spec("vllm") is None:
        return MISSING
    from vllm import LLM, SamplingParams

    model = LLM(model=str(export), seed=0)
    asked = SamplingParams(temperature=0.0, max_tokens=ANSWER, stop_token_ids=reference.stops)
    prompts = [{"prompt_token_ids": talk.ids} for talk in reference.talks]
    made = model.generate(prompts, asked)
    said = [list(each.outputs[0].token_ids) for each in made]
    pairs = zip(said, reference.talks, strict=True)
    return {"greedy_match": sum(a == b.answer for a, b in pairs) / len(said)}
