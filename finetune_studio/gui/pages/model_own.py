"""Models that are here already: a folder of the person's, the embedded demo model."""

from dataclasses import replace
from pathlib import Path

from finetune_studio.catalog.figures import known_model
from finetune_studio.catalog.licensing import licence_of_model
from finetune_studio.catalog.local import inspect_model
from finetune_studio.catalog.resolve import DEMO
from finetune_studio.errors import RefusedError
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.model_rows import Row, placed
from finetune_studio.hardware.target import target_of


def demo_row(gpu: str = "") -> Row:
    """The embedded model.

    Raises:
        StudioError: It is missing from this installation.
    """
    from finetune_studio.catalog.resolve import resolve_model

    resolve_model(DEMO)
    folder = known_model(DEMO).folder
    assert folder is not None  # it has just been found there
    row = _of_folder(DEMO, tr("Demo model"), folder, gpu, trust=False)
    return replace(row, maker=tr("in this program"))


def folder_row(folder: str, gpu: str = "") -> Row:
    """A folder, looked into; one that needs its own code is shown with that obstacle.

    Raises:
        RefusedError: It holds no model that can be trained, or the GPU is not known.
    """
    place = Path(folder)
    name = place.resolve().name
    try:
        return _of_folder(folder, name, place, gpu, trust=False)
    except RefusedError:
        found = _of_folder(folder, name, place, gpu, trust=True)
        if not found.custom_code:
            raise
        return found


def _of_folder(source: str, name: str, folder: Path, gpu: str, *, trust: bool) -> Row:
    facts = inspect_model(folder, trust)
    row = Row(
        source=source,
        name=name,
        maker=facts.architecture,
        parameters=facts.parameters or 0,
        licence=licence_of_model(source),
        korean="native" if source == DEMO else "",
        context=facts.context,
        gated="no" if source == DEMO else "unknown",
        on_disk=True,
        custom_code=facts.custom_code,
        config=facts.config,
    )
    return placed(row, target_of(gpu))
