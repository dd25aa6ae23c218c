"""Models asked in their own runtimes, each by a process that knows nothing of this program.

Greedy answers to the same questions: by the program's own engine (`run`), by transformers and PEFT
(`merged`, `adapter`), by llama-cpp-python (`gguf`, `gguf-adapter`). Modelfiles are rendered by Go.
"""

import csv
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from finetune_studio import paths
from finetune_studio.export import llama
from finetune_studio.export.about import ABOUT
from finetune_studio.export.facts import read_json
from finetune_studio.export.gguf_header import begins_texts, read_header
from finetune_studio.export.gotemplate import render as render_go
from finetune_studio.export.ollama import as_data
from finetune_studio.export.prompts import PROMPTS
from finetune_studio.tokens.loading import load_tokenizer
from finetune_studio.tokens.templates import render
from tests.helpers.go import rendered_by_go

OWN = """
from pathlib import Path
from finetune_studio.engine.tuned import open_tuned
from finetune_studio.runs.folder import RunFolder
tuned = open_tuned(RunFolder.open(Path(place)))
model, voice = tuned.model(), tuned.voice()
answers = [voice.answer(model, [{"role": "user", "content": each}], tokens) for each in prompts]
"""
TRANSFORMERS = """
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
if form == "adapter":
    from peft import PeftModel
    how = BitsAndBytesConfig(**quantised) if quantised else None  # as its card says
    base = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, quantization_config=how)
    model = PeftModel.from_pretrained(base, place)
else:
    model = AutoModelForCausalLM.from_pretrained(place, dtype=torch.float32)
tokenizer = AutoTokenizer.from_pretrained(place)
answers = []
for prompt in prompts:
    given = tokenizer.apply_chat_template([{"role": "user", "content": prompt}],
        add_generation_prompt=True, return_tensors="pt", return_dict=True)
    made = model.generate(**given, max_new_tokens=tokens, do_sample=False)
    answers.append(tokenizer.decode(made[0, given["input_ids"].shape[1]:],
        skip_special_tokens=True))
"""
LLAMA = """
import glob
sys.path += folders
from llama_cpp import Llama
files = glob.glob(glob.escape(place) + "/*.gguf")
lora = next((f for f in files if f.endswith("-LoRA.gguf")), None)
model = Llama(next(f for f in files if f != lora), n_ctx=512, lora_path=lora, verbose=False)
answers = []
for prompt in prompts:
    said = model.create_chat_completion([{"role": "user", "content": prompt}],
        max_tokens=tokens, temperature=0.0)
    answer = said["choices"][0]["message"]["content"]
    if said["usage"]["completion_tokens"] > tokens:
        answer = answer[:-1]  # it goes on beyond its length until a character is whole
    answers.append(answer)
"""
BODIES = {
    "run": OWN,
    "merged": TRANSFORMERS,
    "adapter": TRANSFORMERS,
    "gguf": LLAMA,
    "gguf-adapter": LLAMA,
}
CHILD = """
import json, sys
form, place, base, prompts, tokens, folders, quantised = json.loads(sys.argv[1])
prompts = json.loads(open(prompts, encoding="utf-8").read())
{body}
print(json.dumps(answers))
"""


def questions(count: int) -> list[str]:
    """The prompts of the parity test, then questions of the built-in sample."""
    with (paths.resources() / "samples" / "korean_qa.csv").open(encoding="utf-8-sig") as file:
        rows = [next(iter(row.values())) for row in csv.DictReader(file)]
    return [*PROMPTS, *rows[:: max(len(rows) // count, 1)]][:count]


def ask(form: str, place: Path, base: Path, prompts: Path, tokens: int) -> list[str]:
    """Answers to the prompts in a file, without blanks around them or a part of a character.

    Args:
        form: `run`, or the format of an export.
        place: The run, or the export's folder.
        base: The base model's folder, which an adapter is put on.
        prompts: A JSON list.
        tokens: The most that an answer may have.
    """
    folders = [str(each) for each in (llama.find().runtime, llama.packages()) if each]
    given = json.dumps([form, str(place), str(base), str(prompts), tokens, folders, _nf4(place)])
    command = [sys.executable, "-c", CHILD.format(body=BODIES[form]), given]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{form} {place.name} could not be asked:\n{done.stderr}")
    answers: list[str] = json.loads(done.stdout.strip().splitlines()[-1])
    return [each.rstrip("\ufffd").strip() for each in answers]  # half a character is none


def _nf4(place: Path) -> dict[str, Any]:
    """How the base model of a QLoRA adapter is loaded; empty for others."""
    if read_json(place / ABOUT).get("method") != "qlora":
        return {}
    double = {"bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True}
    return {"load_in_4bit": True, **double}


def modelfile_says(folder: Path, run: Path) -> str:
    """Whether a folder's Modelfile names files beside it and its template says what was trained."""
    file = folder / "Modelfile"
    if not file.is_file():
        return ""
    text = file.read_text(encoding="utf-8")
    named = re.findall(r"^(?:FROM|ADAPTER) (.+)$", text, re.MULTILINE)
    if not all((folder / each).is_file() for each in named):
        return "FILES MISSING"
    template = text.split('TEMPLATE """', 1)[1].split('"""', 1)[0]
    wanted = _as_trained(run, folder / named[0])
    cases = [{"Template": template, "Data": as_data(_said(each))} for each in PROMPTS]
    if shutil.which("go"):
        with tempfile.TemporaryDirectory() as place:
            made = rendered_by_go(cases, Path(place))
    else:
        made = [render_go(each["Template"], each["Data"]) for each in cases]
    return "says the same" if made == wanted else "SAYS OTHERWISE"


def _said(prompt: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": prompt}]


def _as_trained(run: Path, gguf: Path) -> list[str]:
    """The prompts as the run's own template writes them, without what llama.cpp puts before."""
    tokenizer = load_tokenizer(run / "result")
    template = tokenizer.chat_template
    assert template
    start = tokenizer.named.get("bos_token", "") if begins_texts(read_header(gguf)) else ""
    made = (
        render(template, _said(each), tokenizer=tokenizer, add_generation_prompt=True)
        for each in PROMPTS
    )
    return [text.removeprefix(start) for text in made]
