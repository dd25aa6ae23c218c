"""What the page of the results says: why it is empty, what was measured. Knows no widget."""

from finetune_studio.evaluation import summary
from finetune_studio.evaluation.result import Evaluation
from finetune_studio.gui import outcomes
from finetune_studio.gui.language import tr
from finetune_studio.gui.watch import Watch


def none_title(watch: Watch) -> str:
    """Why no result is here, in a few words: it is still to come, or none was left."""
    if _is_over(watch):
        return tr("This training left no result")
    return tr("Results stand here when the training has ended")


def none_sentence(watch: Watch) -> str:
    """What will stand here, or how to come to it."""
    if _is_over(watch):
        return outcomes.without_result(watch.state)
    return tr(
        "Figures before and after, answers side by side, a conversation with your model, and the "
        "model as files."
    )


def _is_over(watch: Watch) -> bool:
    return watch.run is not None and not watch.alive and watch.state.outcome is not None


def measured(found: Evaluation) -> str:
    """What the title rests on; it says itself whether it got better."""
    kept_out = not found.source and found.changes["loss"].sure
    return (
        outcomes.moved(found.base["loss"], found.tuned["loss"])
        if kept_out
        else summary.headline(found)
    )
