"""`finetune-studio models show`: one model in full, and what each GPU can train of it."""

import argparse
from collections.abc import Mapping
from typing import Any

from finetune_studio.catalog.licences import licence
from finetune_studio.commands.amounts import NONE, size
from finetune_studio.commands.options import add_json
from finetune_studio.commands.output import line, print_json, table
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.hardware.target import Target, target_of
from finetune_studio.i18n import mark, tr

OK = ("fits", "tight")
VERDICTS = {"fits": mark("fits"), "tight": mark("tight"), "does-not-fit": NONE}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The model, and for which GPU."""
    parser.add_argument("model", help=tr("a Hub id, a folder, or demo"))
    parser.add_argument("--revision", default="", help=tr("a branch, tag or commit of the Hub"))
    parser.add_argument("--gpu", default="", metavar="NAME", help=tr("a GPU; else this machine's"))
    parser.add_argument("--gpus", action="store_true", help=tr("what each GPU can train of it"))
    add_json(parser)
    parser.set_defaults(run=show_model)


def show_model(options: argparse.Namespace) -> int:
    """Print everything that is known of a model, on the disk or not."""
    target = target_of(options.gpu)
    about = _about(options.model, options.revision)
    config = about.pop("config")
    about["gpu"] = target.name or None
    about["fits"] = fits_on(config, target) if config else None
    if options.gpus:
        about["gpus"] = _gpus(config)
    if options.json:
        print_json(about)
    else:
        _tell(about)
    return 0


def fits_on(config: Mapping[str, Any], target: Target) -> dict[str, str] | None:
    """By method, whether the model fits; None where its architecture is not known."""
    from finetune_studio.catalog.architecture import read_architecture
    from finetune_studio.hardware.fit import verdicts

    try:
        model = read_architecture(config)
    except RefusedError:
        return None
    return dict(verdicts(model, target.free, target.capability))


def _about(source: str, revision: str) -> dict[str, Any]:
    """Facts of a model: from its folder, the catalogue, else from the Hub."""
    from finetune_studio.catalog.figures import known_model

    try:
        known = known_model(source, revision)
    except RefusedError as unknown:
        return _on_hub(source, revision, unknown)
    row, config = known.entry, known.config
    named = row.licence if row else _folder_licence(known.folder)
    limits = row.limits if row else _obstacles(config)
    return {
        "id": row.id if row else source,
        "folder": str(known.folder) if known.folder else None,
        "parameters": _parameters(config) or (row.parameters if row else None),
        "model_type": config.get("model_type"),
        "context": row.context if row else _context(config),
        "korean": row.korean.level if row else None,
        "download_bytes": known.missing_bytes,
        "gated": row.gated if row else None,
        "licence": licence(named).as_dict(),
        "limits": limits,
        "config": config,
    }


def _on_hub(source: str, revision: str, unknown: RefusedError) -> dict[str, Any]:
    from finetune_studio.catalog.resolve import HUB_ID
    from finetune_studio.catalog.search import look_up

    if not HUB_ID.fullmatch(source):
        raise unknown
    found = look_up(source, revision)
    return {
        **found.as_dict(),
        "folder": None,
        "context": None,
        "korean": None,
        "download_bytes": found.weight_bytes,
        "licence": licence(found.licence).as_dict(),
        "limits": [found.obstacle] if found.obstacle else [],
        "config": {},
    }


def _folder_licence(folder: Any) -> str:
    from finetune_studio.catalog.local import readme_licence

    return readme_licence(folder) if folder else ""


def _obstacles(config: Mapping[str, Any]) -> list[str]:
    from finetune_studio.catalog import refusals

    try:
        refusals.refuse_unknown(config)
    except StudioError as refusal:
        return [str(refusal)]
    return []


def _parameters(config: Mapping[str, Any]) -> int | None:
    from finetune_studio.catalog.architecture import read_architecture

    try:
        return read_architecture(config).parameters
    except RefusedError:
        return None


def _context(config: Mapping[str, Any]) -> int | None:
    from finetune_studio.catalog.local import context_length

    return context_length(config) or None


def _gpus(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    from finetune_studio.catalog.architecture import read_architecture
    from finetune_studio.hardware.guide import guide

    if not config:
        raise RefusedError(
            tr("How this model is built is known only once it is on the disk."),
            hint=tr("Download it first, or choose a model of the catalogue."),
        )
    return [each.as_dict() for each in guide(read_architecture(config))]


def _tell(about: Mapping[str, Any]) -> None:
    parameters = about["parameters"]
    line(about["id"])
    if parameters:
        line(tr("{count:.2f} B parameters").format(count=parameters / 1e9))
    if about["context"]:
        line(tr("reads {count:,} tokens").format(count=about["context"]))
    if about["folder"]:
        line(tr("on this disk: {folder}").format(folder=about["folder"]))
    elif about["download_bytes"]:
        line(tr("download: {size}").format(size=size(about["download_bytes"])))
    if about["gated"] not in (None, "no"):
        line(tr("Its maker lets people in: accept the licence on its page first."))
    said = about["licence"]
    line(tr("Licence: {name} {link}").format(name=said["name"], link=said["link"] or "").strip())
    for sentence in said["sentences"]:
        line(f"  {sentence}")
    for limit in about["limits"]:
        line(f"! {limit}")
    if about["fits"]:
        place = about["gpu"] or tr("this machine's processor")
        marks = ", ".join(f"{name}: {tr(VERDICTS[v])}" for name, v in about["fits"].items())
        line(tr("On {place}: {marks}").format(place=place, marks=marks))
    if "gpus" in about:
        _tell_gpus(about["gpus"])


def _tell_gpus(options: list[dict[str, Any]]) -> None:
    rows = [["GPU", "full", "lora", "qlora", tr("longest row"), tr("tokens/s"), tr("found in")]]
    for each in options:
        if each["why_not"]:
            continue
        best = each["best"]
        verdicts = [tr(VERDICTS[each["fits"][name]]) for name in ("full", "lora", "qlora")]
        longest = f"{each['longest'][best]:,}" if best else NONE
        speed = f"≈ {each['tokens_per_second']:,}" if each["tokens_per_second"] else NONE
        rows.append([each["name"], *verdicts, longest, speed, each["found_in"]])
    table(rows)
    for each in options:
        if each["why_not"]:
            line(f"{each['name']}: {each['why_not']}")
