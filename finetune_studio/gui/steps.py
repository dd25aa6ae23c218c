"""The steps of the wizard, in their order. A page joins the window by its line here."""

from functools import cache

from finetune_studio.gui.pages import (
    dataset,
    hyperparameters,
    method,
    model,
    results,
    tokenizer,
    training,
)
from finetune_studio.gui.pages.page import StepOf

STEPS: tuple[StepOf, ...] = (
    model.STEP,
    dataset.STEP,
    tokenizer.STEP,
    method.STEP,
    hyperparameters.STEP,
    training.STEP,
    results.STEP,
)


@cache
def owner(path: str) -> StepOf | None:
    """The step that a setting belongs to: the one that names it most closely."""
    claims = [(len(start), step) for step in STEPS for start in step.owns if path.startswith(start)]
    return max(claims, key=lambda claim: claim[0])[1] if claims else None
