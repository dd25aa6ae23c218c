"""Every export of real runs, proven: `python -m tests.benchmarks.proof FOLDER --model M...`.

For each model and method, through the commands that a person types: train, export in every format,
verify, upload to a Hub on the loopback, download again. Each export is asked before and after the
upload by a new process that knows nothing of this program: transformers and PEFT, or
llama-cpp-python (asking.py); a Modelfile's template is rendered by Go itself, where that is here.
One line of a table each; whatever does not hold is a line of its own and makes the exit code 1.
Runs that lie in FOLDER are not trained again.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune_studio import paths
from tests.benchmarks import asking
from tests.catalog.receiving import ReceivingHub

PROGRAM = [sys.executable, "-m", "finetune_studio"]
EXPORTS = {
    "adapter": ("adapter",),
    "merged": ("merged",),
    "merged-fp32": ("merged", "--precision", "fp32"),
    "f16": ("gguf", "--quant", "f16"),
    "q8_0": ("gguf", "--quant", "q8_0"),
    "q4_k_m": ("gguf", "--quant", "q4_k_m"),
    "gguf-adapter": ("gguf-adapter", "--with-base"),
}
SETTINGS = (
    *("data.max_rows=400", "training.accumulation=1", "training.batch_size=4"),
    *("training.sequence_length=96", "training.learning_rate=0.0005", "evaluation.every=0.5"),
    *("evaluation.max_rows=16", "evaluation.early_stopping.enabled=false"),
)
DOWNLOAD = """
import sys
from huggingface_hub import snapshot_download
snapshot_download(sys.argv[1], local_dir=sys.argv[2])
"""
HEAD = (
    *("run", "export", "MB", "export s", "verify s", "verify", "tokens", "mean KL", "top-1"),
    *("max Δlogit", "ppl ×", "answers", "after the Hub", "Modelfile"),
)


@dataclass(frozen=True)
class Asked:
    """What stands for all exports of one run.

    Attributes:
        run: The run.
        model: The base model's folder.
        prompts: The questions.
        tokens: The most that an answer may have.
        said: What the trained model answers.
        hub: The Hub that takes the uploads.
    """

    run: Path
    model: Path
    prompts: Path
    tokens: int
    said: list[str]
    hub: ReceivingHub


def main() -> int:
    """Prove, print, and tell by the exit code whether all of it held."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", action="append", dest="models", help="demo, or a folder")
    parser.add_argument("--methods", nargs="*", default=["lora", "qlora"])
    parser.add_argument("--only", nargs="*", default=list(EXPORTS), choices=EXPORTS)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--prompts", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=16)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends the Hub, too
    options.folder.mkdir(parents=True, exist_ok=True)
    os.environ["FINETUNE_STUDIO_HOME"] = str(options.folder / "home")
    prompts = options.folder / "prompts.json"
    prompts.write_text(json.dumps(asking.questions(options.prompts)), encoding="utf-8")
    _row(HEAD)
    _row(["---"] * len(HEAD))
    wrong: list[str] = []
    for model in options.models or ["demo"]:
        for method in options.methods:
            run = _trained(options.folder, model, method, options.steps)
            with ReceivingHub() as hub:
                hub.tokens["hf_right"] = "kim"
                base = paths.resources() / "models" / "demo" if model == "demo" else Path(model)
                said = asking.ask("run", run, base, prompts, options.tokens)
                asked = Asked(run, base, prompts, options.tokens, said, hub)
                for name in options.only:
                    wrong += _proven(asked, name)
                wrong += [f"{run.name}: the Hub received {each}" for each in hub.wrong]
    print("\n".join(["", *wrong]) if wrong else "\nall of it held")
    return int(bool(wrong))


