"""Turns what uv and the system say when something goes wrong into one sentence with a remedy.

Knows the words of uv's messages and nothing of what was being installed. Standard library only.
"""

import errno
import re
from collections.abc import Callable

from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import tr

SECRETS = re.compile(r"(?<=//)[^/@\s]+@")
"""A name and password in the address of a proxy or index."""
FULL = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)
CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)
HELD = r"os error 32\b|being used by another process|os error 5\b|Access is denied"
"""Windows' words for a file that another program, such as a virus scanner, holds open."""


def disk_full() -> StudioError:
    """No room is left."""
    return StudioError(
        tr("The disk became full."),
        tr("What was downloaded so far is kept."),
        tr("Free some space or choose another folder; the set-up then goes on."),
    )


def not_writable(place: str) -> RefusedError:
    """A folder that cannot be written."""
    return RefusedError(
        tr("The folder cannot be written to."), place, tr("Choose a folder of your own.")
    )


def hash_differs(name: str) -> StudioError:
    """A package that is not the one it should be."""
    return StudioError(
        tr("A package is not the one that was expected, and was refused."),
        tr("The hash of {name} differs.").format(name=name),
        tr("Try again; if it happens twice, something on the way changes files."),
    )


def wrong_clock() -> StudioError:
    """Certificates that are valid at another time than this computer's."""
    return StudioError(
        tr("The secure connection failed because of the time."),
        tr("The server's certificate is not valid at the time that this computer shows."),
        tr("Set the date and time of this computer right, and try again."),
    )


def unknown_certificate() -> StudioError:
    """A certificate whose authority this computer does not know, as behind a company's proxy."""
    return StudioError(
        tr("The server's certificate is not trusted."),
        tr("Company networks often put their own certificate in its place."),
        tr(
            "Have the company's certificate installed on this computer, or name its file in the "
            "environment variable SSL_CERT_FILE; then try again."
        ),
    )


def no_network(what: str = "") -> StudioError:
    """Nothing answers."""
    return StudioError(
        tr("The network cannot be reached."),
        what,
        tr("Connect to the internet (a proxy is named by HTTPS_PROXY), and go on."),
    )


def of_system(error: OSError, place: str = "") -> StudioError:
    """The sentence for an error of the operating system."""
    if error.errno in FULL:
        return disk_full()
    if error.errno in CLOSED:
        return not_writable(str(error.filename or place))
    return StudioError(
        tr("The system refused a file operation."),
        f"{error.filename or place}: {error.strerror or error}",
        tr("Check the folder and the disk, and try again."),
    )


def _proxy() -> StudioError:
    return StudioError(
        tr("The proxy asks for a name and a password."),
        hint=tr("Set HTTPS_PROXY to http://NAME:PASSWORD@ADDRESS:PORT, and try again."),
    )


def _held() -> StudioError:
    return StudioError(
        tr("Another program holds a file open."),
        tr("Virus scanners do this while they look at new files."),
        tr("Wait a moment and try again; close running trainings first."),
    )


def _no_version(said: str) -> StudioError:
    return StudioError(
        tr("A package that is needed was not found."),
        said,
        tr("Check the package index that this computer uses, or set up from an offline bundle."),
    )


_KNOWN: tuple[tuple[str, Callable[[str], StudioError]], ...] = (
    (r"No space left|os error (28|112|122)\b|[Qq]uota exceeded", lambda _: disk_full()),
    (r"[Hh]ash mismatch|do not match|In `--require-hashes` mode", lambda said: hash_differs(said)),
    (r"not (yet valid|valid yet)|NotValidYet|[Cc]ertificate.{0,20}[Ee]xpired|CertExpired|: Expired",
     lambda _: wrong_clock()),
    (r"UnknownIssuer|invalid peer certificate|CERTIFICATE_VERIFY|self.signed",
     lambda _: unknown_certificate()),
    (r"\b407\b|Proxy Authentication", lambda _: _proxy()),
    (r"Permission denied|Read-only file system|os error (13|30)\b", not_writable),
    (HELD, lambda _: _held()),
    (r"error sending request|dns error|onnection (refused|reset)|tcp connect|timed out|"
     r"[Nn]etwork (is unreachable|connectivity)|failed to lookup|Could not connect|"
     r"Failed to fetch|connection error",
     no_network),
    (r"No solution found|no versions? of|was not found in the (package registry|provided)",
     _no_version),
)  # fmt: skip


def of_words(said: str) -> StudioError:
    """The sentence for what uv said before it gave up."""
    line = last_words(said)
    for pattern, make in _KNOWN:
        if re.search(pattern, said):
            return make(line)
    return StudioError(
        tr("The set-up failed."), line, tr("Try again; the log of the set-up says more.")
    )


def last_words(said: str) -> str:
    """The line that names the cause: the deepest cause that uv lists, or the last error."""
    lines = [SECRETS.sub("", line.strip()) for line in said.splitlines() if line.strip()]
    for start in ("cause:", "Caused by:", "error:"):
        found = [line for line in lines if line.startswith(start)]
        if found:
            return found[-1].removeprefix(start).strip()[:300]
    return lines[-1][:300] if lines else ""
