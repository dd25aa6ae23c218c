"""The local server's own process: `python -m finetune_studio.engine.serve PATH [--port N] …`.

It loads one model, lets it answer once, and only then listens. It prints `{"ready": …}`, or why
not. It ends on SIGTERM, on an interrupt, and when its input closes: with whoever started it. The
key comes by the environment, where no list of processes shows it.
"""

import argparse
import errno
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from finetune_studio.engine.process import quiet, run_as_process
from finetune_studio.errors import RefusedError, remedy
from finetune_studio.export.server.app import application
from finetune_studio.export.server.desk import Desk
from finetune_studio.export.server.model import Sampling, Served
from finetune_studio.export.server.served import KEY, Kind, Target, target_of
from finetune_studio.i18n import tr

LOCAL = ("127.0.0.1", "localhost", "::1")
LEAVING = 3  # seconds that open connections get at the end


def serve(arguments: list[str]) -> int:
    """Serve one model until told to end."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the server listens
    key = os.environ.pop(KEY, "")
    local = options.host in LOCAL
    if not local and not key:
        raise RefusedError(
            tr("A server that others can reach needs a key."),
            hint=tr("Add --key, or leave --host away."),
        )
    target = target_of(options.path, options.file)
    door = _open(options.host, options.port)
    thread = ThreadPoolExecutor(1, "model")
    log = None if options.quiet else _log
    model = thread.submit(_ready, target, log).result()
    desk = Desk(model, thread)
    app = application(desk, key=key, local=local, log=log)
    server = _Server(desk, uvicorn.Config(app, **_settings()))
    if options.follow_input:
        threading.Thread(target=server.end_with_input, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: None)
    door.listen(128)
    url = f"http://{_shown(options.host)}:{door.getsockname()[1]}/v1"
    ready = {"ready": True, "url": url, "model": model.name, "task": target.task}
    print(json.dumps(ready, ensure_ascii=False), flush=True)  # noqa: T201
    try:
        server.run([door])
    except KeyboardInterrupt:
        _leave(130)
    _leave(0)
    return 0


def _leave(code: int) -> None:
    """End at once: there is nothing to save, and torch takes seconds to put itself away."""
    sys.stderr.flush()
    os._exit(code)


def _settings() -> dict[str, Any]:
    """How uvicorn works here: our own log alone, no signs of itself, no waiting at the end."""
    return {
        "log_config": None,
        "log_level": "critical",
        "access_log": False,
        "server_header": False,
        "lifespan": "off",
        "timeout_graceful_shutdown": LEAVING,
        "timeout_keep_alive": 30,
        "h11_max_incomplete_event_size": 64 << 10,
    }


class _Server(uvicorn.Server):
    """Ends what is being written when it ends."""

    def __init__(self, desk: Desk, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._desk = desk

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal to end."""
        self._desk.close()
        super().handle_exit(sig, frame)

    def end_with_input(self) -> None:
        """Wait until whoever started this closes our input, or dies."""
        while os.read(0, 1024):  # not sys.stdin, whose lock would be held when Python ends
            pass
        self._desk.close()
        self.should_exit = True


def _ready(target: Target, log: Callable[[str], None] | None) -> Served:
    """The model, which has answered once; in the thread in which it will answer.

    Each thread that computes gets helpers of its own, one for every core. Two sets of them would
    be more than there are cores, and sleep where one set waits for a moment awake: an answer then
    takes twice the time.
    """
    model = _loaded(target, log)
    model.write(model.encode("1"), Sampling(0.0, 1.0, None, 2), lambda token: False)
    return model


def _loaded(target: Target, log: Callable[[str], None] | None) -> Served:
    if target.kind is Kind.GGUF:
        from finetune_studio.export.server.gguf import GgufModel

        return GgufModel(target)
    from finetune_studio.engine.serving import TorchModel

    quiet()  # the libraries are here now
    model = TorchModel(target)
    if log:
        log(f"a token's step without Python: {'yes' if model.quick else f'no, {model.quick.why}'}")
    return model


def _open(host: str, port: int) -> socket.socket:
    """The socket, held before the model loads: a port that is taken is told at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":  # there it would let two programs have one port
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
    except (OSError, OverflowError) as error:
        door.close()
        raise RefusedError(
            tr("{host}:{port} cannot be used.").format(host=host, port=port),
            _why_shut(error),
            remedy(
                tr("Choose another with --port; 0 takes a free one."),
                tr("Choose another port; 0 takes a free one."),
            ),
        ) from error
    return door


def _why_shut(error: OSError | OverflowError) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return tr("Another program has this port.")
    if number in (errno.EACCES, errno.EPERM):
        return tr("The system keeps this port for itself.")
    said = (getattr(error, "strerror", None) or str(error)).rstrip(".")
    return f"{said}."


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("path", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--file", default="")
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--follow-input", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(run_as_process(serve))
