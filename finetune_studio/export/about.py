"""What an export says of itself: `studio.json`, which holds no path of the machine it was made on.

Which run an export came from is remembered on this machine alone, beside the runs, and proven by
the fingerprint of the run's weights that the export carries.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from finetune_studio import paths
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.writing import write_atomically

ABOUT = "studio.json"
HEAD = 1 << 20  # bytes of each weight file that the fingerprint covers, beside its header and size
CACHED = re.compile(r"models--(?P<maker>[^/\\]+?)--(?P<name>[^/\\]+)")
"""A model's folder in the Hub's cache."""


def public_name(source: str) -> str:
    """The base model as others may read it: a Hub id as it is, a folder by its name alone.

    A folder of the Hub's cache is called by the id that it stands for.
    """
    if cached := CACHED.search(source):
        return f"{cached['maker']}/{cached['name']}"
    return Path(source).name if Path(source).expanduser().is_dir() else source


def fingerprint(result: Path) -> str:
    """What tells the weights of a run's result from any others: a SHA-256 over sizes and heads."""
    found = hashlib.sha256()
    for file in sorted(result.glob("*.safetensors")):
        found.update(f"{file.name} {file.stat().st_size}\n".encode())
        with file.open("rb") as stream:
            found.update(stream.read(HEAD))
            stream.seek(max(0, file.stat().st_size - HEAD))
            found.update(stream.read(HEAD))
    return found.hexdigest()


def write(folder: Path, run: RunFolder, form: str, **more: Any) -> None:
    """Write the export's `studio.json`, from the run's own.

    Args:
        folder: The export.
        run: The run it came from.
        form: Its format.
        more: What else is to be known of it.
    """
    about = read(run.result)
    about |= {"format": form, "base": public_name(str(about.get("base", "")))}
    about |= {"run": fingerprint(run.result), **more}
    text = json.dumps(about, ensure_ascii=False, indent=1)
    (folder / ABOUT).write_text(text, encoding="utf-8")


def read(folder: Path) -> dict[str, Any]:
    """What `studio.json` of a folder says.

    Raises:
        RefusedError: It is missing or broken.
    """
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if not isinstance(about, dict):
            raise ValueError(ABOUT)
    except (OSError, ValueError) as error:
        raise RefusedError(
            tr("This is not an export of this program, or its studio.json is broken."),
            str(folder),
            tr("Choose a folder that `finetune-studio export` made."),
        ) from error
    return about


def remember(out: Path, run: RunFolder) -> None:
    """Note on this machine which run an export came from."""
    known = _known()
    known.pop(str(out.resolve()), None)  # the newest stands last
    known[str(out.resolve())] = str(run.path.resolve())
    kept = {export: place for export, place in known.items() if Path(export).is_dir()}
    _memory().parent.mkdir(parents=True, exist_ok=True)
    write_atomically(_memory(), json.dumps(kept, ensure_ascii=False, indent=1))


def exports_of(run: RunFolder) -> list[Path]:
    """The exports of a run's weights as they are now, where they were written; the newest last."""
    place = str(run.path.resolve())
    there = [Path(export) for export, of in _known().items() if of == place]
    there = [each for each in there if (each / ABOUT).is_file()]
    now = fingerprint(run.result) if there else ""
    return [each for each in there if _of(each) == now]


def _of(export: Path) -> str:
    try:
        return str(read(export).get("run"))
    except RefusedError:
        return ""


def run_of(export: Path, about: Mapping[str, Any], named: Path | None = None) -> RunFolder:
    """The run that an export came from.

    Args:
        export: The export's folder.
        about: Its `studio.json`.
        named: The run that the person named; None looks for it.

    Raises:
        RefusedError: It is not found, or has other weights than the export was made from.
    """
    places = [named] if named else _places(export)
    runs = [RunFolder(each) for each in places if RunFolder(each).result.is_dir()]
    if named:
        RunFolder.open(named)
    if named and not runs:
        raise RefusedError(tr("This run has no result yet."), str(named))
    same = [each for each in runs if fingerprint(each.result) == about.get("run")]
    if same:
        return same[0]
    if runs:
        raise RefusedError(
            tr("The run has other weights than the export was made from."),
            str(runs[0].path),
            tr("It was trained further since; export it again."),
        )
    raise RefusedError(
        tr("The run that this export came from is not known here."),
        str(export),
        tr("Name it: finetune-studio verify EXPORT --run RUN"),
    )


def _places(export: Path) -> list[Path]:
    """Where the run may be: noted when it was exported, around the export, among all runs."""
    noted = _known().get(str(export.resolve()))
    own = sorted(paths.runs().glob("*")) if paths.runs().is_dir() else []
    others = [Path(each) for each in dict.fromkeys(_known().values())]
    return [*([Path(noted)] if noted else []), *export.resolve().parents[:3], *others, *own]


def _known() -> dict[str, str]:
    try:
        known = json.loads(_memory().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(a): str(b) for a, b in known.items()} if isinstance(known, dict) else {}


def _memory() -> Path:
    return paths.data() / "exports.json"
