"""What the person prefers of the program itself: language, theme, folders, the window's place.

One JSON file. A file that cannot be read is put aside, never overwritten, and the person is told.
"""

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from finetune_studio import paths
from finetune_studio.i18n import tr

LanguageChoice = Literal["system", "ko", "en"]
ThemeChoice = Literal["system", "light", "dark"]
LONGEST = 12  # projects that are remembered as recent


class Preferences(BaseModel):
    """What is remembered between two starts of the window.

    Attributes:
        language: `system` follows the system's language.
        theme: `system` follows the system's light or dark.
        runs_folder: Where new runs go; empty for the usual place.
        geometry: The window's place and size, as Qt writes it, in base 64.
        advanced: Whether forms show every setting.
        recent: The recipes opened last, newest first.
        runs: The newest run of each recent project, by the project's recipe.
        last: What was open when the window closed: a recipe, or empty for the start page.
        step: The step that was shown then.
        gpu: The GPU that models and methods are compared on; empty for this machine's.
    """

    # What a newer version wrote is kept, so that going back and forth loses nothing.
    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    language: LanguageChoice = "system"
    theme: ThemeChoice = "system"
    runs_folder: str = ""
    geometry: str = ""
    advanced: bool = False
    recent: tuple[str, ...] = ()
    runs: dict[str, str] = {}
    last: str = ""
    step: str = ""
    gpu: str = ""

    def changed(self, **values: Any) -> "Preferences":
        """These preferences with some values changed.

        Raises:
            ValidationError: A value is of the wrong type.
        """
        return Preferences.model_validate(self.model_dump() | values)

    def with_recent(self, path: Path) -> "Preferences":
        """These preferences, `path` being the newest of the recent projects."""
        others = (each for each in self.recent if each != str(path))
        return self.changed(recent=(str(path), *others)[:LONGEST])


@dataclass(frozen=True)
class Loaded:
    """Preferences as they were read.

    Attributes:
        preferences: What is in use.
        notice: What the person should know; empty where all is well.
    """

    preferences: Preferences
    notice: str = ""


def file() -> Path:
    """Where the preferences lie."""
    return paths.data() / "preferences.json"


def load(path: Path | None = None) -> Loaded:
    """Read the preferences; a missing file gives the defaults, a broken one too, with a notice."""
    path = path or file()
    try:
        return _parsed(path, json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Loaded(Preferences())
    except OSError as error:
        text = tr("The preferences cannot be read ({why}); the usual ones are in use.")
        return Loaded(Preferences(), text.format(why=error.strerror or error))
    except (ValueError, RecursionError):
        return _put_aside(path)


def save(preferences: Preferences, path: Path | None = None) -> None:
    """Replace the file in one step.

    Raises:
        OSError: The disk is full, or the folder is not ours.
    """
    path = path or file()
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(preferences.model_dump(mode="json"), ensure_ascii=False, indent=1)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".preferences.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as part:
            part.write(text.encode("utf-8"))
            part.flush()
            os.fsync(part.fileno())
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _parsed(path: Path, document: object) -> Loaded:
    if not isinstance(document, dict):
        return _put_aside(path)
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in document.items()
    }
    try:
        return Loaded(Preferences.model_validate(values))
    except ValidationError as error:
        wrong = {str(each["loc"][0]) for each in error.errors(include_url=False)}
        kept = {key: value for key, value in values.items() if key not in wrong}
        copy = _copy_aside(path)
        text = tr("Some preferences were broken and are as usual again: {names}. A copy is {path}.")
        return Loaded(
            Preferences.model_validate(kept),
            text.format(names=", ".join(sorted(wrong)), path=copy),
        )


def _put_aside(path: Path) -> Loaded:
    copy = _copy_aside(path)
    text = tr("The preferences were broken; the usual ones are in use. The old file is {path}.")
    return Loaded(Preferences(), text.format(path=copy))


def _copy_aside(path: Path) -> Path:
    """Keep what the broken file says under a name that is free."""
    names = (path.with_name(f"{path.stem}.broken{n or ''}{path.suffix}") for n in range(10_000))
    copy = next(each for each in names if not each.exists())
    with suppress(OSError):  # a folder that cannot be written to cannot lose the file either
        copy.write_bytes(path.read_bytes())
    return copy
