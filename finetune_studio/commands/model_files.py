"""`finetune-studio models download`, `cache`, `remove`, `login`, `logout`: files, room, tokens."""

import argparse
import sys
from typing import Any

from finetune_studio.commands.amounts import duration, size
from finetune_studio.commands.options import add_json
from finetune_studio.commands.output import line, note, print_json, table
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import mark, tr

PHASES = {"downloading": "", "checking": mark("checking"), "paused": mark("paused")}


def add_parsers(parts: Any) -> None:
    """The sub-commands that change what is on the disk."""
    load = parts.add_parser("download", help=tr("fetch a model; a stopped download goes on"))
    load.add_argument("model", help=tr("a Hub id"))
    load.add_argument("--revision", default="", help=tr("a branch, tag or commit of the Hub"))
    load.add_argument(
        "--trust-remote-code", action="store_true", help=tr("fetch its own code, too")
    )
    load.set_defaults(run=download)
    kept = parts.add_parser("cache", help=tr("models of the Hub on this disk, and their sizes"))
    kept.set_defaults(run=cache)
    gone = parts.add_parser("remove", help=tr("remove a downloaded model from this disk"))
    gone.add_argument("model", help=tr("a Hub id"))
    gone.add_argument("--yes", action="store_true", help=tr("do not ask"))
    gone.set_defaults(run=remove)
    enter = parts.add_parser("login", help=tr("keep a Hub token; it is read from the keyboard"))
    enter.set_defaults(run=login)
    leave = parts.add_parser("logout", help=tr("forget the Hub token"))
    leave.set_defaults(run=logout)
    for part in (load, kept, gone, enter, leave):
        add_json(part)


def download(options: argparse.Namespace) -> int:
    """Fetch a model; on an interrupt what came is kept for another time."""
    from finetune_studio.catalog import hub
    from finetune_studio.catalog.resolve import DEMO, HUB_ID

    model = options.model
    if model == DEMO or not HUB_ID.fullmatch(model):
        raise RefusedError(
            tr("“{model}” is no model of the Hub.").format(model=model),
            hint=tr("Give a Hub id such as maker/model."),
        )
    live = sys.stderr.isatty() and not options.json
    tell = _bar if live else None
    try:
        folder = hub.fetch(model, options.revision, options.trust_remote_code, tell)
    finally:
        if live:
            sys.stderr.write("\n")
    files = [each for each in folder.iterdir() if each.is_file()]
    taken = sum(each.stat().st_size for each in files)
    if options.json:
        print_json({"model": model, "folder": str(folder), "files": len(files), "bytes": taken})
    else:
        text = tr("{model}: {count} files, {size}, in {folder}")
        line(text.format(model=model, count=len(files), size=size(taken), folder=folder))
    return 0


def _bar(progress: Any) -> None:
    share = progress.done / max(1, progress.total)
    left = progress.seconds_left
    parts = [
        f"{'━' * round(24 * share):·<24}",
        f"{size(progress.done)} / {size(progress.total)}",
        f"{size(progress.speed)}/s",
        tr("{time} left").format(time=duration(left)) if left is not None else "",
        progress.file,
        tr(PHASES[progress.phase]) if PHASES[progress.phase] else "",
    ]
    sys.stderr.write("\r\033[K" + "  ".join(part for part in parts if part))
    sys.stderr.flush()


def cache(options: argparse.Namespace) -> int:
    """Print the models on this disk, the largest first."""
    from finetune_studio.catalog.disk import kept

    found = kept()
    if options.json:
        total = sum(each.size for each in found)
        print_json({"models": [each.as_dict() for each in found], "bytes": total})
        return 0
    unfinished = tr("{size} unfinished")
    rows = [[tr("model"), tr("size"), ""]]
    for each in found:
        half = unfinished.format(size=size(each.halves)) if each.halves else ""
        rows.append([each.id, size(each.size), half])
    table(rows)
    line(tr("{size} in all").format(size=size(sum(each.size for each in found))))
    return 0


def remove(options: argparse.Namespace) -> int:
    """Remove a model after a question; without a terminal only with `--yes`."""
    from finetune_studio.catalog.disk import kept
    from finetune_studio.catalog.disk import remove as remove_model

    found = next((each for each in kept() if each.id == options.model), None)
    if found and not options.yes:
        if not sys.stdin.isatty():
            raise RefusedError(
                tr("{model} is removed only after a yes.").format(model=options.model),
                hint=tr("Add --yes."),
            )
        note(tr("Remove {model}, {size}? [y/N]").format(model=found.id, size=size(found.size)))
        if sys.stdin.readline().strip().casefold() not in ("y", "yes", "예", "네"):
            return 0
    freed = remove_model(options.model)
    if options.json:
        print_json({"model": options.model, "freed_bytes": freed})
    else:
        line(
            tr("{model} is removed; {size} are free again.").format(
                model=options.model, size=size(freed)
            )
        )
    return 0


def login(options: argparse.Namespace) -> int:
    """Read a token unseen, or from a pipe, ask the Hub whose it is, and keep it."""
    import getpass

    from finetune_studio.catalog import access

    if sys.stdin.isatty():
        given = getpass.getpass(tr("Hub token (it is not shown): "))
    else:
        given = sys.stdin.readline()
    account = access.sign_in(given)
    if options.json:
        print_json({"account": account.name, "role": account.role, "kept_in": access.place()})
    else:
        line(tr("Signed in as {name}.").format(name=account.name))
    return 0


def logout(options: argparse.Namespace) -> int:
    """Forget the token that was kept here."""
    from finetune_studio.catalog import access

    access.sign_out()
    if options.json:
        print_json({"token": access.place() or None})
    elif access.place():
        line(tr("The token kept here is gone; HF_TOKEN is still set."))
    else:
        line(tr("No token is kept here any more."))
    return 0
