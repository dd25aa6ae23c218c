"""First token and tokens a second: our server beside `transformers serve` and llama-cpp-python's.

    python -m tests.benchmarks.serving MODEL [--gguf FILE] [--run RUN] [--rounds 5]

MODEL is a folder in the form of transformers. Each server answers like conversations over HTTP,
streamed and greedy, after one warm-up request; requests go round between them. Speeds are of the
tokens after the first; the medians are printed. On a GPU both compute in bf16 there.
"""

import argparse
import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import torch

QUESTION = "{number} small boats are at sea. Tell me a long story about them."
NUMBERS = itertools.count(10)
TRANSFORMERS = "from transformers.cli.transformers import main; main()"
ABOUT = {"task": "chat", "method": "full", "base": "SmolLM2", "labels": [], "system": ""}


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def ask(url: str, model: str, tokens: int) -> tuple[float, float]:
    """Seconds to the first token, and tokens a second after it."""
    question = QUESTION.format(number=next(NUMBERS))  # new words, so that no cache knows them
    messages = [{"role": "user", "content": question}]
    body = {"model": model, "messages": messages, "stream": True, "max_tokens": tokens}
    body |= {"temperature": 0.0}
    request = urllib.request.Request(
        f"{url}/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    begun, first, pieces, last = time.perf_counter(), 0.0, 0, 0.0
    with urllib.request.urlopen(request, timeout=300) as answer:
        for line in answer:
            if not line.startswith(b"data: {"):
                continue
            choices = json.loads(line[6:]).get("choices") or [{}]
            if choices[0].get("delta", {}).get("content"):
                last = time.perf_counter()
                first = first or last
                pieces += 1
    return first - begun, (pieces - 1) / (last - first)


@contextlib.contextmanager
def running(command: list[str], url: str, environment: dict[str, str]) -> Iterator[float]:
    """A server; yields the seconds until it answered at its `/v1/models`."""
    begun = time.perf_counter()
    child = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while True:
            assert child.poll() is None, f"{command} ended"
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{url}/models", timeout=5).read()
                break
            time.sleep(0.1)
        yield time.perf_counter() - begun
    finally:
        child.terminate()
        try:
            child.wait(60)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _linked(given: str, taken: str) -> None:
    """One more name of a file; a copy on another disk."""
    try:
        os.link(given, taken)
    except OSError:
        shutil.copy2(given, taken)


def commands(
    folder: Path, gguf: Path | None, run: Path | None, home: Path
) -> dict[str, tuple[list[str], int, str]]:
    """For each server its command line, port and the model's name."""
    merged = home / "smollm2"
    shutil.copytree(folder, merged, copy_function=_linked)
    (merged / "studio.json").write_text(json.dumps(ABOUT | {"format": "merged"}))
    studio = [sys.executable, "-m", "finetune_studio", "serve"]
    made: dict[str, tuple[list[str], int, str]] = {}
    port = free_port()
    made["studio"] = ([*studio, str(merged), "--port", str(port), "--quiet"], port, "smollm2")
    serve = [sys.executable, "-c", TRANSFORMERS, "serve", str(merged)]
    gpu = torch.cuda.is_available()
    serve += ["--device", "cuda" if gpu else "cpu", "--host", "127.0.0.1"]
    kinds = {"fp32": "float32", "bf16": "bfloat16"}  # ours computes in fp32 on a processor
    for name, precision in kinds.items():
        if gpu and name == "fp32":
            continue
        port = free_port()
        own = [*serve, "--dtype", precision, "--port", str(port)]
        made[f"transformers serve, {name}"] = (own, port, str(merged))
    if run:
        port = free_port()
        own = [*studio, str(run), "--port", str(port), "--quiet"]
        made["studio, run"] = (own, port, run.name)
    if gguf:
        export = home / "gguf"
        export.mkdir()
        shutil.copyfile(gguf, export / "model.gguf")
        (export / "studio.json").write_text(json.dumps(ABOUT | {"format": "gguf"}))
        port = free_port()
        made["studio, GGUF"] = (
            [*studio, str(export), "--port", str(port), "--quiet"],
            port,
            "gguf",
        )
        port = free_port()
        own = [sys.executable, "-m", "llama_cpp.server", "--model", str(export / "model.gguf")]
        own += ["--host", "127.0.0.1", "--port", str(port), "--n_ctx", "8192"]
        made["llama_cpp.server"] = ([*own, "--n_threads", str(os.cpu_count())], port, "x")
    return made


def main() -> None:
    """Measure and print; ended from outside, it ends its servers first."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("--gguf", type=Path)
    parser.add_argument("--run", type=Path, help="a run, served as it is: its adapter on its base")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--only", nargs="*", help="names of servers")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "hf" / "hub").mkdir(parents=True)
        environment = os.environ | {"HF_HOME": str(home / "hf"), "HF_HUB_OFFLINE": "1"}
        servers = commands(options.model, options.gguf, options.run, home)
        servers = {n: s for n, s in servers.items() if not options.only or n in options.only}
        with contextlib.ExitStack() as stack:
            ready, found = {}, {}
            for name, (command, port, model) in servers.items():
                url = f"http://127.0.0.1:{port}/v1"
                ready[name] = stack.enter_context(running(command, url, environment))
                print(f"{name}: ready in {ready[name]:.1f} s", file=sys.stderr)
                ask(url, model, options.tokens)
                found[name] = []
            for _ in range(options.rounds):
                for name, (_, port, model) in servers.items():
                    found[name].append(ask(f"http://127.0.0.1:{port}/v1", model, options.tokens))
        for name, each in found.items():
            first, speed = (statistics.median(values) for values in zip(*each, strict=True))
            print(
                f"{name:20} ready {ready[name]:5.1f} s  first {first:.3f} s  {speed:6.1f} tokens/s"
            )


if __name__ == "__main__":
    main()
