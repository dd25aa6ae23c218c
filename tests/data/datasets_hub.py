"""A Hub of datasets on the loopback: what the `datasets` library asks of it, and faults."""

import json
from urllib.parse import parse_qs, unquote, urlsplit

from tests.catalog.loopback import COMMIT, Hub, digest

TWO_CONFIGS = """---
configs:
- config_name: ko
  data_files:
  - split: train
    path: ko/train.parquet
  - split: test
    path: ko/test.parquet
- config_name: en
  data_files: en/rows.jsonl
---
"""


class DatasetsHub(Hub):
    """Serves dataset folders: `models` maps an id to `{path: bytes}`."""

    def _answer(self, request, body):
        path = unquote(urlsplit(request.path).path).strip("/")
        self.seen.append(f"{request.command} {path}")
        parts = path.removeprefix("api/").removeprefix("datasets/").split("/")
        name, rest = "/".join(parts[:2]), parts[2:]
        if "datasets/" not in f"{path}/" or not path.startswith(("datasets/", "api/datasets/")):
            return self._send(request, 404, b"{}")
        status, code = self.faults.get(name, (200, ""))
        if name not in self.models and not code:
            status, code = 404, "RepoNotFound"
        if code:
            said = {"X-Error-Message": self.message} if self.message else {}
            return self._send(request, status, b"{}", {"X-Error-Code": code, **said})
        if rest[:1] == ["resolve"]:
            return self._resolve(request, name, "/".join(rest[2:]), body)
        return self._send(request, 200, json.dumps(self._about(request, name, rest)).encode())

    def _about(self, request, name, rest):
        if rest[:1] == ["paths-info"]:
            length = int(request.headers.get("Content-Length") or 0)
            asked = request.rfile.read(length).decode()
            given = json.loads(asked) if asked.startswith("{") else parse_qs(asked)
            return [self._entry(name, each) for each in given["paths"] if self._entry(name, each)]
        if rest[:1] == ["tree"]:
            under = "/".join(rest[2:])
            recursive = "recursive=true" in request.path.lower()
            return self._listed(name, under, recursive)
        siblings = [{"rfilename": each} for each in self.models[name]]
        return {"id": name, "sha": COMMIT, "siblings": siblings, "tags": [], "private": False}

    def _listed(self, name, under, recursive):
        start = f"{under}/" if under else ""
        found = {}
        for path in self.models[name]:
            if not path.startswith(start):
                continue
            steps = path.removeprefix(start).split("/")
            for depth in range(1, len(steps) + 1):
                place = start + "/".join(steps[:depth])
                if depth == 1 or recursive:
                    found[place] = self._entry(name, place)
        return list(found.values())

    def _entry(self, name, path):
        files = self.models[name]
        if path in files:
            content = files[path]
            return {"type": "file", "path": path, "size": len(content), "oid": digest(content)}
        if any(each.startswith(f"{path}/") for each in files):
            return {"type": "directory", "path": path, "oid": digest(path.encode())}
        return None

    def _resolve(self, request, name, path, body):
        if path not in self.models[name]:
            self._send(request, 404, b"{}", {"X-Error-Code": "EntryNotFound"})
            return
        content = self.models[name][path]
        headers = {"ETag": f'"{digest(content)}"', "X-Repo-Commit": COMMIT}
        if body:
            self.taken.append(path)
        if not (asked := request.headers.get("Range")):
            self._send(request, 200, content, headers, body)
            return
        first, _, last = asked.removeprefix("bytes=").partition("-")
        start, stop = int(first), min(int(last or len(content)), len(content) - 1) + 1
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
        self._send(request, 206, content[start:stop], headers, body)
