"""`finetune-studio push`: upload a run or an export to the Hub, private unless asked otherwise."""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune_studio import collector
from finetune_studio.commands.amounts import duration, size
from finetune_studio.commands.options import add_json
from finetune_studio.commands.output import line, note, print_json
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import tr

if TYPE_CHECKING:
    from finetune_studio.export.publish import Publication

LEAVING = 5.0  # seconds


def add_options(parser: argparse.ArgumentParser) -> None:
    """What goes up, and where to."""
    parser.add_argument(
        "path", type=Path, metavar="RUN-or-EXPORT", help=tr("the folder of a run or an export")
    )
    parser.add_argument("--repo", required=True, help=tr("the name there: owner/name, or a name"))
    seen = parser.add_mutually_exclusive_group()
    seen.add_argument("--private", action="store_true", help=tr("only you see it; the usual way"))
    seen.add_argument("--public", action="store_true", help=tr("everybody sees it"))
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--branch", default="", help=tr("write to this branch, new or not"))
    where.add_argument(
        "--pull-request",
        action="store_true",
        help=tr("propose it instead of changing what is there"),
    )
    parser.add_argument("--dry-run", action="store_true", help=tr("show what would go up"))
    parser.add_argument(
        "--compatible", action="store_true", help=tr("upload over plain HTTPS, without Xet")
    )
    parser.add_argument("--card", choices=("ko", "en"), help=tr("the language of the model card"))
    parser.add_argument("--run", type=Path, dest="of_run", help=tr("the run of an export"))
    add_json(parser)
    parser.set_defaults(run=push)


def push(options: argparse.Namespace) -> int:
    """Show what would go up, or let a child look at everything and upload it."""
    if options.dry_run:
        _show(options)
        return 0
    done = _follow(options)
    if options.json:
        print_json(done)
    else:
        line(f"{done['repo']}: {done['url']}")
    return 0


def _show(options: argparse.Namespace) -> None:
    document = _looked(options).as_dict()
    print_json(document) if options.json else _preview(document)


def _looked(options: argparse.Namespace) -> "Publication":
    """Decide what goes up; a licence or a file that forbids it is told here."""
    with collector.at_rest(for_good=True):
        from finetune_studio.export.publish import prepare
        from finetune_studio.export.repository import Order

        order = Order(options.repo, options.public, options.branch, options.pull_request)
        return prepare(options.path, order, options.card, options.of_run)


def _preview(document: Mapping[str, Any]) -> None:
    seen = tr("only you see it") if document["private"] else tr("everybody sees it")
    line(tr("{repo} ({seen}), branch {branch}").format(seen=seen, **document))
    for each in document["files"]:
        line(f"  {size(each['bytes']):>10}  {each['name']}")
    line(tr("{size} in all.").format(size=size(document["bytes"])))
    if document["left_out"]:
        line(tr("Stays here: {names}").format(names=", ".join(document["left_out"])))
    for each in document["findings"]:
        line(_finding(each))
    line()
    line(document["card"])


def _finding(told: Mapping[str, Any]) -> str:
    return f"{tr(told['level'])}: {told['text']}"


def command(options: argparse.Namespace) -> list[str]:
    """The upload's command line; no token stands in it."""
    from finetune_studio.runs.programs import engine_command

    asked = [str(options.path), "--repo", options.repo, "--told", "--json"]
    asked += ["--public"] if options.public else []
    asked += ["--branch", options.branch] if options.branch else []
    asked += ["--pull-request"] if options.pull_request else []
    return engine_command("push", *asked)


def environment(compatible: bool) -> dict[str, str]:
    """The upload's environment."""
    from finetune_studio.export.transport import upload_variables
    from finetune_studio.runs.programs import engine_environment

    return engine_environment() | upload_variables(compatible)


def _follow(options: argparse.Namespace) -> dict[str, Any]:
    """Run the child, tell how far it is, return what came of it.

    The child asks the Hub while this process decides what goes up; it changes nothing there before
    it was told.
    """
    live = sys.stderr.isatty() and not options.json
    child = subprocess.Popen(
        command(options),
        env=environment(options.compatible),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
    )
    last: dict[str, Any] = {}
    try:
        _tell(child, _looked(options), options.json)
        for text in child.stdout or ():
            last = _heard(text, live) or last
        code = child.wait()
    except BaseException:
        child.terminate()  # no half commit can come of it
        try:
            child.wait(LEAVING)
        except subprocess.TimeoutExpired:
            child.kill()
        raise
    finally:
        if live:
            sys.stderr.write("\n")
    return _outcome(last, code)


def _tell(child: "subprocess.Popen[str]", found: "Publication", as_json: bool) -> None:
    """Tell the child what goes up, and the person what the licences say of it."""
    for each in () if as_json else found.findings:
        note(_finding(each.as_dict()))
    if child.stdin:
        try:
            child.stdin.write(found.contents.to_line() + "\n")
            child.stdin.flush()
        except OSError:  # the child has ended: its last line says why
            with suppress(OSError):
                child.stdin.close()


def _heard(text: str, live: bool) -> dict[str, Any] | None:
    """Show one line of the child's; its document where it is the last one."""
    try:
        said = json.loads(text)
    except ValueError:
        return None  # a library's own words
    if live and "progress" in said:
        _bar(said["progress"])
    elif "waits" in said:
        text = tr("The Hub does not take it now; the next attempt is in {seconds:.0f} s.")
        note(text.format(seconds=said["waits"]))
    elif said.get("notice") == "left-behind":
        text = tr("“{name}” lies there from before and stays; remove it if it is outdated.")
        note(text.format(name=said["file"]))
    return said if isinstance(said, dict) and ("error" in said or "commit" in said) else None


def _bar(now: Mapping[str, Any]) -> None:
    left = now["seconds_left"]
    parts = [
        f"{'━' * round(24 * now['done'] / max(1, now['total'])):·<24}",
        f"{size(now['done'])} / {size(now['total'])}",
        f"{size(now['speed'])}/s",
        tr("{time} left").format(time=duration(left)) if left is not None else "",
        now["file"],
    ]
    sys.stderr.write("\r\033[K" + "  ".join(part for part in parts if part))
    sys.stderr.flush()


def _outcome(last: dict[str, Any], code: int) -> dict[str, Any]:
    if "error" in last:
        kind = RefusedError if code == 2 else StudioError
        raise kind(*(str(last["error"].get(name, "")) for name in ("title", "detail", "hint")))
    if code or "commit" not in last:
        raise StudioError(
            tr("The upload ended without an answer."),
            tr("Its process ended with {code}.").format(code=code),
            tr("Upload again; it goes on with what is missing."),
        )
    return last
