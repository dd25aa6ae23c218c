"""A sentence for whatever can go wrong in an upload. No token ever stands in one."""

import errno
import json
import re
import ssl
from typing import Any

from finetune_studio.catalog.connection import (
    SECRETS,
    asked_to_wait,
    busy,
    causes,
    gated,
    page,
    portal,
    status_of,
    transport_error,
)
from finetune_studio.errors import RefusedError, StudioError, remedy
from finetune_studio.i18n import tr

STATUS = re.compile(r"\b(?:status(?: code)?|error|HTTP)\D{0,12}([45]\d\d)\b", re.IGNORECASE)
"""How the part that is not Python tells a status: in its words alone."""


CUT = re.compile(
    r"disconnected|connection reset|closed connection|IncompleteMessage", re.IGNORECASE
)
"""How clients tell in English that the other side went away."""


def failure(repo: str, error: BaseException) -> StudioError:
    """The sentence for an upload that did not work."""
    from huggingface_hub import errors

    found = list(causes(error))
    for each in found:
        if isinstance(each, StudioError):
            return each
        if isinstance(each, errors.OfflineModeIsEnabled):
            return _offline()
        if isinstance(each, errors.GatedRepoError):
            return gated(repo, each)
        if isinstance(each, errors.RevisionNotFoundError):
            return _no_branch(repo)
        if isinstance(each, errors.RepositoryNotFoundError):
            return _no_repo(repo, each)
        if isinstance(each, errors.HFValidationError):
            return RefusedError(tr("“{name}” can be no name on the Hub.").format(name=repo))
        if isinstance(each, json.JSONDecodeError) or "JSON" in type(each).__name__:
            return portal()
        if status := status_of(each):
            return _by_status(repo, status, each)
        if isinstance(each, ssl.SSLError):
            return _certificate(each)
        if isinstance(each, OSError) and each.errno in (errno.ENOSPC, errno.EDQUOT):
            return StudioError(tr("The disk is full."), hint=tr("Free space, then try again."))
        if isinstance(each, FileNotFoundError):
            return _gone(each)
    return _of_words(repo, found[-1])


def is_passing(error: BaseException) -> bool:
    """Whether another attempt may help: the connection broke, or the Hub had a fault of its own."""
    found = list(causes(error))
    if any(isinstance(each, transport_error()) for each in found):
        return True
    statuses = [status for each in found if (status := status_of(each))]
    return bool(statuses) and statuses[0] >= 500


def stalled(seconds: float) -> StudioError:
    """Nothing has moved for so long."""
    return StudioError(
        tr("The upload stands still."),
        tr("Nothing was sent for {minutes} min.").format(minutes=round(seconds / 60)),
        tr("Check the network and upload again; it goes on with what is missing."),
    )


def too_busy(wait: float) -> StudioError:
    """The Hub asks to wait so many seconds, longer than anybody would look on."""
    return busy(wait, tr("Upload again later; it goes on with what is missing."))


def _by_status(repo: str, status: int, error: Any) -> StudioError:
    said = _clean(getattr(error, "server_message", None) or "")
    if status == 403 and not hasattr(error, "response"):
        return _storage_refused(error)
    if status == 401:
        return RefusedError(
            tr("The Hub does not accept the token."),
            hint=_sign_in(),
        )
    if status == 403:
        return RefusedError(
            tr("The Hub does not let this account write to {repo}.").format(repo=repo),
            said,
            tr("Use a token of the kind “write”, or another name; see {page}.").format(
                page=page("settings/tokens")
            ),
        )
    if status == 404:
        return _no_repo(repo, error)
    if status == 400:
        return RefusedError(
            tr("The Hub refused what was sent."), said or _clean(str(error)), _report()
        )
    if status in (409, 412):
        return _moved(repo, said)
    if status == 413 or ("storage" in said.casefold() and status < 500):
        return RefusedError(
            tr("The Hub has no room for this."), said, tr("Free space there, or ask its owner.")
        )
    if status == 429:
        return too_busy(asked_to_wait(error))
    return _hub_fault(status)


def _moved(repo: str, said: str) -> StudioError:
    return StudioError(
        tr("{repo} was changed meanwhile.").format(repo=repo),
        said,
        tr("Look at what is new there, then upload again; nothing was overwritten."),
    )


def _hub_fault(status: int) -> StudioError:
    return StudioError(
        tr("The Hub has a fault of its own."),
        tr("The Hub answered with error {status}.").format(status=status),
        tr("Upload again later; it goes on with what is missing."),
    )


def _no_repo(repo: str, error: Any) -> StudioError:
    if status_of(error) == 401:
        return RefusedError(
            tr("The Hub does not accept the token, or hides {repo} from it.").format(repo=repo),
            hint=_sign_in(),
        )
    return RefusedError(
        tr("{repo} is not there, or this account may not see it.").format(repo=repo),
        hint=tr("Check the owner's name; an organisation must let you create models."),
    )


def _no_branch(repo: str) -> RefusedError:
    return RefusedError(
        tr("{repo} has no such branch.").format(repo=repo),
        hint=tr("Check the name given with --branch."),
    )


def _certificate(error: BaseException) -> StudioError:
    return StudioError(
        tr("The Hub's certificate is not trusted."),
        _clean(str(error)),
        tr("If your network checks traffic itself, set SSL_CERT_FILE to its certificate."),
    )


def _offline() -> RefusedError:
    return RefusedError(
        tr("Talking to the Hub is switched off."), hint=tr("Unset HF_HUB_OFFLINE to upload.")
    )


def _gone(error: FileNotFoundError) -> StudioError:
    return StudioError(
        tr("A file went away while it was uploaded."),
        str(error.filename or error),
        tr("Leave the folder as it is until the upload has ended."),
    )


def _of_words(repo: str, error: BaseException) -> StudioError:
    """What the storage client says, which tells a status in its text alone."""
    said = _clean(str(error)) or type(error).__name__
    if found := STATUS.search(said):
        return _by_status(repo, int(found[1]), error)
    if "certificate" in said.casefold():
        return _certificate(error)
    return StudioError(
        tr("The connection to the Hub broke."),
        tr("It was cut before an answer came.")
        if CUT.search(said)
        else tr("The network's own words: {words}").format(words=said),
        tr("Check the network and upload again; it goes on with what is missing."),
    )


def _storage_refused(error: BaseException) -> RefusedError:
    return RefusedError(
        tr("The Hub's storage refused the upload."),
        _clean(str(error)),
        remedy(
            tr("Upload again; if it stays, use --compatible."),
            tr(
                "Upload again; if it stays, switch on “Slower, for networks that block the fast "
                "way”."
            ),
        ),
    )


def _sign_in() -> str:
    return remedy(
        tr("Sign in again with `finetune-studio models login`."),
        tr("Sign in again with another token."),
    )


def _report() -> str:
    return tr("If you changed nothing by hand, please report this.")


def _clean(said: str) -> str:
    """What a library said, on one line and without secrets."""
    return SECRETS.sub("…", " ".join(said.split()))[:300]
