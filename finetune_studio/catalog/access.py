"""The person's Hub token: in the system's keyring where there is one, else in the Hub's own file.

A token is never printed, logged, put in a recipe or among a program's arguments; children find it
here, too. Whoever set HF_TOKEN is believed first.
"""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import tr

SERVICE, USER = "finetune-studio", "hugging-face"
VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
Place = Literal["environment", "keyring", "file", ""]


@dataclass(frozen=True)
class Account:
    """Whom a token belongs to.

    Attributes:
        name: The account.
        role: `read`, `write` or `fineGrained`; empty where the Hub does not say.
    """

    name: str
    role: str


def token() -> str | None:
    """The token in use; None where there is none."""
    for name in VARIABLES:
        if given := os.environ.get(name, "").strip():
            return given
    return _from_keyring() or _from_file()


def place() -> Place:
    """Where the token in use lies; empty where there is none."""
    if any(os.environ.get(name, "").strip() for name in VARIABLES):
        return "environment"
    if _from_keyring():
        return "keyring"
    return "file" if _from_file() else ""


def sign_in(given: str) -> Account:
    """Ask the Hub whose token this is, and keep it where that is known.

    Raises:
        RefusedError: It is no token, or the Hub does not accept it.
        StudioError: The Hub cannot be asked, or the token cannot be kept.
    """
    given = given.strip()
    if not given or any(sign.isspace() for sign in given) or not given.isascii():
        raise RefusedError(
            tr("This is no token."),
            hint=tr("Copy it whole from the Hub's page Settings, Access Tokens; it begins hf_."),
        )
    account = whose(given)
    _keep(given)
    return account


def whose(given: str) -> Account:
    """The account of a token.

    Raises:
        RefusedError: The Hub does not accept it.
        StudioError: The Hub cannot be asked.
    """
    from finetune_studio.catalog import connection

    try:
        found = connection.api().whoami(token=given)
    except Exception as error:  # noqa: BLE001  (its cause may quote the token, so it ends here)
        if connection.status_of(error) in (401, 403):
            raise RefusedError(
                tr("The Hub does not accept this token."),
                hint=tr("It may have been deleted or mistyped: make a new one and copy it whole."),
            ) from None
        raise connection.failure(tr("The account"), "", error) from None
    about = (found.get("auth") or {}).get("accessToken") or {}
    return Account(str(found.get("name") or "?"), str(about.get("role") or ""))


def sign_out() -> None:
    """Forget the token, wherever it was kept here."""
    leave_keyring()
    _file().unlink(missing_ok=True)


def leave_keyring() -> None:
    """Forget the token in the system's keyring; the Hub's own file is other programs' too."""
    keyring = _keyring()
    if keyring:
        with contextlib.suppress(Exception):
            keyring.delete_password(SERVICE, USER)


def _keep(given: str) -> None:
    keyring = _keyring()
    if keyring:
        with contextlib.suppress(Exception):  # a locked keyring: the file is the other way
            keyring.set_password(SERVICE, USER, given)
            return
    _write(given)


def _write(given: str) -> None:
    """Write the Hub's own file so that nobody else ever could read it."""
    file = _file()
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(given)
        part.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise StudioError(
            tr("The token could not be kept."),
            f"{error.strerror}: {file.parent}",
            tr("Correct the rights of that folder, or set HF_TOKEN for each session."),
        ) from error


def _from_keyring() -> str | None:
    keyring = _keyring()
    if keyring is None:
        return None
    try:
        found: str | None = keyring.get_password(SERVICE, USER)
    except Exception:  # noqa: BLE001  (each backend has errors of its own; locked is like none)
        return None
    return found


def _from_file() -> str | None:
    try:
        return _file().read_text(encoding="utf-8").strip() or None
    except (OSError, ValueError):
        return None


def _file() -> Path:
    """Where the Hub's client keeps its token. Source: huggingface_hub, environment variables."""
    home = os.environ.get("HF_HOME") or Path(
        os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface"
    )
    return Path(os.environ.get("HF_TOKEN_PATH") or Path(home) / "token").expanduser()


def _keyring() -> Any:
    """The system's keyring; None where there is none that keeps secrets."""
    import keyring
    from keyring.backends import fail, null

    try:
        backend = keyring.get_keyring()
    except Exception:  # noqa: BLE001  (a broken configuration is like no keyring)
        return None
    return None if isinstance(backend, fail.Keyring | null.Keyring) else keyring
