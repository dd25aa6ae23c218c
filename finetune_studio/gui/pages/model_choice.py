"""The models to choose from: the catalogue, the Hub, and both on another GPU. No widgets."""

from collections.abc import Iterable

from finetune_studio.catalog.entries import entries
from finetune_studio.gui.pages import model_rows
from finetune_studio.gui.pages.model_own import demo_row
from finetune_studio.gui.pages.model_rows import Row

FOUND = 1000  # results of the Hub that are asked for


def catalogue(gpu: str) -> list[Row]:
    """The demo model and the catalogue's rows, with what is on the disk and what fits.

    Raises:
        RefusedError: The GPU is not known.
        StudioError: The demo model is missing from this installation.
    """
    from finetune_studio.catalog.disk import on_disk
    from finetune_studio.hardware.target import target_of

    here = on_disk()
    rows = model_rows.with_fits((model_rows.of_entry(e, here) for e in entries()), target_of(gpu))
    return [demo_row(gpu), *rows]


def on_hub(text: str, gpu: str) -> list[Row]:
    """What the Hub has under a name.

    Raises:
        StudioError: The Hub cannot be asked.
    """
    from finetune_studio.catalog.disk import on_disk
    from finetune_studio.catalog.search import search
    from finetune_studio.hardware.target import target_of

    here = on_disk()
    rows = [model_rows.of_found(each, here) for each in search(text, FOUND)]
    return model_rows.with_fits(rows, target_of(gpu))


def again(rows: list[Row], gpu: str) -> list[Row]:
    """The same rows, compared on another GPU.

    Raises:
        RefusedError: The GPU is not known.
    """
    from finetune_studio.hardware.target import target_of

    return model_rows.with_fits(rows, target_of(gpu))


def known(name: str, shown: Iterable[list[Row]]) -> Row:
    """The row of a model that is on the disk, whether it is shown anywhere or not."""
    rows = {each.source: each for place in shown for each in place}
    return rows.get(name) or Row(name, name.rpartition("/")[2], on_disk=True)
