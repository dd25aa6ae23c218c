"""How the Hub is reached: one client with time limits, and a sentence for every failure.

Address and proxies are those of the environment (HF_ENDPOINT, HTTPS_PROXY, SSL_CERT_FILE), which
the Hub's own client reads. Knows nothing of models. No token ever stands in a sentence.
"""

import errno
import re
from collections.abc import Iterator
from typing import Any

from finetune_studio.catalog import access
from finetune_studio.errors import RefusedError, StudioError, remedy
from finetune_studio.i18n import tr

CONNECT, ANSWER = 10.0, 30.0
"""Seconds to reach the Hub, and between two pieces of an answer. Its client waits for ever."""
LONGEST_WAIT = 60
"""Seconds that a busy Hub may ask us to wait; beyond it the person is told."""
SECRETS = re.compile(r"hf_\w+|(?<=//)[^/@\s]+@|(?<=Bearer )\S+")
"""Tokens, and passwords in the address of a proxy."""
NO_PLACE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)


def api(answer: float = ANSWER) -> Any:
    """The Hub's client, with time limits and this person's token.

    Args:
        answer: Seconds that the Hub may take for an answer; the last call's hold in this process.
    """
    from huggingface_hub import HfApi

    _limit_time(answer)
    return HfApi(token=access.token())


def session() -> Any:
    """The HTTP client beneath, for streaming a file."""
    from huggingface_hub import get_session

    _limit_time()
    return get_session()


def transport_error() -> type[Exception]:
    """What the HTTP client raises where a connection breaks, stalls or cannot be made."""
    from huggingface_hub.utils import _http

    name = "httpx2" if hasattr(_http, "httpx2") else "httpx"  # from huggingface_hub 2 on, before
    found: type[Exception] = getattr(_http, name).TransportError
    return found


def page(model: str) -> str:
    """The address of a model's page, where a licence is accepted."""
    from huggingface_hub import constants

    return f"{constants.ENDPOINT}/{model}"


_limits: list[float] = []


def _limit_time(answer: float = ANSWER) -> None:
    from huggingface_hub import set_client_factory
    from huggingface_hub.utils import _http

    if _limits == [answer]:
        return
    _limits[:] = [answer]

    def made() -> Any:
        client = _http.default_client_factory()
        client.timeout = (CONNECT, answer, answer, answer)  # connect, read, write, pool
        return client

    set_client_factory(made)


def failure(model: str, revision: str, error: BaseException) -> StudioError:
    """The sentence for whatever went wrong while the Hub was asked for a model."""
    from huggingface_hub import errors

    found = list(causes(error))
    for each in found:
        if isinstance(each, StudioError):
            return each
        if isinstance(each, errors.OfflineModeIsEnabled):
            return _offline(model)
        if isinstance(each, errors.GatedRepoError) or status_of(each) == 403:
            return gated(model, each)
        if isinstance(each, errors.RevisionNotFoundError):
            return RefusedError(
                tr("{model} has no revision “{revision}”.").format(model=model, revision=revision),
                hint=tr("Correct model.revision, or leave it empty for the newest version."),
            )
        if isinstance(each, errors.RepositoryNotFoundError) or status_of(each) in (401, 404):
            return _not_found(model, each)
        if isinstance(each, errors.HFValidationError):
            return no_id(model)
        if status_of(each) == 429:
            text = tr("Try again later; signing in raises the limit. The download then goes on.")
            return busy(asked_to_wait(each), text)
        if isinstance(each, OSError) and each.errno == errno.ENOSPC:
            return full(model)
        if isinstance(each, OSError) and each.errno in NO_PLACE:
            return _no_place(each)
        if isinstance(each, ValueError) and "JSON" in type(each).__name__:
            return portal()
    return _unreachable(model, found[-1])


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it came from."""
    while error is not None:
        yield error
        error = error.__cause__


def status_of(error: Any) -> int:
    """The HTTP status of an answer that became an error; 0 where there was none."""
    return int(getattr(getattr(error, "response", None), "status_code", 0) or 0)


def asked_to_wait(error: Any) -> int:
    """Seconds that a busy Hub asks to wait; 0 where it does not say."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    said = re.search(r"t=(\d+)", headers.get("ratelimit", "")) or re.fullmatch(
        r"(\d+)", headers.get("retry-after", "").strip()
    )
    return int(said.group(1)) if said else 0


