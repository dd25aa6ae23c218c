"""Uploads a model to the Hub in one commit: it is there whole, or not at all.

Runs in a child process, for it cannot be interrupted otherwise. What went up before a break is
found again by its hash, by file or by block, so another upload goes on.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from finetune_studio.catalog import connection
from finetune_studio.catalog.progress import Meter, Progress
from finetune_studio.export.hub_failures import failure, is_passing
from finetune_studio.export.hub_progress import Movement, watched
from finetune_studio.export.items import Contents, Item
from finetune_studio.export.repository import PATIENT, Order, Place, check_name, find
from finetune_studio.i18n import mark

Tell = Callable[[Mapping[str, Any]], None]
Hash = Callable[[Path], bytes | None]
"""A file's SHA-256 where it is known already."""
TRIES = 3
"""Attempts at a commit whose connection broke."""
SPEAKS_OF_MODELS = ("adapter_config.json", "*.safetensors", "*.gguf")
MESSAGE = "Upload by Finetune Studio"
PREPARING = mark("Asking the Hub")
SENDING = mark("Uploading")


@dataclass(frozen=True)
class Opened:
    """The Hub, asked whose place it is and what is there; nothing is changed yet.

    Attributes:
        client: Its client, connected.
        order: Where to.
        place: What was found.
    """

    client: Any
    order: Order
    place: Place


def opened(order: Order, tell: Tell) -> Opened:
    """Ask the Hub about the place. Reads alone, so it may come before what goes up is known.

    Raises:
        RefusedError: The Hub refuses this account, or the place is not right.
        StudioError: The Hub cannot be asked.
    """
    check_name(order.repo)
    client = connection.api(PATIENT)
    tell({"phase": PREPARING})
    return Opened(client, order, find(client, order))


def send(
    there: Opened, contents: Contents, tell: Tell, hashed: Hash = lambda file: None
) -> dict[str, Any]:
    """Upload everything; what came of it, as the command line's contract prints it.

    Args:
        there: Where to.
        contents: What.
        tell: Hears `{"phase"}`, `{"progress"}`, `{"waits"}` and `{"notice"}`.
        hashed: Knows hashes of files that were made before; the Hub's client makes the others.

    Raises:
        RefusedError: The Hub refuses this account, or the place is not right.
        StudioError: The upload failed; what went up is found again by another.
    """
    client, order = there.client, there.order
    place = _prepared(client, there.place, order)
    tell({"phase": SENDING, "repo": place.repo, "exists": place.exists, "private": place.private})
    for name in _left_behind(place, contents):
        tell({"notice": "left-behind", "file": name})
    movement = Movement(Meter(contents.size, lambda now: tell({"progress": as_dict(now)})))
    with watched(movement, lambda seconds: tell({"waits": seconds})):
        made, files = _committed(client, place, order, contents, movement, hashed)
    tell({"progress": as_dict(Progress("", 0, 0, contents.size, contents.size, 0.0, "done"))})
    url = made.pr_url or connection.page(place.repo)
    return {"repo": place.repo, "url": url, "commit": made.oid, "files": files}


def as_dict(now: Progress) -> dict[str, Any]:
    """The progress as plain JSON values; speed in bytes a second, times in seconds."""
    return {
        "file": now.file,
        "done": min(now.done, now.total),
        "total": now.total,
        "speed": now.speed,
        "seconds_left": now.seconds_left,
    }


def _prepared(client: Any, place: Place, order: Order) -> Place:
    """Make the repository or the branch where it is missing; where the upload builds on."""
    try:
        if not place.exists:
            client.create_repo(place.repo, private=not order.public, exist_ok=True)
        if order.branch and not order.pull_request:
            client.create_branch(place.repo, branch=order.branch, exist_ok=True)
        if place.exists and order.branch:
            about = client.model_info(place.repo, revision=order.branch, timeout=PATIENT)
            return Place(place.repo, True, place.private, about.sha or "", place.files)
    except Exception as error:
        raise failure(place.repo, error) from error
    return place


def _committed(
    client: Any,
    place: Place,
    order: Order,
    contents: Contents,
    movement: Movement,
    hashed: Hash,
) -> tuple[Any, list[dict[str, Any]]]:
    """Make the commit, again where the connection broke.

    Where only the answer was lost, the second attempt finds everything there and changes nothing.
    A pull request is not tried twice: there could be two of them.
    """
    for attempt in range(1, TRIES + 1):
        operations = [_operation(item, hashed) for item in contents.items]
        try:
            made = client.create_commit(
                place.repo,
                operations,
                commit_message=MESSAGE,
                revision=order.branch or None,
                create_pr=order.pull_request,
                parent_commit=None if order.pull_request else place.head or None,
            )
        except Exception as error:
            if attempt == TRIES or order.pull_request or not is_passing(error):
                raise failure(place.repo, error) from error
            time.sleep(2.0**attempt)
            movement.begin_again()
        else:
            return made, [_file(each) for each in operations]
    raise AssertionError


def _operation(item: Item, hashed: Hash) -> Any:
    from huggingface_hub import CommitOperationAdd

    source = item.content if item.source is None else str(item.source)
    made = CommitOperationAdd(path_in_repo=item.name, path_or_fileobj=source)
    if item.source is not None and (digest := hashed(item.source)):
        made.upload_info.sha256 = digest
    return made


def _file(operation: Any) -> dict[str, Any]:
    about = operation.upload_info
    return {
        "name": operation.path_in_repo,
        "bytes": about.size,
        "sha256": about.sha256.hex(),
    }


def _left_behind(place: Place, contents: Contents) -> list[str]:
    """Models that lie there from before and stay: a loader may take them for the new one."""
    new = {item.name for item in contents.items}
    return [
        name
        for name in place.files
        if name not in new and any(fnmatchcase(name, each) for each in SPEAKS_OF_MODELS)
    ]
