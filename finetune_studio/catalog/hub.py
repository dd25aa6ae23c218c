"""Brings a model from the Hub into its cache: safe files only, looked at before the large ones.

The cache comes first: what is whole on the disk is used as it is, and nothing is asked. Knows
nothing of what a good model is; that is for local.py and refusals.py.
"""

import errno
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from finetune_studio.catalog import refusals
from finetune_studio.catalog.weights import read_weights
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import tr

ANSWER = 15.0  # seconds that the Hub gets to say what it has
SMALL = ("*.json", "*.jinja", "*.model", "*.txt", "README.md", "LICENSE*")
"""Configuration, tokenizer, chat template, and what the maker says of the licence."""
WEIGHTS = ("*.safetensors",)
CODE = ("*.py",)
ELSEWHERE = ("*/*", "consolidated*.safetensors")
"""Other formats lie in folders; `consolidated` is the maker's second copy of the weights."""


def fetch(model: str, revision: str, trust_remote_code: bool) -> Path:
    """The folder of a Hub model in the cache, downloaded where it is not there whole.

    Args:
        model: The Hub id.
        revision: A branch, tag or commit; empty for main.
        trust_remote_code: Whether the model's Python files are wanted too.

    Raises:
        RefusedError: There is no such model or revision, it is gated, or it cannot be trained.
        StudioError: The download failed.
    """
    found = cached(model, revision)
    if found and _is_whole(found):
        return found
    about = _Remote(model, revision)
    _refuse_pickles(model, about.names())
    small = about.download((*SMALL, *(CODE if trust_remote_code else ())))
    _refuse_early(small, trust_remote_code)
    return about.download((*SMALL, *WEIGHTS, *(CODE if trust_remote_code else ())))


def fetch_small(model: str, revision: str, trust_remote_code: bool) -> Path:
    """As `fetch`, without the weights: what the model is and how it reads text.

    Raises:
        RefusedError: As `fetch`.
        StudioError: As `fetch`.
    """
    found = cached(model, revision)
    if found is None or not _reads(found):
        found = _Remote(model, revision).download(SMALL)
    _refuse_early(found, trust_remote_code)
    return found


def cached(model: str, revision: str) -> Path | None:
    """What of a model is on the disk, whole or in part; None where there is nothing."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(model, "config.json", revision=revision or None)
    except HFValidationError as error:
        raise _no_id(model) from error
    return Path(found).parent if isinstance(found, str) else None


class _Remote:
    """One model on the Hub; every failure to reach it becomes a sentence."""

    def __init__(self, model: str, revision: str) -> None:
        self.model, self.revision = model, revision or None

    def names(self) -> list[str]:
        """The names of its files."""
        from huggingface_hub import HfApi

        try:
            about = HfApi().model_info(self.model, revision=self.revision, timeout=ANSWER)
            return [each.rfilename for each in about.siblings or ()]
        except Exception as error:
            raise _failure(self.model, self.revision or "main", error) from error

    def download(self, patterns: Iterable[str]) -> Path:
        """Fetch the files of these names; a download that was cut off goes on."""
        from huggingface_hub import snapshot_download

        try:
            return Path(
                snapshot_download(
                    self.model,
                    revision=self.revision,
                    allow_patterns=list(patterns),
                    ignore_patterns=list(ELSEWHERE),
                )
            )
        except Exception as error:
            raise _failure(self.model, self.revision or "main", error) from error


def _is_whole(folder: Path) -> bool:
    try:
        refusals.refuse_without_tokenizer(folder)
        return bool(read_weights(folder))
    except RefusedError:
        return False


def _reads(folder: Path) -> bool:
    try:
        refusals.refuse_without_tokenizer(folder)
    except RefusedError:
        return False
    return True


def _refuse_pickles(model: str, names: list[str]) -> None:
    at_top = [name for name in names if "/" not in name]
    if any(name.endswith(".safetensors") for name in at_top):
        return
    pickles = sorted(name for name in at_top if name.endswith(refusals.PICKLES))
    if pickles:
        raise RefusedError(
            tr("The weights are in an unsafe format."),
            tr("{model} has only “{name}”, a pickle file: loading it can run any code.").format(
                model=model, name=pickles[0]
            ),
            tr("Choose a copy of the model in the safetensors format."),
        )


def _refuse_early(folder: Path, trust_remote_code: bool) -> None:
    """Refuse before gigabytes of weights come."""
    config = refusals.read_config(folder)
    custom = refusals.custom_code(folder, config)
    if custom and not trust_remote_code:
        raise refusals.own_code(custom)
    if not custom:
        refusals.refuse_unknown(config)
    refusals.refuse_without_tokenizer(folder)


def _failure(model: str, revision: str, error: Exception) -> StudioError:
    from huggingface_hub import errors

    causes = list(_causes(error))
    for each in causes:
        if isinstance(each, errors.OfflineModeIsEnabled):
            return _offline(model)
        if isinstance(each, errors.GatedRepoError) or _status(each) == 403:
            return _gated(model)
        if isinstance(each, errors.RevisionNotFoundError):
            return RefusedError(
                tr("{model} has no revision “{revision}”.").format(model=model, revision=revision),
                hint=tr("Correct model.revision, or leave it empty for the newest version."),
            )
        if isinstance(each, errors.RepositoryNotFoundError) or _status(each) in (401, 404):
            return _not_found(model)
        if isinstance(each, errors.HFValidationError):
            return _no_id(model)
        if isinstance(each, OSError) and each.errno == errno.ENOSPC:
            return StudioError(
                tr("The disk is full."),
                tr("{model} could not be downloaded whole.").format(model=model),
                tr("Free space, or move the cache (HF_HOME); the download then goes on."),
            )
    return _unreachable(model, causes[-1])


def _causes(error: BaseException | None) -> Iterable[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _status(error: Any) -> int:
    return int(getattr(getattr(error, "response", None), "status_code", 0) or 0)


def _no_id(model: str) -> RefusedError:
    return RefusedError(
        tr("“{model}” is neither a folder nor a model on the Hub.").format(model=model),
        hint=tr("Give a folder, or a Hub id such as maker/model."),
    )


def _not_found(model: str) -> RefusedError:
    return RefusedError(
        tr("There is no model {model}, neither as a folder here nor on the Hub.").format(
            model=model
        ),
        hint=tr("Check the spelling; for a private model, sign in with `hf auth login`."),
    )


def _gated(model: str) -> RefusedError:
    return RefusedError(
        tr("{model} is given only to those whom its maker has let in.").format(model=model),
        hint=tr(
            "Accept the licence at https://huggingface.co/{model}, then sign in with"
            " `hf auth login`, or set HF_TOKEN."
        ).format(model=model),
    )


def _offline(model: str) -> StudioError:
    return StudioError(
        tr("{model} is not on this disk, and downloads are switched off.").format(model=model),
        hint=tr("Unset HF_HUB_OFFLINE to download it, or choose a folder on the disk."),
    )


def _unreachable(model: str, why: BaseException) -> StudioError:
    status = _status(why)
    return StudioError(
        tr("{model} could not be downloaded.").format(model=model),
        tr("The Hub answered with error {status}.").format(status=status)
        if status
        else tr("The Hub could not be reached ({why}).").format(why=_short(why)),
        tr("Check the network and try again, or choose a folder on the disk."),
    )


def _short(why: BaseException) -> str:
    return (" ".join(str(why).split()) or type(why).__name__)[:200]
