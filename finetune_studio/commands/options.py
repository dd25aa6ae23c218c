"""Options that several commands take, each with one help text. Knows no command."""

import argparse
from pathlib import Path

from finetune_studio.i18n import tr


def add_json(parser: argparse.ArgumentParser) -> None:
    """`--json`, of commands that answer in one document."""
    parser.add_argument("--json", action="store_true", help=tr("print one JSON document"))


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """The recipe's file."""
    parser.add_argument("recipe", type=Path, help=tr("a recipe's file"))


def add_changes(parser: argparse.ArgumentParser) -> None:
    """`--set`, which changes the recipe for this call."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="A.B=C",
        dest="changes",
        help=tr("a setting of the recipe, such as training.epochs=2; several by several --set"),
    )


def add_run(parser: argparse.ArgumentParser) -> None:
    """The folder of a run."""
    parser.add_argument("run_folder", type=Path, metavar="RUN", help=tr("the run's folder"))


def add_mapping(parser: argparse.ArgumentParser) -> None:
    """`--shape` and `--map`: what rows are, where it is not to be recognised."""
    parser.add_argument("--shape", default="auto", help=tr("how the rows are laid out"))
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="ROLE=COLUMN",
        dest="mapping",
        help=tr("which column plays a role, such as question=Q"),
    )
