"""`finetune-studio check`: every finding about a recipe and its data."""

import argparse

from finetune_studio.commands.options import add_changes, add_json, add_recipe
from finetune_studio.commands.output import line, print_json
from finetune_studio.i18n import mark, tr
from finetune_studio.recipe import store

LEARNED = mark("{rows:,} rows; {share:.0%} of the tokens are learned.")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The recipe."""
    add_recipe(parser)
    add_changes(parser)
    add_json(parser)
    parser.set_defaults(run=check)


def check(options: argparse.Namespace) -> int:
    """Print what was found; errors make the exit code 2."""
    from finetune_studio.tokens.preflight import preflight

    recipe = store.with_changes(store.load(options.recipe), store.parse_changes(options.changes))
    found = preflight(recipe)
    if options.json:
        print_json(found.as_dict())
    else:
        for finding in found.findings:
            line(f"{tr(finding.level)}: {finding.sentence} [{finding.where}]")
        if found.rows:
            classifies = recipe.task.kind == "classify"
            text = tr("{rows:,} rows, each with its label.") if classifies else tr(LEARNED)
            line(text.format(rows=found.rows, share=found.learned_share))
    return 2 if any(finding.level == "error" for finding in found.findings) else 0
