"""`finetune-studio setup`: what the set-up page does, without a window."""

import argparse
import sys
from pathlib import Path
from typing import Any

from finetune_studio import installed
from finetune_studio.commands.amounts import size
from finetune_studio.commands.options import add_json
from finetune_studio.commands.output import line, note, print_json
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.hardware.torch_build import BUILDS
from finetune_studio.i18n import mark, tr

SAID = {
    "look": mark("Looking what this computer needs …"),
    "fetch": mark("Downloading …"),
    "install": mark("Installing …"),
    "prove": mark("Computing a product with the new PyTorch …"),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """One action and its options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    show = actions.add_parser("show", help=tr("how training is set up; so does no action"))
    install = actions.add_parser("install", help=tr("install PyTorch and what training needs"))
    install.add_argument("--folder", type=Path, help=tr("where; many GB go there"))
    install.add_argument(
        "--torch",
        choices=["auto", *BUILDS],
        default="auto",
        help=tr("the build of PyTorch; auto takes what suits this machine"),
    )
    install.add_argument("--bundle", type=Path, help=tr("an offline bundle's folder"))
    install.add_argument("--check", action="store_true", help=tr("only say what would be done"))
    repair = actions.add_parser("repair", help=tr("try it, and install it again where it fails"))
    repair.add_argument("--force", action="store_true", help=tr("install it again in any case"))
    move = actions.add_parser("move", help=tr("bring it to another folder or drive"))
    move.add_argument("folder", type=Path, help=tr("the new place"))
    bundle = actions.add_parser("bundle", help=tr("everything for a computer without a network"))
    bundle.add_argument("out", type=Path, help=tr("the folder to write"))
    bundle.add_argument(
        "--platform",
        choices=["linux", "windows", "macos"],
        default="linux",
        help=tr("the system of that computer; linux without it"),
    )
    bundle.add_argument(
        "--python", default="3.12", help=tr("its version of Python; 3.12 without it")
    )
    bundle.add_argument(
        "--torch",
        choices=[*BUILDS, "default"],
        default="cpu",
        help=tr("the build of PyTorch; cpu without it"),
    )
    gguf = actions.add_parser("gguf", help=tr("get llama.cpp, which writes and runs GGUF"))
    remove = actions.add_parser("remove", help=tr("remove what the program made; asks first"))
    remove.add_argument("--yes", action="store_true", help=tr("do not ask"))
    remove.add_argument("--keep-window", action="store_true", help=tr("all but the window"))
    for name in ("runs", "models", "preferences", "projects"):
        remove.add_argument(f"--{name}", action="store_true", help=tr("these too"))
    for each in (show, install, gguf):
        add_json(each)
    parser.set_defaults(run=setup)


def setup(options: argparse.Namespace) -> int:
    """Do what was asked."""
    acts = {"install": _install, "repair": _repair, "move": _move, "bundle": _bundle}
    acts |= {"remove": _remove, "show": _show, "gguf": _gguf}
    acts[options.action or "show"](options)
    return 0


def _show(options: argparse.Namespace) -> None:
    from finetune_studio.setup.life import state

    now = state()
    if getattr(options, "json", False):
        print_json({"environment": str(now.environment), "build": now.build,
                    "proved": now.proved, "outdated": now.outdated,
                    "ready": installed.can_train()})  # fmt: skip
    elif now.build:
        line(tr("Training is set up in {path}.").format(path=now.environment))
        text = tr("Build of PyTorch: {build}; computed on: {devices}.")
        line(text.format(build=now.build, devices=now.proved))
        if now.outdated:
            line(tr("This version brings newer libraries: finetune-studio setup repair"))
    elif installed.can_train():
        line(tr("Training runs in the Python that this program runs in."))
    else:
        line(tr("Training is not set up yet: finetune-studio setup install"))


def _install(options: argparse.Namespace) -> None:
    from finetune_studio.setup.training import Request, Training

    build = None if options.torch == "auto" else options.torch
    folder = (options.folder or installed.training_folder()).expanduser().absolute()
    job = Training(Request(folder, build, options.bundle))
    note(tr(SAID["look"]))
    plan = job.plan()
    if options.check and options.json:
        print_json(_facts(plan))
        return
    note(" ".join(part for part in (plan.choice.reason, plan.choice.remedy) if part))
    text = tr("PyTorch {build}: {size} to download, {disk} on the disk, {free} free in {path}.")
    note(
        text.format(
            build=plan.choice.build,
            size=size(plan.download),
            disk=size(plan.stays),
            free=size(plan.free),
            path=folder,
        )
    )
    if not options.check:
        job.run(plan, _Speaker().tell)
        line(tr("Training is set up in {path}.").format(path=installed.training_environment()))


def _facts(plan: Any) -> dict[str, Any]:
    return {
        "build": plan.choice.build,
        "reason": plan.choice.reason,
        "remedy": plan.choice.remedy,
        "folder": str(plan.request.folder),
        "download_bytes": plan.download,
        "disk_bytes": plan.disk,
        "free_bytes": plan.free,
        "fits": plan.fits,
        "files": [{"name": w.file, "bytes": w.size, "sha256": w.sha256} for w in plan.wheels],
    }


def _repair(options: argparse.Namespace) -> None:
    from finetune_studio.setup.life import repair

    made = repair(_Speaker().tell, force=options.force)
    line(tr("Training was set up again.") if made else tr("Everything computes as it should."))


def _move(options: argparse.Namespace) -> None:
    from finetune_studio.setup.life import move

    place = move(options.folder.expanduser().absolute())
    line(tr("Training is set up in {path}.").format(path=place))


def _bundle(options: argparse.Namespace) -> None:
    from finetune_studio.setup.bundle import Target, make

    program = installed.program()
    if program is None:
        raise RefusedError(
            tr("This copy of the program was not put here by its installer."),
            hint=tr("Make the bundle with an installed program."),
        )
    target = Target(options.platform, options.python, options.torch)
    out = options.out.expanduser().absolute()
    wheels = make(program, target, out, _Speaker().progress)
    text = tr("{files} files, {size}, in {path}.")
    line(text.format(files=len(wheels), size=size(sum(w.size for w in wheels)), path=out))


def _gguf(options: argparse.Namespace) -> None:
    from finetune_studio.export import fetching, llama
    from finetune_studio.runs.programs import trainer_python

    place = fetching.fetch(trainer_python(), fetching.Course(note))
    if options.json:
        print_json({"path": str(place), "runs": llama.find().runs})
    else:
        line(tr("llama.cpp is in {path}.").format(path=place))


def _remove(options: argparse.Namespace) -> None:
    from finetune_studio.setup.in_use import refuse_while_it_runs
    from finetune_studio.setup.life import parts, remove

    refuse_while_it_runs()
    found = parts()
    chosen = [part for part in found if not part.personal or getattr(options, part.key)]
    chosen = [part for part in chosen if part.key != "window" or not options.keep_window]
    for part in found:
        word = tr("goes") if part in chosen else tr("stays")
        line(f"{word}: {tr(part.title)}, {size(part.bytes)}")
        for folder in part.folders:
            line(f"  {folder}")
    if not options.yes and not _agrees(tr("Remove this? [y/N] ")):
        raise StudioError(tr("Nothing was removed."))
    remove(chosen)
    line(tr("Removed."))


def _agrees(question: str) -> bool:
    if not sys.stdin.isatty():
        raise RefusedError(
            tr("There is nobody here to ask."), hint=tr("Say --yes to remove without asking.")
        )
    return input(question).strip().lower() in ("y", "yes", "네", "예")


class _Speaker:
    """Says each step once, and on a terminal how far the download is."""

    def __init__(self) -> None:
        self._said = ""
        self._live = sys.stderr.isatty()

    def tell(self, told: Any) -> None:
        if told.step != self._said:
            self._said = told.step
            note(tr(SAID[told.step]))
        if told.fetched is not None:
            self.progress(told.fetched)
        if told.note:
            note(tr("Computed on: {devices}.").format(devices=told.note))

    def progress(self, told: Any) -> None:
        """How far a download is; on a terminal only."""
        if self._live:
            text = f"{size(told.done)} / {size(told.total)}  {size(told.speed)}/s  {told.file}"
            end = "\n" if told.done >= told.total else ""
            print(f"\r\033[K{text[:100]}", end=end, file=sys.stderr, flush=True)
