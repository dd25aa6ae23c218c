"""Brings a model from the Hub into its cache: safe files only, looked at before the large ones.

The cache comes first: what is whole on the disk is used as it is, and nothing is asked. Knows
nothing of what a good model is; that is for local.py and refusals.py.
"""

from fnmatch import fnmatchcase
from pathlib import Path

from finetune_studio.catalog import connection, refusals
from finetune_studio.catalog.download import Control, Tell, download
from finetune_studio.catalog.weights import read_weights
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

ANSWER = 15.0  # seconds that the Hub gets to say what it has
SMALL = ("*.json", "*.jinja", "*.model", "*.txt", "README.md", "LICENSE*")
"""Configuration, tokenizer, chat template, and what the maker says of the licence."""
WEIGHTS = ("*.safetensors",)
CODE = ("*.py",)
SECOND = "consolidated*.safetensors"
"""The maker's second copy of the weights. Other formats lie in folders, which are left out."""


def fetch(
    model: str,
    revision: str,
    trust_remote_code: bool,
    tell: Tell | None = None,
    control: Control | None = None,
) -> Path:
    """The folder of a Hub model in the cache, downloaded where it is not there whole.

    Args:
        model: The Hub id.
        revision: A branch, tag or commit; empty for main.
        trust_remote_code: Whether the model's Python files are wanted too.
        tell: Is called with the progress, several times a second.
        control: Pauses, continues and cancels the download from another thread.

    Raises:
        RefusedError: There is no such model or revision, it is gated, or it cannot be trained.
        StudioError: The download failed.
    """
    found = cached(model, revision)
    if found and _is_whole(found):
        return found
    names = _names(model, revision)
    _refuse_pickles(model, names)
    small = (*SMALL, *(CODE if trust_remote_code else ()))
    folder = download(model, revision, _chosen(names, small), control=control)
    _refuse_early(folder, trust_remote_code)
    return download(model, revision, _chosen(names, (*small, *WEIGHTS)), tell, control)


def fetch_small(model: str, revision: str, trust_remote_code: bool) -> Path:
    """As `fetch`, without the weights: what the model is and how it reads text.

    Raises:
        RefusedError: As `fetch`.
        StudioError: As `fetch`.
    """
    found = cached(model, revision)
    if found is None or not _reads(found):
        found = download(model, revision, _chosen(_names(model, revision), SMALL))
    _refuse_early(found, trust_remote_code)
    return found


def cached(model: str, revision: str) -> Path | None:
    """What of a model is on the disk, whole or in part; None where there is nothing."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(model, "config.json", revision=revision or None)
    except HFValidationError as error:
        raise connection.no_id(model) from error
    return Path(found).parent if isinstance(found, str) else None


def may_have(model: str) -> None:
    """Ask the Hub whether this person may have the model; costs nothing.

    Raises:
        RefusedError: There is no such model, or it is gated: the error says what to do.
        StudioError: The Hub cannot be asked.
    """
    try:
        connection.api().auth_check(model)
    except Exception as error:
        raise connection.failure(model, "main", error) from error


def _names(model: str, revision: str) -> list[str]:
    """The names of a model's files on the Hub."""
    try:
        about = connection.api().model_info(model, revision=revision or None, timeout=ANSWER)
        return [each.rfilename for each in about.siblings or ()]
    except Exception as error:
        raise connection.failure(model, revision or "main", error) from error


def _chosen(names: list[str], patterns: tuple[str, ...]) -> list[str]:
    return [
        name
        for name in names
        if any(fnmatchcase(name, pattern) for pattern in patterns)
        and "/" not in name
        and not fnmatchcase(name, SECOND)
    ]


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
