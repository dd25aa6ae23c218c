"""A Hub on the loopback: the answers that downloads and searches need, and faults on demand."""

import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 4096
"""Bytes from which a file is named by its SHA-256, as the Hub does with large ones."""


class Hub:
    """Serves model folders: `models` maps an id to `{file name: bytes}`.

    Attributes:
        faults: A status and error code for an id, such as `{"a/b": (403, "GatedRepo")}`.
        headers: More headers of those answers.
        message: What the Hub says with them.
        taken: The names of the files that were downloaded.
        ranges: The ranges that were asked for.
        cuts: For a file, after how many bytes its next downloads break off.
        lies: For a file, what is sent in its place.
        holds: For a file, the event that its bytes wait for.
        slow: Seconds between two pieces of a file.
        silent: Whether nothing is ever answered.
        portal: Whether every answer is a web page, as in a guest network.
        tokens: The accounts by their tokens; where there are some, models need one.
        seen: The authorization of every request.
        found: What a search answers, as the Hub words it.
    """

    def __init__(self):
        self.models, self.faults, self.headers, self.message = {}, {}, {}, ""
        self.taken, self.ranges, self.seen = [], [], []
        self.cuts, self.lies, self.holds, self.tokens, self.found = {}, {}, {}, {}, []
        self.slow, self.silent, self.portal, self.honours_ranges = 0.0, False, False, True
        self._closing = threading.Event()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                hub._answer(self, body=True)

            def do_HEAD(self):
                hub._answer(self, body=False)

            def do_POST(self):
                hub._answer(self, body=True)

            def do_PUT(self):
                hub._answer(self, body=True)

            def log_message(self, *_):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, request, body):
        parts = urlsplit(request.path)
        path = parts.path.strip("/")
        self.seen.append(request.headers.get("Authorization"))
        if self.silent:
            self._closing.wait(60)
        elif self.portal:
            page = b"<html><title>Guest network</title>Please sign in.</html>"
            self._send(request, 200, page, {"Content-Type": "text/html"}, body)
        elif path == "api/whoami-v2":
            self._whoami(request)
        elif path == "api/models":
            self._search(request, parse_qs(parts.query))
        elif request.command in ("POST", "PUT"):
            self._receive(request, path)
        else:
            self._model(request, path, body)

    def _receive(self, request, path):
        """Uploads: this one takes none."""
        self._send(request, 404, b"{}")

    def _search(self, request, asked):
        wanted = asked.get("search", [""])[0].casefold()
        rows = [each for each in self.found if wanted in each["id"].casefold()]
        limit, start = int(asked["limit"][0]), int(asked.get("from", ["0"])[0])
        page, headers = rows[start : start + limit], {}
        if start + limit < len(rows):
            more = f"{self.url}/api/models?search={wanted}&limit={limit}&from={start + limit}"
            headers["Link"] = f'<{more}>; rel="next"'
        self._send(request, 200, json.dumps(page).encode(), headers)

    def _whoami(self, request):
        given = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
        if given not in self.tokens:
            error = {"error": "Invalid credentials in Authorization header"}
            return self._send(request, 401, json.dumps(error).encode())
        return self._send(request, 200, json.dumps(self._account(given)).encode())

    def _account(self, given):
        return {"name": self.tokens[given], "auth": {"accessToken": {"role": "read"}}}

    def _model(self, request, path, body):
        api = path.removeprefix("api/models/")
        name = "/".join(api.split("/")[:2])
        status, code = self.faults.get(name, (200, ""))
        if name not in self.models and not code:
            status, code = 404, "RepoNotFound"
        given = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
        rest = api.split("/")[2:]
        if not code and self.tokens and given not in self.tokens and rest:
            status, code = 401, "GatedRepo"
        if code:
            said = {"X-Error-Message": self.message} if self.message else {}
            self._send(request, status, b"{}", {"X-Error-Code": code, **said, **self.headers})
        elif "resolve" in rest:
            self._file(request, name, rest[-1], body)
        elif rest[:1] == ["tree"]:
            self._send(request, 200, json.dumps(self._tree(name)).encode())
        elif rest[:1] == ["auth-check"]:
            self._send(request, 200, b"{}")
        elif rest[1:] not in ([], ["main"], [COMMIT]):
            self._send(request, 404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        else:
            self._send(request, 200, json.dumps(self._info(name)).encode())

    def _info(self, name):
        files = [{"rfilename": each} for each in self.models[name]]
        return {"id": name, "modelId": name, "sha": COMMIT, "siblings": files, "tags": []}

    def _tree(self, name):
        return [
            {"type": "file", "path": each, "size": len(content), "oid": digest(content)}
            for each, content in self.models[name].items()
        ]

    def _file(self, request, name, file, body):
        content = self.models[name][file]
        headers = {"ETag": f'"{digest(content)}"', "X-Repo-Commit": COMMIT}
        if not body:
            self._send(request, 200, content, headers, body)
            return
        self.taken.append(file)
        if file in self.holds:
            self.holds[file].wait(60)
        content = self.lies.get(file, content)
        asked = request.headers.get("Range")
        status, start = 200, 0
        if asked and self.honours_ranges:
            self.ranges.append(asked)
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            status = 206
        cut = self.cuts[file].pop(0) if self.cuts.get(file) else None
        self._stream(request, status, headers, content[start:], cut)

    def _stream(self, request, status, headers, content, cut):
        self._head(request, status, {"Content-Length": str(len(content)), **headers})
        piece = 1024 if self.slow else 1 << 16
        sent = content if cut is None else content[:cut]
        for start in range(0, len(sent), piece):
            if self._closing.is_set():
                break
            try:
                request.wfile.write(sent[start : start + piece])
            except OSError:
                break
            time.sleep(self.slow)
        request.close_connection = True

    def _send(self, request, status, content, headers=None, body=True):
        self._head(request, status, {"Content-Length": str(len(content)), **(headers or {})})
        if body and request.command != "HEAD":
            request.wfile.write(content)

    def _head(self, request, status, headers):
        request.send_response(status)
        for key, value in headers.items():
            request.send_header(key, value)
        request.end_headers()


def digest(content):
    """The hash by which the Hub names a file: SHA-256 of large ones, git's own of small ones."""
    if len(content) >= LARGE:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
