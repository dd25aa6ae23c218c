"""What can be copied to load a run or an export elsewhere: Python, vLLM, Ollama, llama-server, TGI.

Runs none of them.
"""

import json
import re
import shlex
from pathlib import Path

from finetune_studio.catalog.resolve import resolve_model
from finetune_studio.errors import RefusedError
from finetune_studio.export import about
from finetune_studio.export.facts import base_of, read_json
from finetune_studio.export.formats import BASE_FILE, gguf_files
from finetune_studio.export.loading import python_code, quantised_of
from finetune_studio.i18n import tr
from finetune_studio.recipe import store
from finetune_studio.recipe.methods import Full
from finetune_studio.runs.folder import RunFolder

SERVERS = ("vllm", "ollama", "llama-server", "tgi")
TGI = "ghcr.io/huggingface/text-generation-inference:3.3.5"
LLAMA = "llama-server --model {file} --alias {name} --host 127.0.0.1 --port {port}"


def commands(server: str, path: Path, port: int) -> str:
    """The lines that serve a run or an export there, bound to this machine alone.

    Args:
        server: One of `SERVERS`.
        path: A run or an export.
        port: The port it shall listen on.

    Raises:
        RefusedError: That server cannot load this format; the hint is the export it can.
    """
    form = _form(path)[0]
    if found := _line(server, path, port):
        return found
    wanted = "gguf" if server in ("ollama", "llama-server") else "merged"
    raise RefusedError(
        tr("{server} cannot load the format “{form}”.").format(server=server, form=form),
        str(path),
        tr("Export it first: finetune-studio export RUN --to {form} --out FOLDER").format(
            form=wanted
        ),
    )


def ways(path: Path, port: int) -> dict[str, str]:
    """Everything that can be copied of a run or an export: code of Python, commands of servers.

    Args:
        path: A run or an export.
        port: The port that a server shall listen on.

    Raises:
        RefusedError: It is neither, or its run is gone.
    """
    found = {"python": _python(path)}
    if not read_json(_form(path)[1] / about.ABOUT).get("labels"):  # they answer with text
        found |= {server: _line(server, path, port) for server in SERVERS}
    return {name: text for name, text in found.items() if text}


def _python(path: Path) -> str:
    form, folder, run = _form(path)
    said = read_json(folder / about.ABOUT)
    place, base, quantised = folder.resolve(), "", None
    if form == "adapter" and run:
        base, quantised = _base(run), quantised_of(store.load(run.recipe).method)
    elif form.startswith("gguf"):
        file = folder / BASE_FILE
        base = str(file.resolve()) if form == "gguf-adapter" and file.is_file() else ""
        place = gguf_files(folder)[0].resolve()
    labels = said.get("labels") or ()
    task = str(said.get("task", "chat"))
    system = str(said.get("system") or "")
    return python_code(
        form, task, str(place), base=base, labels=labels, quantised=quantised, system=system
    )


def _line(server: str, path: Path, port: int) -> str:
    form, folder, run = _form(path)
    return _LINES[server](form, folder.resolve(), path.resolve().name, port, run)


def _form(path: Path) -> tuple[str, Path, RunFolder | None]:
    if (path / "run.json").exists():
        run = RunFolder.open(path)
        full = isinstance(store.load(run.recipe).method, Full)
        return ("merged" if full else "adapter"), run.result, run
    said = about.read(path)
    form = str(said.get("format"))
    return form, path, about.run_of(path, said) if form.endswith("adapter") else None


def _vllm(form: str, folder: Path, name: str, port: int, run: RunFolder | None) -> str:
    where = f"--host 127.0.0.1 --port {port}"
    if form == "merged":
        return f"vllm serve {_word(folder)} --served-model-name {_word(name)} {where}"
    if form == "adapter" and run:
        quantised = quantised_of(store.load(run.recipe).method)
        if quantised and quantised.bits != 4:
            return ""  # vLLM quantises a base model to 4 bits alone while it loads it
        rank = int(read_json(folder / "adapter_config.json").get("r") or 16)
        module = json.dumps({"name": name, "path": str(folder)}, ensure_ascii=False)
        return (
            f"vllm serve {_word(_base(run))} --enable-lora --max-lora-rank {_rounded(rank)}"
            f" --lora-modules {shlex.quote(module)}"
            f"{' --quantization bitsandbytes' if quantised else ''} {where}"
        )
    return ""


def _tgi(form: str, folder: Path, name: str, port: int, run: RunFolder | None) -> str:
    if form != "merged":
        return ""
    return (
        f"docker run --rm --gpus all --shm-size 1g -p 127.0.0.1:{port}:80"
        f" -v {_word(folder)}:/model:ro {TGI} --model-id /model"
    )


def _llama_server(form: str, folder: Path, name: str, port: int, run: RunFolder | None) -> str:
    files = gguf_files(folder)
    if not files:
        return ""
    if form == "gguf":
        return LLAMA.format(file=_word(files[0]), name=_word(name), port=port)
    base = folder / BASE_FILE
    file = _word(base) if base.is_file() else BASE_FILE
    line = LLAMA.format(file=file, name=_word(name), port=port)
    return f"{line} --lora {_word(files[0])}"


def _ollama(form: str, folder: Path, name: str, port: int, run: RunFolder | None) -> str:
    if not form.startswith("gguf") or not (folder / "Modelfile").is_file():
        return ""
    plain = re.sub(r"[^a-z0-9._-]+", "-", name.casefold()).strip("-.") or "tuned"
    return (
        f"OLLAMA_HOST=127.0.0.1:{port} ollama serve &\n"
        f"OLLAMA_HOST=127.0.0.1:{port} ollama create {plain} -f {_word(folder / 'Modelfile')}\n"
        f"OLLAMA_HOST=127.0.0.1:{port} ollama run {plain}"
    )


_LINES = {"vllm": _vllm, "ollama": _ollama, "llama-server": _llama_server, "tgi": _tgi}


def _base(run: RunFolder) -> str:
    recipe = store.load(run.recipe)
    base = base_of(recipe)
    if base.hub:
        return base.name
    model = recipe.model
    return str(resolve_model(model.source, model.revision, model.trust_remote_code).resolve())


def _rounded(rank: int) -> int:
    """The smallest rank that vLLM allows for it. Source: vLLM, LoRAConfig.max_lora_rank."""
    allowed = (1, 8, 16, 32, 64, 128, 256, 320, 512)
    return next((each for each in allowed if each >= rank), rank)


def _word(text: object) -> str:
    return shlex.quote(str(text))
