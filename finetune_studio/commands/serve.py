"""`finetune-studio serve`: OpenAI's interface to a tuned model, on this machine."""

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from finetune_studio.commands.options import add_json
from finetune_studio.commands.output import line, print_json
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

LEAVING = 15.0
"""Seconds that the server gets to end; its connections get three of them."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """What is served, and where."""
    parser.add_argument(
        "path", type=Path, metavar="RUN-or-EXPORT", help=tr("the folder of a run or an export")
    )
    parser.add_argument("--port", type=int, default=8000, help=tr("0 takes a free one"))
    parser.add_argument(
        "--host", default="127.0.0.1", help=tr("an address that others reach needs --key")
    )
    parser.add_argument("--key", default="", help=tr("clients must send it as their API key"))
    parser.add_argument("--file", default="", help=tr("which of several GGUF files"))
    parser.add_argument("--quiet", action="store_true", help=tr("no line for each request"))
    parser.add_argument(
        "--print",
        dest="server",
        choices=("vllm", "ollama", "llama-server", "tgi", "curl", "python", "javascript"),
        help=tr("write the command for another server, or code that asks this one"),
    )
    add_json(parser)
    parser.set_defaults(run=serve)


def serve(options: argparse.Namespace) -> int:
    """Run the engine's server as a child until interrupted."""
    from finetune_studio.export.server.served import target_of

    if not 0 <= options.port <= 65535:
        raise RefusedError(
            tr("{port} is no port.").format(port=options.port),
            hint=tr("Choose one from 1024 to 65535, or 0."),
        )
    if options.key and not (options.key.isascii() and options.key.isprintable()):
        raise RefusedError(
            tr("This key cannot be sent: HTTP takes letters of ASCII there."),
            hint=tr("Use Latin letters, digits, - and _."),
        )
    if options.server:
        return _print(options)
    target_of(options.path, options.file)  # refuse here what needs no engine to see
    return _follow(options)


def _print(options: argparse.Namespace) -> int:
    text = _printed(options)
    if options.json:
        print_json({"server": options.server, "text": text})
    else:
        line(text)
    return 0


def _printed(options: argparse.Namespace) -> str:
    from finetune_studio.export import loading
    from finetune_studio.export.server import elsewhere
    from finetune_studio.export.server.served import target_of

    if options.server in elsewhere.SERVERS:
        return elsewhere.commands(options.server, options.path, options.port)
    target = target_of(options.path, options.file)
    url = f"http://127.0.0.1:{options.port}/v1"
    if options.server == "python":
        return loading.openai_code(url, target.name, target.task, options.key)
    write = loading.curl_code if options.server == "curl" else loading.javascript_code
    return write(url, target.name, target.task, options.key)


def _follow(options: argparse.Namespace) -> int:
    """Start the server, say when it is ready, and see it out."""
    child = _started(options)

    def end(*_: Any) -> None:
        if child.stdin:
            child.stdin.close()  # it ends with its input

    before = signal.signal(signal.SIGTERM, end)
    try:
        for text in child.stdout or ():
            _tell(text, options.json)
        return child.wait()
    except KeyboardInterrupt:
        end()
        _see_out(child)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
        if child.poll() is None:
            child.kill()


def _started(options: argparse.Namespace) -> "subprocess.Popen[str]":
    from finetune_studio.export.server.served import KEY
    from finetune_studio.runs.programs import engine_command, engine_environment

    asked = [str(options.path), "--host", options.host, "--port", str(options.port)]
    asked += ["--file", options.file, "--follow-input", "--json"]
    asked += ["--quiet"] if options.quiet else []
    key = {KEY: options.key} if options.key else {}
    return subprocess.Popen(
        engine_command("serve", *asked),
        env={"PYTHONWARNINGS": "ignore"} | engine_environment() | key,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        **_apart(),
    )


def _apart() -> dict[str, Any]:
    """Not in the terminal's group: Ctrl+C comes to us alone, and we see the server out."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"process_group": 0} if os.name == "posix" else {}


def _tell(text: str, as_json: bool) -> None:
    """Pass on what the server says: that it is ready, or in JSON why not."""
    try:
        said = json.loads(text)
    except ValueError:
        return  # a library's own words
    if as_json:
        print(json.dumps(said, ensure_ascii=False), flush=True)
    elif said.get("ready"):
        line(tr("Ready: {url} (model “{model}”). Ctrl+C ends it.").format(**said))


def _see_out(child: "subprocess.Popen[str]") -> None:
    try:
        child.wait(LEAVING)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        child.kill()
        child.wait()
