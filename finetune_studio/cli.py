"""The command line: parses, calls one command, turns its end into an exit code.

A command's module is imported when it is called, so that `--help` stays quick. Torch and Qt are
never imported here: what needs torch runs as a child process.
"""

import argparse
import importlib
import io
import json
import sys
from collections.abc import Sequence
from typing import NoReturn

from finetune_studio import __version__, interrupts
from finetune_studio.commands import usage
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import mark, tr
from finetune_studio.speech import language, speak

COMMANDS = {
    "gui": mark("open the window; so does no command at all"),
    "demo": mark("the whole job on the embedded model and data, in a minute or two"),
    "doctor": mark("what this machine can do, and what to mend"),
    "models": mark("the catalogue, the Hub, downloads, and what trains where"),
    "data": mark("what files hold, and their rows in another shape"),
    "tokens": mark("what a tokenizer makes of a text or a row, and what several cost"),
    "recipe": mark("write a recipe, or print what can be set"),
    "check": mark("every finding about a recipe and its data"),
    "estimate": mark("memory, steps and time of a recipe, and what would make it fit"),
    "train": mark("train a recipe"),
    "runs": mark("list, show, compare and delete runs"),
    "chat": mark("talk to a tuned model"),
    "evaluate": mark("how good a tuned model is, beside its base model"),
    "export": mark("write the adapter, the merged model or GGUF"),
    "verify": mark("does an export say what the trained model says?"),
    "setup": mark("install what training needs, repair, move or remove it"),
    "serve": mark("OpenAI's interface to a run or an export, on this machine"),
    "push": mark("upload a run or an export to the Hub, with its card"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 failed, 2 refused, 130 interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _speak_utf8()
        speak(language())
        usage.translate()
        interrupts.remember()
        interrupts.ready()
        options = _parser(given).parse_args(given)
        if options.command is None:
            options = _parser(["gui"]).parse_args(["gui"])
        return int(options.run(options))
    except StudioError as error:
        return _tell(error, "--json" in given)
    except KeyboardInterrupt:
        return _interrupted(given)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has had enough
        return 0
    except OSError as error:
        return _tell(_of_system(error), "--json" in given)
    except Exception:  # noqa: BLE001  (the last door: whatever it is becomes a sentence)
        if interrupts.came():
            return _interrupted(given)
        return _tell(_unforeseen(), "--json" in given)


def _interrupted(given: Sequence[str]) -> int:
    _tell(StudioError(tr("Interrupted.")), "--json" in given)
    return 130


class _Parser(argparse.ArgumentParser):
    """Refuses as everything else does, so that `--json` gets its document."""

    def error(self, message: str) -> NoReturn:
        raise RefusedError(
            message[:1].upper() + message[1:] + ".",
            hint=tr("`{program} --help` says what it takes.").format(program=self.prog),
        )


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="finetune-studio", description=tr("Fine-tune a language model on your own GPU.")
    )
    parser.add_argument(
        "--version", action="version", version=__version__, help=tr("show the version")
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    wanted = next((word for word in given if not word.startswith("-")), "")
    for name, about in COMMANDS.items():
        sub = commands.add_parser(name, help=tr(about), description=tr(about))
        if name == wanted:
            module = importlib.import_module(f"finetune_studio.commands.{name}")
            module.add_options(sub)
    return parser


def _tell(error: StudioError, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"error": error.as_dict()}, ensure_ascii=False))
    print(tr("error: {text}").format(text=error), file=sys.stderr)
    return 2 if isinstance(error, RefusedError) else 1


def _of_system(error: OSError) -> StudioError:
    place = f"{error.filename}: " if error.filename else ""
    return StudioError(
        tr("The system refused a file operation."),
        f"{place}{error.strerror or error}.",
        tr("Check free disk space and the rights of the folder; then try again."),
    )


def _unforeseen() -> StudioError:
    """What nobody foresaw: its traceback goes to a file, for whoever mends it."""
    import traceback

    kind, error, _ = sys.exc_info()
    detail = f"{kind.__name__ if kind else ''}: {' '.join(str(error).split())}"
    return StudioError(tr("The program failed."), detail, _kept(traceback.format_exc()))


def _kept(text: str) -> str:
    from finetune_studio import paths

    file = paths.data() / "last-error.txt"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError:
        return text  # a full disk must not hide it
    return tr("{file} holds the details; please report them.").format(file=file)


def _speak_utf8() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
