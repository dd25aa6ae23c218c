"""Makes the folder of a run that is over, with the files that a trainer leaves."""

from pathlib import Path
from typing import Any

from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs import events
from finetune_studio.runs.folder import RunFolder

T0 = 1_000_000.0


def past_run(
    path: Path, losses: tuple[float, ...] = (3.0, 2.0, 2.5), end: Any = None, **changes: Any
) -> RunFolder:
    """A run that measured these validation losses at the steps 0, 10, 20 …, a second apart."""
    run = RunFolder.create(path)
    dotted = {name.replace("__", "."): value for name, value in changes.items()}
    store.save(store.with_changes(Recipe(), dotted), run.recipe)
    steps = 10 * (len(losses) - 1)
    said: list[Any] = [
        events.Started(time=T0, recipe_hash="h", asked={}, in_use={"device": "cpu"}, versions={})
    ]
    for turn, loss in enumerate(losses):
        when, step = T0 + turn + 1, 10 * turn
        if turn:
            said.append(
                events.Metrics(
                    time=when,
                    step=step,
                    loss=loss + 1,
                    learning_rate=1e-4,
                    grad_norm=1.0,
                    tokens_per_second=100.0 * turn,
                )
            )
            said.append(events.Progress(time=when, step=step, steps=steps, epoch=1.0))
        said.append(events.Evaluated(time=when, step=step, metrics={"loss": loss}))
    said.append(end or events.Finished(time=T0 + len(losses) + 1, step=steps, reason="finished"))
    with events.EventWriter(run.events) as writer:
        for each in said:
            writer.append(each)
    return run
