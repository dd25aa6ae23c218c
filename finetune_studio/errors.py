"""The one kind of failure a person is told about. Knows no Qt, torch or command line."""

import os

WINDOW = "FINETUNE_STUDIO_WINDOW"
"""The environment variable that the window sets for itself and for what it starts."""


class StudioError(Exception):
    """Something went wrong that a person can understand and mend.

    No dataclass: at a command's start, the import of dataclasses alone takes a quarter.

    Attributes:
        title: What happened, in a few words.
        detail: Why, with the name, value or place concerned.
        hint: What to do about it.
    """

    def __init__(self, title: str, detail: str = "", hint: str = "") -> None:
        # `args` stay what the kind of error was made of, by which a process hands it to another.
        self.title, self.detail, self.hint = title, detail, hint

    def __str__(self) -> str:
        """The whole message on one line."""
        return " ".join(part for part in (self.title, self.detail, self.hint) if part)

    @property
    def rest(self) -> str:
        """What follows the title, on one line: why, and what to do about it."""
        return " ".join(part for part in (self.detail, self.hint) if part)

    def as_dict(self) -> dict[str, str]:
        """`{"title", "detail", "hint"}`, as `--json` and the event stream print it."""
        return {"title": self.title, "detail": self.detail, "hint": self.hint}


class RefusedError(StudioError):
    """The input or the request was refused before any work began (exit code 2)."""


def remedy(typed: str, pressed: str) -> str:
    """What can be done about it, in the words of where it is read.

    Args:
        typed: For a terminal, with commands and options.
        pressed: For the window, with the names of its buttons and pages.
    """
    return pressed if os.environ.get(WINDOW) else typed