def _trained(folder: Path, model: str, method: str, steps: int) -> Path:
    run = folder / f"{Path(model).name}-{method}"
    if run.is_dir():
        return run
    recipe = folder / f"{run.name}.yaml"
    data = paths.resources() / "samples" / "korean_qa.csv"
    changes = [*SETTINGS, f"training.max_steps={steps}", f"method.kind={method}"]
    changes += [] if model == "demo" else ["licence.model=apache-2.0"]  # a folder states none
    made = ["--model", model, "--data", str(data), "--task", "chat", "--out", str(recipe)]
    _run("recipe", "new", *made, *(part for each in changes for part in ("--set", each)))
    _run("train", str(recipe), "--out", str(run))
    return run


def _proven(asked: Asked, name: str) -> list[str]:
    """One line of the table, and what did not hold."""
    form, *more = EXPORTS[name]
    out = asked.run.with_name(f"{asked.run.name}-{name}")
    shutil.rmtree(out, ignore_errors=True)
    begun = time.monotonic()
    made = _call("export", str(asked.run), "--to", form, *more, "--out", str(out))
    exported = time.monotonic() - begun
    begun = time.monotonic()
    found = _call("verify", str(out))
    verified = time.monotonic() - begun
    before = asking.ask(form, out, asked.model, asked.prompts, asked.tokens)
    down = _through_the_hub(asked, out)
    after = asking.ask(form, down, asked.model, asked.prompts, asked.tokens)
    same = sum(a == b for a, b in zip(before, asked.said, strict=True))
    size = sum(each["bytes"] for each in made["files"]) / 1e6
    rendered = asking.modelfile_says(down, asked.run)
    figures = [f"{size:.1f}", f"{exported:.0f}", f"{verified:.0f}", found["verdict"]]
    figures += ["same" if found["token_ids_equal"] else "OTHER", f"{found['mean_kl']:.1e}"]
    figures += [f"{found['top1_match']:.3f}", f"{found['max_difference']:.1e}"]
    figures += [f"{found.get('perplexity_ratio', 1):.3f}", f"{same} of {len(before)}"]
    _row([asked.run.name, name, *figures, "same" if after == before else "OTHER", rendered])
    if found["verdict"] != "green":
        print(f"  {found['verdict']}: {'; '.join(found['reasons'])}", file=sys.stderr, flush=True)
    wrong = [] if after == before else [f"{out.name}: answers differ after the Hub"]
    wrong += _changed(out, down)
    if found["verdict"] != "green" and not found["reasons"]:
        wrong.append(f"{out.name}: {found['verdict']} without a reason")
    shutil.rmtree(down)
    shutil.rmtree(out)
    return wrong


def _through_the_hub(asked: Asked, out: Path) -> Path:
    """Push an export and download it by plain huggingface_hub; the folder of what came."""
    down = out.with_name(f"{out.name}-down")
    shutil.rmtree(down, ignore_errors=True)
    home = asked.run.with_name("hf")
    environment = os.environ | {
        "HF_ENDPOINT": asked.hub.url,
        "HF_TOKEN": "hf_right",
        "HF_HOME": str(home),
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",  # that Hub keeps files, and of Xet blocks alone
    }
    environment = {name: v for name, v in environment.items() if not name.startswith("SSL_CERT")}
    _call("push", str(out), "--repo", out.name, "--compatible", environment=environment)
    command = [sys.executable, "-c", DOWNLOAD, f"kim/{out.name}", str(down)]
    subprocess.run(command, env=environment, check=True, stderr=subprocess.DEVNULL)
    return down


def _changed(out: Path, down: Path) -> list[str]:
    """Weights and tokenizers that came down otherwise than they went up."""
    kept = [each for each in out.iterdir() if each.suffix in (".gguf", ".safetensors", ".jinja")]
    kept += [each for each in out.iterdir() if each.name in ("tokenizer.json", "Modelfile")]
    return [
        f"{out.name}: {each.name} came down otherwise"
        for each in kept
        if not (down / each.name).is_file() or _hash(each) != _hash(down / each.name)
    ]


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _call(*arguments: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_run(*arguments, "--json", environment=environment))
    return found


def _run(*arguments: str, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [*PROGRAM, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def _row(cells: Any) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
