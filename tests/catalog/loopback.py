"""A Hub on the loopback: the few answers that a download needs, and faults on demand."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Serves model folders: `models` maps an id to `{file name: bytes}`.

    Attributes:
        faults: A status and error code for an id, such as `{"a/b": (403, "GatedRepo")}`.
        taken: The names of the files that were downloaded.
    """

    def __init__(self):
        self.models, self.faults, self.taken = {}, {}, []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                hub._answer(self, body=True)

            def do_HEAD(self):
                hub._answer(self, body=False)

            def log_message(self, *_):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, request, body):
        path = request.path.partition("?")[0].strip("/")
        api = path.removeprefix("api/models/")
        name = "/".join(api.split("/")[:2])
        status, code = self.faults.get(name, (200, ""))
        if name not in self.models and not code:
            status, code = 404, "RepoNotFound"
        rest = api.split("/")[2:]
        if code:
            self._send(request, status, b"{}", {"X-Error-Code": code})
        elif "resolve" in rest:
            self._file(request, name, rest[-1], body)
        elif rest[:1] == ["tree"]:
            self._send(request, 200, json.dumps(self._tree(name)).encode())
        elif rest[1:] not in ([], ["main"], [COMMIT]):
            self._send(request, 404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        else:
            self._send(request, 200, json.dumps(self._info(name)).encode())

    def _info(self, name):
        files = [{"rfilename": each} for each in self.models[name]]
        return {"id": name, "modelId": name, "sha": COMMIT, "siblings": files, "tags": []}

    def _tree(self, name):
        return [
            {"type": "file", "path": each, "size": len(content), "oid": _digest(content)}
            for each, content in self.models[name].items()
        ]

    def _file(self, request, name, file, body):
        content = self.models[name][file]
        if body:
            self.taken.append(file)
        headers = {"ETag": f'"{_digest(content)}"', "X-Repo-Commit": COMMIT}
        self._send(request, 200, content, headers, body)

    def _send(self, request, status, content, headers=None, body=True):
        request.send_response(status)
        for key, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            request.send_header(key, value)
        request.end_headers()
        if body and request.command == "GET":
            request.wfile.write(content)


def _digest(content):
    return hashlib.sha1(content).hexdigest()
