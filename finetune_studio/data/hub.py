"""Datasets of the Hugging Face Hub, as `hub:owner/name[:configuration[:split]]`, to Arrow files.

The `datasets` library reads the repository's data files; it runs no code from it (since version 4
it cannot). What was fetched once is read from its cache, without a connection too.
"""

import hashlib
import os
import re
import uuid
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from finetune_studio import paths
from finetune_studio.data.hub_line import address, asked_first, switched_off
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import tr

PREFIX = "hub:"
NAME = re.compile(r"(?:[\w.-]+/)?[\w.-]+")
BATCH = 5_000
UNREACHED = (
    "ConnectionError",
    "ConnectTimeout",
    "LocalEntryNotFoundError",
    "OfflineModeIsEnabled",
)
"""What the libraries call it where nobody answered."""


def fetch(name: str) -> Path:
    """The rows of a Hub dataset as one Arrow file in the cache.

    Raises:
        RefusedError: The name is none, or there is no such dataset, configuration or split.
        StudioError: The Hub cannot be reached and nothing was fetched before, or the disk is full.
    """
    repo, _, rest = name.removeprefix(PREFIX).partition(":")
    config, _, split = rest.partition(":")
    _check(repo, name)
    return load(repo, config or None, split or None)


def choices(repo: str) -> dict[str, tuple[str, ...]]:
    """The splits of each configuration of a dataset, from its repository's list of files.

    Raises:
        RefusedError: As `fetch`.
        StudioError: As `fetch`.
    """
    from datasets import get_dataset_config_names, load_dataset_builder

    _check(repo, repo)
    found: dict[str, tuple[str, ...]] = {}
    try:
        with asked_first():
            for config in get_dataset_config_names(repo):
                builder = load_dataset_builder(repo, config)
                splits = builder.info.splits or builder.config.data_files or ("train",)
                found[config] = tuple(map(str, splits))
        return found
    except Exception as error:  # the library raises a dozen kinds
        raise _refusal(repo, None, error) from error


def _check(repo: str, name: str) -> None:
    if not NAME.fullmatch(repo) or ".." in repo:
        raise RefusedError(
            tr("“{name}” names no dataset.").format(name=name),
            hint=tr("Write hub:owner/name, with :configuration and :split where it has several."),
        )
    if Path(repo).exists():
        raise RefusedError(
            tr("“{name}” is also a folder here, so which one is meant is open.").format(name=repo),
            hint=tr("Name the folder's files, or start in another folder."),
        )


def load(repo: str, config: str | None, split: str | None) -> Path:
    """The rows of a dataset (a repository, or a folder made like one) as one Arrow file.

    Raises:
        RefusedError: As `fetch`.
        StudioError: As `fetch`.
    """
    from datasets import disable_progress_bars, load_dataset

    disable_progress_bars()
    try:
        with nullcontext() if Path(repo).exists() else asked_first():
            parts = load_dataset(repo, config)
    except Exception as error:  # the library raises a dozen kinds
        raise _refusal(repo, config, error) from error
    chosen = _split(parts, split, repo)
    key = hashlib.sha256(f"{repo}\n{config}\n{chosen._fingerprint}".encode()).hexdigest()[:24]
    short = repo.rstrip("/").replace("\\", "/").rpartition("/")[2]
    target = paths.cache() / "data" / key / f"{short}.arrow"
    if not target.is_file():
        _write(chosen, target)
    return target


def _split(parts: Any, asked: str | None, repo: str) -> Any:
    names = list(parts)
    wanted = asked or ("train" if "train" in names else names[0] if len(names) == 1 else None)
    if wanted in names:
        return parts[wanted]
    raise RefusedError(
        tr("“{name}” has no split “{split}”.").format(name=repo, split=asked)
        if asked
        else tr("“{name}” has several splits.").format(name=repo),
        tr("Its splits are {names}.").format(names=", ".join(names)),
        tr("Name one of them: hub:owner/name:configuration:split."),
    )


def _write(rows: Any, target: Path) -> None:
    import pyarrow as pa

    from finetune_studio.data.arrow import write_arrow

    named = {
        name: feature.names
        for name, feature in rows.features.items()
        if type(feature).__name__ == "ClassLabel"
    }

    def batches() -> Any:
        for table in rows.with_format("arrow").iter(batch_size=BATCH):
            for name, labels in named.items():
                codes = table[name].to_pylist()
                texts = [None if code is None or code < 0 else labels[code] for code in codes]
                place = table.column_names.index(name)
                table = table.set_column(place, name, pa.array(texts, pa.string()))
            yield table

    part = target.with_name(f"{target.name}.{uuid.uuid4().hex[:8]}.part")
    if not write_arrow(batches(), part):
        raise RefusedError(tr("“{name}” holds no row.").format(name=target.stem))
    os.replace(part, target)


def _refusal(repo: str, config: str | None, error: Exception) -> StudioError:
    said = str(error).strip().splitlines()[0][:300] if str(error).strip() else ""
    kind = type(error).__name__
    if "scripts are no longer supported" in str(error):
        return RefusedError(
            tr("“{name}” brings its own code, which is not run here.").format(name=repo),
            said,
            tr("Look for a copy of it in Parquet, or bring its files."),
        )
    if "Config name is missing" in str(error) or "BuilderConfig" in str(error):
        return _no_configuration(repo, config, error)
    if "gated" in str(error).lower():
        return RefusedError(
            tr("“{name}” asks for consent before it is given out.").format(name=repo),
            said,
            tr("Agree to its terms on its page, and store your token."),
        )
    if kind in UNREACHED or any(each in str(error) for each in UNREACHED):
        return _unreached(repo)
    if kind == "DatasetNotFoundError":
        return RefusedError(
            tr("There is no dataset “{name}” that you may read.").format(name=repo),
            said,
            tr("Check the name; a private one needs your token."),
        )
    return RefusedError(
        tr("“{name}” cannot be read as a dataset.").format(name=repo),
        f"{kind}: {said}",
        tr("Bring its files instead."),
    )


def _no_configuration(repo: str, config: str | None, error: Exception) -> RefusedError:
    return RefusedError(
        tr("“{name}” has several configurations.").format(name=repo)
        if config is None
        else tr("“{name}” has no configuration “{config}”.").format(name=repo, config=config),
        " ".join(str(error).split())[:400],
        tr("Name one of them: hub:owner/name:configuration."),
    )


def _unreached(repo: str) -> StudioError:
    if switched_off():
        return StudioError(
            tr("Talking to the Hub is switched off, and “{name}” was not fetched before.").format(
                name=repo
            ),
            hint=tr("Unset HF_HUB_OFFLINE to fetch it, or bring the dataset as files."),
        )
    return StudioError(
        tr("The Hub cannot be reached, and “{name}” was not fetched before.").format(name=repo),
        tr("{address} gives no answer.").format(address=address()),
        tr("Connect to the internet, or bring the dataset as files."),
    )