def no_id(model: str) -> RefusedError:
    """The refusal of a word that can be no Hub id."""
    return RefusedError(
        tr("“{model}” is neither a folder nor a model on the Hub.").format(model=model),
        hint=tr("Give a folder, or a Hub id such as maker/model."),
    )


def gated(model: str, error: Any = None) -> RefusedError:
    """The refusal of a model whose maker lets people in one by one: what is to be done next."""
    said = str(getattr(error, "server_message", None) or "")
    about = tr("{model} is given only to those whom its maker has let in.").format(model=model)
    if "reject" in said.casefold():
        return RefusedError(about, said, tr("Choose another model."))
    if "review" in said.casefold() or "awaiting" in said.casefold():
        return RefusedError(about, said, tr("Wait for its maker's answer, then try again."))
    if not access.token() or status_of(error) == 401:
        text = remedy(
            tr("Accept the licence at {page}, then sign in with `finetune-studio models login`."),
            tr("Accept the licence at {page}, then sign in here with your token."),
        )
    else:
        text = tr("Accept the licence at {page} with the account of your token, then try again.")
    return RefusedError(about, hint=text.format(page=page(model)))


def full(model: str) -> StudioError:
    """The disk has no more room."""
    return StudioError(
        tr("The disk is full."),
        tr("{model} could not be downloaded whole.").format(model=model),
        tr("Free space, or move the cache (HF_HOME); the download then goes on."),
    )


def portal() -> StudioError:
    """Something answered that is not the Hub."""
    return StudioError(
        tr("Something else answered in the Hub's place."),
        tr("The answer is a web page, as the sign-in pages of guest networks are."),
        tr("Open a browser and sign in to the network, or check HF_ENDPOINT; then try again."),
    )


def _not_found(model: str, error: Any) -> RefusedError:
    if status_of(error) == 401 and access.token():
        return RefusedError(
            tr("The Hub does not accept the token, or there is no model {model}.").format(
                model=model
            ),
            hint=remedy(
                tr("Check the spelling, or sign in again with `finetune-studio models login`."),
                tr("Check the spelling, or sign in again with another token."),
            ),
        )
    text = tr("There is no model {model}, neither as a folder here nor on the Hub.")
    return RefusedError(
        text.format(model=model),
        hint=remedy(
            tr(
                "Check the spelling; for a private model, sign in with"
                " `finetune-studio models login`."
            ),
            tr("Check the spelling; for a private model, sign in with your token."),
        ),
    )


def busy(wait: float, hint: str) -> StudioError:
    """Too many requests were made.

    Args:
        wait: Seconds that the Hub asks to wait; 0 where it does not say.
        hint: What to do then.
    """
    text = tr("The Hub asks to wait {minutes} min before the next request.")
    return StudioError(
        tr("Too many requests were made to the Hub."),
        text.format(minutes=max(1, round(wait / 60))) if wait else "",
        hint,
    )


def _no_place(error: OSError) -> StudioError:
    return StudioError(
        tr("The folder for downloaded models cannot be written."),
        f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror),
        tr("Correct the rights of that folder, or set HF_HOME to another."),
    )


def _offline(model: str) -> StudioError:
    return StudioError(
        tr("{model} is not on this disk, and downloads are switched off.").format(model=model),
        hint=tr("Unset HF_HUB_OFFLINE to download it, or choose a folder on the disk."),
    )


def _unreachable(model: str, why: BaseException) -> StudioError:
    status = status_of(why)
    return StudioError(
        tr("{model} could not be downloaded.").format(model=model),
        tr("The Hub answered with error {status}.").format(status=status)
        if status
        else tr("The Hub could not be reached ({why}).").format(why=_short(why)),
        tr("Check the network and try again, or choose a folder on the disk."),
    )


def _short(why: BaseException) -> str:
    """What a library said, on one line and without secrets."""
    said = " ".join(str(why).split()) or type(why).__name__
    return SECRETS.sub("…", said)[:200]
