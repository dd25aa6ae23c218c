"""`finetune-studio recipe`: write a recipe, or print what can be set."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune_studio.commands.options import add_changes
from finetune_studio.commands.output import line
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.recipe import store
from finetune_studio.recipe.fields import describe
from finetune_studio.recipe.schema import Recipe

if TYPE_CHECKING:
    from finetune_studio.recipe.findings import Finding


def add_options(parser: argparse.ArgumentParser) -> None:
    """The sub-commands `new` and `reference`."""
    parts = parser.add_subparsers(dest="part", required=True)
    new = parts.add_parser("new", help=tr("write a recipe with recommended values"))
    new.add_argument("--model", default="demo", help=tr("a Hub id, a folder, or demo"))
    new.add_argument("--data", required=True, nargs="+", help=tr("the files to learn from"))
    new.add_argument(
        "--task",
        choices=("chat", "text", "classify"),
        default="",
        help=tr("what to train for; else what the data suggest"),
    )
    add_changes(new)
    new.add_argument(
        "--out",
        type=Path,
        default=Path("recipe.yaml"),
        help=tr("the file to write; recipe.yaml without it"),
    )
    new.set_defaults(run=write)
    reference = parts.add_parser("reference", help=tr("print every setting"))
    reference.set_defaults(run=print_reference)


def write(options: argparse.Namespace) -> int:
    """Write a recipe for a model and data."""
    from finetune_studio.catalog.licensing import known_licences
    from finetune_studio.data.containers import anywhere
    from finetune_studio.recipe.advice import recommend

    if options.out.exists():
        raise RefusedError(
            tr("{path} exists already.").format(path=options.out),
            hint=tr("Choose another name with --out."),
        )
    task, shape = _recognised(options)
    changes = {
        "model.source": options.model,
        "data.files": [anywhere(name) for name in options.data],
        "data.shape": shape,
        "task.kind": task,
    }
    asked = store.parse_changes(options.changes)
    recipe = store.with_changes(Recipe(), changes | {k: asked[k] for k in asked if "kind" in k})
    advised = recommend(recipe)
    recipe = store.with_changes(recipe, {each.path: each.value for each in advised} | asked)
    stated = {path: key for path, key in known_licences(recipe).items() if path not in asked}
    recipe = store.with_changes(recipe, stated)
    recipe, fixed, left = _mended(recipe, set(asked))
    store.save(recipe, options.out)
    for path, each in {each.path: each for each in advised}.items():
        if path not in asked and path not in fixed:
            line(f"{path} = {each.value}: {each.reason}")
    for path, (value, reason) in fixed.items():
        line(f"{path} = {value}: {reason}")
    for path, key in stated.items():
        line(f"{path} = {key}: {tr('what its maker states')}")
    for finding in left:
        line(f"{tr(finding.level)}: {finding.sentence} [{finding.where}]")
    line(tr("Written to {path}.").format(path=options.out))
    return 0


def _mended(
    recipe: Recipe, asked: set[str]
) -> "tuple[Recipe, dict[str, tuple[Any, str]], list[Finding]]":
    """The recipe with the fix of each error that has one, unless the person decided otherwise.

    What it found besides is told: a model that cannot be reached now may be tomorrow.
    """
    from finetune_studio.tokens.preflight import preflight

    fixed: dict[str, tuple[Any, str]] = {}
    while True:
        found = preflight(recipe).findings
        fixes = {
            path: (value, finding.sentence)
            for finding in found
            if finding.level == "error"
            for path, value in finding.fix.items()
            if path not in asked and path not in fixed
        }
        if not fixes:
            return recipe, fixed, [each for each in found if each.level != "advice"]
        fixed |= fixes
        recipe = store.with_changes(recipe, {path: value for path, (value, _) in fixes.items()})


def print_reference(_: argparse.Namespace) -> int:
    """Print every setting with its default, its meaning and its source."""
    for each in describe(Recipe):
        unit = f" ({each.about['unit']})" if each.about["unit"] else ""
        default = each.info.get_default(call_default_factory=True)
        line(f"{each.path} = {default!r}{unit}\n    {tr(each.about['help'])}")
        if each.about["source"]:
            line(f"    [{each.about['source']}]")
    return 0


def _recognised(options: argparse.Namespace) -> tuple[str, str]:
    from finetune_studio.data.shapes import recognise
    from finetune_studio.data.sources import open_rows

    rows = open_rows(options.data).dataset
    found = recognise(rows.column_names, rows.select(range(min(200, len(rows)))).to_list())
    by_shape = {"text": "text", "labelled-text": "classify"}
    return options.task or by_shape.get(found.shape, "chat"), found.shape
