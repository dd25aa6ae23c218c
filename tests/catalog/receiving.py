"""A Hub on the loopback that takes uploads, keeps what it receives and checks every hash.

It speaks what huggingface_hub 2.4 and hf_xet 1.8 were seen to ask: repositories, branches, commits,
LFS in one piece and in parts, Xet's blocks. Of Xet it keeps the blocks and takes the client's word
for the SHA-256 of a file: the format of blocks is not rebuilt here. What the real Hub does beyond
these answers (its own checks of names, quotas, the time it takes) cannot be seen here.
"""

import base64
import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

from tests.catalog.loopback import Hub, digest

LARGE = 10_000
"""Bytes from which a file that is no text goes to the storage."""

OPEN = ("storage", "complete", "grants", "xorbs", "shards", "telemetry")
"""Routes that need no token of the person's: the address itself, or Xet's own token, lets in."""


@dataclass
class Branch:
    """What lies on a branch: file names, each with its bytes or, of Xet, its SHA-256 and size."""

    sha: str
    files: dict = field(default_factory=dict)
    commits: list = field(default_factory=list)


@dataclass
class Repo:
    """One repository."""

    private: bool
    branches: dict
    pulls: list = field(default_factory=list)


class ReceivingHub(Hub):
    """Takes uploads.

    Attributes:
        repos: The repositories by name.
        blobs: The storage: bytes by SHA-256.
        blocks: Xet's blocks by hash.
        log: Every request that changes something: its route and size.
        roles: The kind of each token; `write` without one.
        rights: The fine-grained rights of each token.
        orgs: The organisations of an account.
        troubles: For a route, the statuses (with a message and headers) of its next answers.
        breaks: For a route, how many of its next requests are cut off half way.
        loses: For a route, how many of its next answers get lost after the work is done.
        part_size: Bytes of a part; 0 takes files in one piece.
        pace: Seconds that each MiB takes.
        held: Bytes from which a body is taken half and then waits for `gate`; 0 for none.
        gate: Opens again for those.
    """

    def __init__(self):
        super().__init__()
        self.repos, self.blobs, self.blocks, self.log = {}, {}, {}, []
        self.roles, self.rights, self.orgs = {}, {}, []
        self.troubles, self.breaks, self.loses = {}, {}, {}
        self.held, self.gate = 0, threading.Event()
        self.part_size, self.pace, self.parts, self.wrong = 0, 0.0, {}, []

    def files(self, repo, branch="main"):
        """The files of a branch, by name."""
        return self.repos[repo].branches[branch].files

    def put(self, repo, files, private=True):
        """Make a repository that has been there before."""
        sha = hashlib.sha1(repr(sorted(files)).encode()).hexdigest()
        self.repos[repo] = Repo(private, {"main": Branch(sha, dict(files))})
        self.models[repo] = self.files(repo)

    def sent(self, route):
        """Bytes that came on a route."""
        return sum(size for name, size in self.log if name == route)

    def _account(self, given):
        token = {"role": self.roles.get(given, "write")}
        if given in self.rights:
            token |= {"role": "fineGrained", "fineGrained": self.rights[given]}
        orgs = [{"name": name} for name in self.orgs]
        return {"name": self.tokens[given], "orgs": orgs, "auth": {"accessToken": token}}

    def _info(self, name):
        repo = self.repos.get(name)
        if repo is None:
            return super()._info(name)
        branch = repo.branches["main"]
        names = [{"rfilename": each} for each in branch.files]
        about = {"id": name, "modelId": name, "sha": branch.sha, "siblings": names, "tags": []}
        return about | {"private": repo.private}

    def _model(self, request, path, body):
        parts = path.removeprefix("api/models/").split("/")
        name, rest = "/".join(parts[:2]), parts[2:]
        if self._troubled(request, rest[0] if rest else "info"):
            return
        if rest[:1] == ["xet-write-token"]:
            self._xet_token(request)
        elif path.startswith("v1/chunks"):
            self._send(request, 404, b"{}")
        elif rest[:1] == ["revision"] and name in self.repos:
            self._revision(request, name, unquote("/".join(rest[1:])))
        elif path == "api/agent-harnesses":
            self._send(request, 404, b"{}")
        else:
            super()._model(request, path, body)

    def _revision(self, request, name, branch):
        found = self.repos[name].branches.get(branch)
        if found is None:
            self._send(request, 404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        else:
            self._json(request, self._info(name) | {"sha": found.sha})

    def _receive(self, request, path):
        route = self._route(path)
        if self.breaks.get(route, 0) > 0:
            self.breaks[route] -= 1
            request.rfile.read1(1000)
            request.connection.close()
            request.close_connection = True
            return
        content = self._body(request)
        if content is None:  # the client went away
            return
        self.log.append((route, len(content)))
        if self._troubled(request, route):
            return
        if route not in OPEN and not self._may(request):
            self._refuse(request, 401, "Invalid credentials in Authorization header")
            return
        getattr(self, f"_on_{route.replace('-', '_')}")(request, path, content)

    def _route(self, path):
        if path.startswith("storage/"):
            return "storage"
        if path.startswith("v1/xorb-grants"):
            return "grants"
        for end in ("objects/batch", "lfs/verify", "lfs/complete"):
            if path.endswith(end):
                return end.rpartition("/")[2]
        for name in ("validate-yaml", "repos/create", "xorbs", "shards", "telemetry"):
            if name in path:
                return name.rpartition("/")[2]
        return path.removeprefix("api/models/").split("/")[2]

    def _may(self, request):
        given = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
        return given in self.tokens

    def _troubled(self, request, route):
        waiting = self.troubles.get(route)
        if not waiting:
            return False
        status, said, headers = (*waiting.pop(0), "", {})[:3]
        self._refuse(request, status, said, headers or {})
        return True

    def _refuse(self, request, status, said, headers=None):
        more = {"X-Error-Message": said} if said else {}
        self._send(request, status, json.dumps({"error": said}).encode(), more | (headers or {}))

    def _json(self, request, document, route=""):
        if self.loses.get(route, 0) > 0:
            self.loses[route] -= 1
            request.connection.close()
            request.close_connection = True
            return
        kind = {"Content-Type": "application/json"}
        self._send(request, 200, json.dumps(document).encode(), kind)

    def _body(self, request):
        pieces, left = [], int(request.headers.get("Content-Length") or 0)
        if request.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(request.rfile.readline().strip() or b"0", 16):
                pieces.append(request.rfile.read(size))
                request.rfile.readline()
            request.rfile.readline()
            return b"".join(pieces)
        while left:
            piece = request.rfile.read(min(left, 1 << 20))
            if not piece:
                return None
            time.sleep(self.pace)
            if self.held and left >= self.held and not self.gate.wait(60):
                return None
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    # What the Hub answers

    def _on_create(self, request, path, content):
        asked = json.loads(content)
        given = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
        name = f"{asked.get('organization') or self.tokens[given]}/{asked['name']}"
        about = {"url": f"{self.url}/{name}", "name": name, "id": name}
        if name in self.repos:
            self._send(request, 409, json.dumps(about).encode())
            return
        self.put(name, {".gitattributes": b""}, asked.get("visibility") == "private")
        self._json(request, about)

    def _on_branch(self, request, path, content):
        name, branch = self._place(path)
        branches = self.repos[name].branches
        if branch in branches:
            self._refuse(request, 409, "Reference already exists")
            return
        main = branches["main"]
        branches[branch] = Branch(main.sha, dict(main.files))
        self._json(request, {})

    def _on_validate_yaml(self, request, path, content):
        text = json.loads(content)["content"]
        about = yaml.safe_load(text.split("---")[1]) if text.startswith("---") else {}
        errors = []
        base = about.get("base_model")
        if base and (str(base).count("/") != 1 or str(base).startswith((".", "/"))):
            errors.append({"message": '"base_model" is not a model id'})
        if about.get("license") == "other" and not about.get("license_name"):
            errors.append({"message": '"license_name" is missing'})
        if errors:
            told = json.dumps({"errors": errors, "warnings": []}).encode()
            self._send(request, 400, told)
        else:
            self._json(request, {"errors": [], "warnings": []})

    def _on_preupload(self, request, path, content):
        name, branch = self._place(path)
        if name not in self.repos:
            self._send(request, 404, b"{}", {"X-Error-Code": "RepoNotFound"})
            return
        if branch not in self.repos[name].branches:
            self._send(request, 404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            return
        there, answers = self.files(name, branch), []
        for each in json.loads(content)["files"]:
            sample = base64.b64decode(each["sample"])
            large = each["size"] >= LARGE or b"\0" in sample
            known = there.get(each["path"])
            answers.append(
                {
                    "path": each["path"],
                    "uploadMode": "lfs" if large else "regular",
                    "shouldIgnore": False,
                    "oid": None if known is None else self._oid(known, large),
                }
            )
        self._json(request, {"files": answers})

    def _oid(self, content, large):
        if isinstance(content, tuple):
            return content[0]
        git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        return hashlib.sha256(content).hexdigest() if large else git

    def _on_batch(self, request, path, content):
        name = path.split(".git/")[0]
        answers = [self._action(name, each) for each in json.loads(content)["objects"]]
        self._json(request, {"transfer": "basic", "objects": answers})

    def _action(self, name, asked):
        oid, size = asked["oid"], asked["size"]
        if oid in self.blobs:
            return {"oid": oid, "size": size}
        base = f"{self.url}/{name}.git/info/lfs"
        upload = {"href": f"{self.url}/storage/{oid}"}
        if self.part_size and size > self.part_size:
            count = -(-size // self.part_size)
            urls = {f"{n:05d}": f"{self.url}/storage/{oid}/{n}" for n in range(1, count + 1)}
            header = {"chunk_size": str(self.part_size), **urls}
            upload = {"href": f"{base}/complete", "header": header}
        return {
            "oid": oid,
            "size": size,
            "actions": {"upload": upload, "verify": {"href": f"{base}/verify"}},
        }

    def _on_storage(self, request, path, content):
        oid, *part = path.split("/")[1:]
        if part:
            self.parts.setdefault(oid, {})[int(part[0])] = content
        else:
            self._keep(oid, content)
        self._send(request, 200, b"", {"ETag": f'"{hashlib.md5(content).hexdigest()}"'})

    def _on_complete(self, request, path, content):
        asked = json.loads(content)
        pieces = self.parts.pop(asked["oid"])
        self._keep(asked["oid"], b"".join(pieces[each["partNumber"]] for each in asked["parts"]))
        self._json(request, {})

    def _keep(self, oid, content):
        if hashlib.sha256(content).hexdigest() == oid:
            self.blobs[oid] = content
        else:
            self.wrong.append(oid)

    def _on_verify(self, request, path, content):
        known = self.blobs.get(json.loads(content)["oid"])
        if known is None:
            self._refuse(request, 404, "no such object")
        else:
            self._json(request, {})

    def _on_commit(self, request, path, content):
        name, branch = self._place(path)
        lines = [json.loads(line) for line in content.decode().splitlines()]
        head, repo = lines[0]["value"], self.repos[name]
        there = repo.branches[branch]
        if head.get("parentCommit") not in (None, there.sha):
            self._refuse(request, 412, "A commit has happened since. Please refresh and try again.")
            return
        files = dict(there.files)
        for line in lines[1:]:
            if not self._take(files, line["key"], line["value"]):
                self._refuse(request, 400, f"{line['value']['path']} was not uploaded")
                return
        sha = hashlib.sha1(content).hexdigest()
        told = {"commitUrl": f"{self.url}/{name}/commit/{sha}", "commitOid": sha}
        if "create_pr" in parse_qs(urlsplit(request.path).query):
            repo.pulls.append(files)
            told["pullRequestUrl"] = f"{self.url}/{name}/discussions/{len(repo.pulls)}"
        else:
            there.sha, there.files = sha, files
            there.commits.append(head["summary"])
            if branch == "main":
                self.models[name] = files
        self._json(request, told, "commit")

    def _take(self, files, key, value):
        if key == "file":
            files[value["path"]] = base64.b64decode(value["content"])
            return True
        known = self.blobs.get(value["oid"])
        if known is None and not self.blocks:
            return False
        files[value["path"]] = (value["oid"], value["size"]) if known is None else known
        return True

    def _place(self, path):
        parts = path.removeprefix("api/models/").split("/")
        return "/".join(parts[:2]), unquote("/".join(parts[3:]))

    # Xet

    def _xet_token(self, request):
        expires = int(time.time()) + 3600
        about = {"casUrl": self.url, "accessToken": "xet", "exp": expires}
        headers = {
            "X-Xet-Cas-Url": self.url,
            "X-Xet-Access-Token": "xet",
            "X-Xet-Token-Expiration": str(expires),
        }
        self._send(request, 200, json.dumps(about).encode(), headers)

    def _on_grants(self, request, path, content):
        known = path.rpartition("/")[2] in self.blocks
        self._send(request, 200 if known else 404, b"{}")

    def _on_xorbs(self, request, path, content):
        self.blocks[path.rpartition("/")[2]] = content
        self._json(request, {"was_inserted": True})

    def _on_shards(self, request, path, content):
        self._send(request, 200, b'{"type": "result", "result": 1}\n')

    def _on_telemetry(self, request, path, content):
        self._json(request, {})


__all__ = ["Branch", "ReceivingHub", "Repo", "digest"]
