"""`finetune-studio tokens`: what a tokenizer makes of a text or a row, and what several cost."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune_studio.commands.data import parse_mapping
from finetune_studio.commands.options import add_changes, add_json, add_mapping
from finetune_studio.commands.output import print_json
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe

if TYPE_CHECKING:
    from finetune_studio.data.usable import Part
    from finetune_studio.tokens.hangul import Reading
    from finetune_studio.tokens.loading import Tokenizer
    from finetune_studio.tokens.preview import Preview


def add_options(parser: argparse.ArgumentParser) -> None:
    """A model with a text or a row; and the sub-command `compare`."""
    parser.add_argument("--model", metavar="M", help=tr("a Hub id, a folder, or demo"))
    parser.add_argument("--text", metavar="T", help=tr("a text to tokenise"))
    parser.add_argument(
        "--row", type=int, default=0, metavar="N", help=tr("the row's number, from 0")
    )
    _add_data(parser, required=False)
    add_changes(parser)
    parser.set_defaults(run=show, part="")
    parts = parser.add_subparsers(dest="part", metavar="compare")
    compared = parts.add_parser("compare", help=tr("what the same data costs with several models"))
    compared.add_argument(
        "--model",
        action="append",
        required=True,
        dest="models",
        metavar="M",
        help=tr("one of the models; several by several --model"),
    )
    _add_data(compared, required=True)
    compared.set_defaults(run=compare)


def _add_data(parser: argparse.ArgumentParser, required: bool) -> None:
    parser.add_argument("--data", metavar="FILE", required=required, help=tr("a file or folder"))
    add_mapping(parser)
    add_json(parser)


def show(options: argparse.Namespace) -> int:
    """Print the tokens of a text, or of a row as the trainer would get it."""
    from finetune_studio.commands.chips import show_preview, show_text
    from finetune_studio.tokens.preview import read_text
    from finetune_studio.tokens.spelling import Spelling

    if not options.model:
        raise RefusedError(tr("No model was given."), hint=tr("Name one with --model."))
    if (options.text is None) == (options.data is None):
        raise RefusedError(
            tr("Either a text or a row of data is shown."),
            hint=tr("Give --text, or --data with --row."),
        )
    if options.text is None:
        tokenizer, preview, about = _row(options)
        if options.json:
            print_json(_document(tokenizer, preview.reading, preview) | about)
        else:
            show_preview(preview)
        return 0
    tokenizer = _tokenizer(options.model)
    reading = read_text(tokenizer, Spelling(tokenizer), options.text)
    if options.json:
        print_json(_document(tokenizer, reading))
    else:
        show_text(tokenizer, reading)
    return 0


def compare(options: argparse.Namespace) -> int:
    """Print what the same data costs with several tokenizers."""
    from finetune_studio.commands.chips import show_compared
    from finetune_studio.tokens.compare import compare as compared_with

    models = [(name, _tokenizer(name)) for name in options.models]
    found = compared_with(models, _part(_recipe(options)).rows)
    if options.json:
        print_json([each.as_dict() for each in found])
    else:
        show_compared(found)
    return 0


def _row(options: argparse.Namespace) -> "tuple[Tokenizer, Preview, dict[str, Any]]":
    from finetune_studio.tokens.examples import PROBLEMS
    from finetune_studio.tokens.preview import Previewer
    from finetune_studio.tokens.supervision import label_names

    recipe = _recipe(options)
    part = _part(recipe)
    row = part.rows[_place(part, recipe, options.row)]
    tokenizer = _tokenizer(options.model)
    labels = label_names(recipe, part.rows)
    preview = Previewer(recipe, tokenizer, labels).row(row)
    if not preview.reading.tokens:
        raise RefusedError(
            tr("Row {number} cannot be shown: {why}.").format(
                number=options.row, why=tr(PROBLEMS[preview.problem])
            ),
            preview.detail,
            tr("Set task.template to another template, or mend the row."),
        )
    about = {"row": options.row, "shape": part.shape, "task": recipe.task.kind}
    return tokenizer, preview, about


def _recipe(options: argparse.Namespace) -> Recipe:
    """The recipe that the options make, with the task that the data's shape suggests."""
    from finetune_studio.data.check import TASKS
    from finetune_studio.data.layout import settle
    from finetune_studio.data.sources import open_rows

    asked = store.parse_changes(getattr(options, "changes", []))
    mapping = parse_mapping(options.mapping)
    found = settle(open_rows([options.data]).dataset, options.shape, mapping)
    if not found.mapping:
        raise RefusedError(
            tr("It is not clear which column holds what."),
            found.why,
            tr("Say it with --shape and --map."),
        )
    changes = {
        "model.source": options.model or "demo",
        "task.kind": TASKS.get(found.shape, "chat"),
        "data.files": [options.data],
        "data.shape": found.shape,
        "data.mapping": dict(found.mapping),
    }
    return store.with_changes(Recipe(), changes | asked)


def _part(recipe: Recipe) -> "Part":
    from finetune_studio.data.usable import read_part

    return read_part(recipe.data, recipe.data.files, recipe.task.kind)


def _place(part: "Part", recipe: Recipe, number: int) -> int:
    """Where the row with a number in the files stands among the usable ones."""
    from finetune_studio.data.sources import open_rows

    rows = len(open_rows(recipe.data.files).dataset)
    if not 0 <= number < rows:
        raise RefusedError(
            tr("There is no row {number}.").format(number=number),
            tr("The data has {rows:,} rows, numbered from 0.").format(rows=rows),
            tr("Choose another --row."),
        )
    found = (part.numbers == number).nonzero()[0]
    if len(found):
        return int(found[0])
    reasons = [each.reason for each in part.dropped if number in each.rows]
    raise RefusedError(
        tr("Row {number} is left out of training.").format(number=number),
        reasons[0] + "." if reasons else "",
        tr("`data check` lists the rows that are left out, and why."),
    )


def _tokenizer(source: str) -> "Tokenizer":
    """The tokenizer of a model; a folder needs to hold no more than that."""
    from finetune_studio.catalog.resolve import resolve_without_weights
    from finetune_studio.tokens.loading import load_tokenizer

    try:
        folder = Path(source).expanduser()
        alone = (folder / "tokenizer.json").is_file()
    except (OSError, ValueError, RuntimeError):  # no such path can be; what follows says so
        alone = False
    return load_tokenizer(folder if alone else resolve_without_weights(source))


def _document(
    tokenizer: "Tokenizer", reading: "Reading", preview: "Preview | None" = None
) -> dict[str, Any]:
    """What `--json` prints."""
    from finetune_studio.tokens.preview import round_trip

    states = preview.states if preview else ["given"] * len(reading.tokens)
    back = round_trip(tokenizer, reading)
    document: dict[str, Any] = {
        "text": reading.text,
        "tokens": [
            {
                "id": token.id,
                "text": token.text,
                "start": token.start,
                "end": token.end,
                "special": token.special,
                "learned": state == "learned",
                "state": state,
            }
            for token, state in zip(reading.tokens, states, strict=True)
        ],
        "groups": [{"text": group.text, "tokens": list(group.tokens)} for group in reading.groups],
        "round_trip": back == reading.text,
        "decoded": back,
    }
    if preview:
        document |= {"sequences": list(preview.starts), "ends": preview.ends,
                     "label": preview.label, "problem": preview.problem}  # fmt: skip
    return document
