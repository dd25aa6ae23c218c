"""`finetune-studio models`: the catalogue, the Hub, what each model is and where it fits."""

import argparse
from typing import TYPE_CHECKING, Any, get_args

from finetune_studio.catalog.entries import Entry, Filter, SortKey, arrange, entries, select
from finetune_studio.commands import model_files, model_page
from finetune_studio.commands.amounts import NONE, size
from finetune_studio.commands.options import add_json
from finetune_studio.commands.output import line, note, print_json, table
from finetune_studio.errors import StudioError
from finetune_studio.i18n import mark, tr

if TYPE_CHECKING:
    from finetune_studio.catalog.search import Found

METHODS = ("full", "lora", "qlora")
COMMERCIAL = {
    "yes": mark("yes"),
    "conditional": mark("on conditions"),
    "no": mark("no"),
    "unknown": mark("unknown"),
}
KOREAN = {"native": mark("native"), "official": mark("official"), "none": NONE}
BILLION = 1e9


def add_options(parser: argparse.ArgumentParser) -> None:
    """The sub-commands."""
    parts = parser.add_subparsers(dest="part", required=True)
    listed = parts.add_parser("list", help=tr("the catalogue, sorted and filtered"))
    _filters(listed)
    listed.set_defaults(run=list_models)
    found = parts.add_parser("search", help=tr("look in the catalogue and on the Hub"))
    found.add_argument("words", nargs="+", help=tr("what to look for"))
    found.add_argument(
        "--limit", type=_count, default=30, metavar="N", help=tr("models of the Hub at most")
    )
    found.set_defaults(run=search_models)
    shown = parts.add_parser("show", help=tr("one model: licence, limits, what trains it"))
    model_page.add_options(shown)
    model_files.add_parsers(parts)
    for part in (listed, found):
        add_json(part)


def _filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--text", default="", help=tr("words that a model's facts hold"))
    parser.add_argument("--commercial", action="store_true", help=tr("may be used commercially"))
    parser.add_argument("--korean", choices=("official", "native"), help=tr("at least so"))
    parser.add_argument("--open", action="store_true", help=tr("needs nobody's permission"))
    parser.add_argument("--loadable", action="store_true", help=tr("loads without its own code"))
    parser.add_argument("--fits", choices=METHODS, help=tr("can be trained so on the GPU"))
    parser.add_argument("--gpu", default="", metavar="NAME", help=tr("a GPU; else this machine's"))
    parser.add_argument(
        "--sort",
        choices=get_args(SortKey),
        default="parameters",
        help=tr("what they are sorted by"),
    )
    parser.add_argument("--descending", action="store_true", help=tr("the largest first"))


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError(tr("a number from 1 to 10,000"))
    return int(text)


def list_models(options: argparse.Namespace) -> int:
    """Print the rows of the catalogue that pass the filters."""
    from finetune_studio.catalog.disk import on_disk
    from finetune_studio.hardware.target import target_of

    target = target_of(options.gpu)
    wanted = Filter(
        text=options.text,
        commercial=options.commercial,
        korean=options.korean,
        loadable=options.loadable,
        open_access=options.open,
    )
    rows = arrange(select(entries(), wanted), options.sort, options.descending)
    here = on_disk()
    models = [row_of(each, model_page.fits_on(each.config, target), here) for each in rows]
    if options.fits:
        models = [
            each for each in models if (each["fits"] or {}).get(options.fits) in model_page.OK
        ]
    if options.json:
        print_json({"gpu": target.name or None, "models": models})
        return 0
    _tell(models)
    text = tr("{count} models; what fits is meant for {place}.")
    line(text.format(count=len(models), place=target.name or tr("this machine's processor")))
    return 0


def row_of(each: Entry, fits: dict[str, str] | None, here: frozenset[str]) -> dict[str, Any]:
    """A row of the catalogue as `models list --json` prints it."""
    return {
        "id": each.id,
        "name": each.name,
        "maker": each.maker,
        "parameters": each.parameters,
        "licence": each.licence,
        "commercial": each.commercial,
        "korean": each.korean.level,
        "context": each.context or None,
        "download_bytes": each.download_bytes,
        "gated": each.gated,
        "custom_code": each.custom_code,
        "released": each.released or None,
        "on_disk": each.id in here,
        "fits": fits,
        "limits": each.limits,
    }


def _tell(models: list[dict[str, Any]]) -> None:
    heads = [tr("model"), "B", tr("Korean"), tr("commercial"), tr("context"), tr("download")]
    rows = [[*heads, tr("trains"), ""]]
    for each in models:
        fits = [m for m in METHODS if (each["fits"] or {}).get(m) in model_page.OK]
        marks = ("✓" if each["on_disk"] else "") + ("🔒" if each["gated"] == "yes" else "")
        rows.append(
            [
                each["id"],
                f"{each['parameters'] / BILLION:.1f}",
                tr(KOREAN[each["korean"]]),
                tr(COMMERCIAL[each["commercial"]]),
                f"{each['context']:,}" if each["context"] else NONE,
                size(each["download_bytes"]),
                " ".join(fits) or NONE,
                marks,
            ]
        )
    table(rows)


def search_models(options: argparse.Namespace) -> int:
    """Print what the catalogue and the Hub have; without the Hub, the catalogue alone."""
    from finetune_studio.catalog.disk import on_disk
    from finetune_studio.catalog.search import search

    words = " ".join(options.words)
    rows, here = select(entries(), Filter(text=words)), on_disk()
    found: list[Found] = []
    trouble: StudioError | None = None
    try:
        found = search(words, options.limit)
    except StudioError as error:  # to be offline is a normal state
        trouble = error
    if options.json:
        print_json(
            {
                "catalogue": [row_of(each, None, here) for each in rows],
                "hub": [{**each.as_dict(), "on_disk": each.id in here} for each in found],
                "hub_error": trouble.as_dict() if trouble else None,
            }
        )
        return 0
    line(tr("In the catalogue: {names}.").format(names=", ".join(e.id for e in rows) or NONE))
    if trouble:
        note(str(trouble))
    else:
        _tell_found(found, here)
    return 0


def _tell_found(found: "list[Found]", here: frozenset[str]) -> None:
    heads = [tr("on the Hub"), tr("weights"), tr("licence"), tr("commercial"), tr("downloads")]
    rows = [[*heads, ""]]
    for each in found:
        licence = each.licence_named or tr("unknown")
        marks = ("✓" if each.id in here else "") + ("🔒" if each.gated else "")
        commercial = tr(COMMERCIAL[each.as_dict()["commercial"]])
        weights = size(each.weight_bytes) if each.weight_bytes else NONE
        last = each.obstacle or marks
        rows.append([each.id, weights, licence, commercial, f"{each.downloads:,}", last])
    table(rows)
