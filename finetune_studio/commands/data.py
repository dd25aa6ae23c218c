"""`finetune-studio data`: what files hold, and their rows in another shape."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from finetune_studio.commands.options import add_json, add_mapping
from finetune_studio.commands.output import line, print_json
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from finetune_studio.data.mapping import Dropped

FORMS_OF_TASKS = ("chat", "text", "classify")
FORMS = ("messages", "chatml", "alpaca", "sharegpt", "prompt-completion", "preference", "kto")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The sub-commands `check` and `convert`."""
    parts = parser.add_subparsers(dest="part", required=True)
    examined = parts.add_parser("check", help=tr("recognise the shape and look for faults"))
    examined.add_argument(
        "--task", default="", choices=("", *FORMS_OF_TASKS), help=tr("what the rows are to train")
    )
    examined.add_argument(
        "--validation",
        action="append",
        default=[],
        metavar="FILE",
        help=tr("files to measure on, which must not hold rows that are learned"),
    )
    examined.add_argument(
        "--quick", action="store_true", help=tr("leave the look at every row's quality out")
    )
    examined.set_defaults(run=check)
    converted = parts.add_parser("convert", help=tr("write the rows in another shape"))
    converted.add_argument("--to", choices=FORMS, required=True, help=tr("the new shape"))
    converted.add_argument(
        "--out", type=Path, required=True, help=tr("a .json, .jsonl, .csv or .parquet file")
    )
    converted.add_argument("--skip", action="store_true", help=tr("leave out rows that do not fit"))
    converted.add_argument(
        "--good-only",
        action="store_true",
        help=tr("of preferences and judged answers, write the good ones alone"),
    )
    converted.set_defaults(run=convert)
    for part in (examined, converted):
        part.add_argument("files", nargs="+", metavar="FILE", help=tr("files or folders"))
        add_mapping(part)
        add_json(part)


def check(options: argparse.Namespace) -> int:
    """Print what the files hold; an error among the findings makes the exit code 2."""
    from finetune_studio.data.check import Closely, examine
    from finetune_studio.recipe.schema import Data

    data = Data(validation_files=tuple(options.validation))
    closely = None if options.quick else Closely(options.task, data)
    mapping = parse_mapping(options.mapping)
    report = examine(options.files, options.shape, mapping, closely=closely)
    if options.json:
        print_json(report.as_dict())
    else:
        found = report.recognition
        line(
            tr("{rows:,} rows, {encoding}, shape {shape} ({confidence:.0%})").format(
                rows=report.rows,
                encoding=report.encoding,
                shape=found.shape,
                confidence=found.confidence,
            )
        )
        line(found.why)
        for role, column in found.mapping.items():
            line(f"  {role} = {column}")
        for finding in report.findings:
            line(f"{tr(finding.level)}: {finding.sentence} [{finding.code}]")
            for example in finding.values.get("examples", ()):
                line(f"    {example}")
    return 2 if any(finding.level == "error" for finding in report.findings) else 0


def convert(options: argparse.Namespace) -> int:
    """Write the rows in another shape."""
    from finetune_studio.data.convert import convert as convert_rows
    from finetune_studio.data.layout import settle
    from finetune_studio.data.sources import open_rows

    opened = open_rows(options.files)
    found = settle(opened.dataset, options.shape, parse_mapping(options.mapping))
    made = convert_rows(
        opened.dataset,
        found.shape,
        found.mapping,
        options.to,
        options.out,
        skip=options.skip,
        good_only=options.good_only,
    )
    if options.json:
        print_json(
            {"path": str(options.out), "rows": made.rows, "left_out": _as_dicts(made.left_out)}
        )
    else:
        line(tr("{rows:,} rows are in {path}.").format(rows=made.rows, path=options.out))
        for each in made.left_out:
            text = tr("{count:,} rows were left out: {why}.")
            line(text.format(count=each.count, why=each.reason))
    return 0


def parse_mapping(given: "Sequence[str]") -> dict[str, str]:
    """`ROLE=COLUMN` as a mapping.

    Raises:
        RefusedError: One of them has no equals sign.
    """
    for each in given:
        if "=" not in each.strip("="):
            raise RefusedError(
                tr("--map {given} names no column.").format(given=each),
                hint=tr("Write --map role=column, such as --map question=Q."),
            )
    return dict(each.split("=", 1) for each in given)


def _as_dicts(left_out: "Sequence[Dropped]") -> list[dict[str, object]]:
    return [
        {"code": each.code, "reason": each.reason, "count": each.count, "rows": list(each.rows)}
        for each in left_out
    ]
