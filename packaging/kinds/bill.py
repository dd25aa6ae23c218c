"""What the installers hold and fetch: a bill of materials, and the hashes of the files."""

import hashlib
import json
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from program import LOCKS

GROUPS = {"uv": "required", "window": "required", "training": "optional", "speed": "optional"}


def write(out: Path, version: str, epoch: int) -> Path:
    """The bill of materials, in CycloneDX 1.6."""
    components = [each for group in GROUPS for each in _components(group)]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components))}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).isoformat(),
            "component": {
                "type": "application",
                "name": "finetune-studio",
                "version": version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": components,
    }
    target = out / f"finetune-studio-{version}.cdx.json"
    target.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return target


def _components(group: str) -> Iterator[dict[str, Any]]:
    text = (LOCKS / f"{group}.txt").read_text(encoding="utf-8")
    for block in re.split(r"(?m)^(?=[A-Za-z0-9])", text):
        named = re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", block)
        if named:
            name, version = named[1].lower(), named[2]
            marker = re.search(r";\s*([^\\]+?)\s*\\", block)
            yield {
                "type": "library",
                "bom-ref": f"{group}/{name}@{version}",
                "name": name,
                "version": version,
                "purl": f"pkg:pypi/{name}@{version}",
                "scope": GROUPS[group],
                "hashes": [
                    {"alg": "SHA-256", "content": each}
                    for each in re.findall(r"sha256:([0-9a-f]{64})", block)
                ],
                "properties": [
                    {"name": "finetune-studio:group", "value": group},
                    *([{"name": "finetune-studio:marker", "value": marker[1]}] if marker else []),
                ],
            }


def sums(files: list[Path], out: Path) -> None:
    """SHA256SUMS, as `sha256sum --check` reads it."""
    lines = [f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each.name}" for each in files]
    (out / "SHA256SUMS").write_text("\n".join(lines) + "\n", encoding="utf-8")
