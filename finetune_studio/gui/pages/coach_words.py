"""What the coach says of a run, while it goes on and afterwards, and the one press it offers."""

from typing import Literal

from finetune_studio.gui import amounts
from finetune_studio.gui.coach import Remark
from finetune_studio.gui.language import Words, tr
from finetune_studio.runs.events import EARLY_STOPPING, Finished, Stopped, Terminal

Waiting = Literal["steps", "measures"]
Ending = Literal["done", "early", "stopped"]
HELD = ("overfits", "near")
"""What early stopping has ended in time, as it should."""
LEVELS = {
    "diverges": "error",
    "overfits": "warning",
    "flat": "advice",
    "slows": "advice",
    "falls": "good",
    "near": "good",
}
ACTIONS = {
    "stop": lambda: tr("Stop and save"),
    "halve": lambda: tr("Halve the learning rate"),
}


def waiting_words(waits: Waiting) -> tuple[Words, Words]:
    """Title and detail of what stands there until there is something to say of a run."""
    if waits == "steps":
        return (lambda: tr("Getting ready")), (
            lambda: tr(
                "The rows are read and the model is loaded. The first figures come with the first "
                "steps."
            )
        )
    return (lambda: tr("Too early to say")), (
        lambda: tr(
            "How it goes is said here when the validation loss has been measured for a second time."
        )
    )


def ending_of(outcome: Terminal | None) -> Ending:
    """How a run ended, as far as the coach's words go."""
    if isinstance(outcome, Finished | Stopped) and outcome.reason == EARLY_STOPPING:
        return "early"
    return "stopped" if isinstance(outcome, Stopped) else "done"


def coach_level(found: Remark, ended: bool, ending: Ending = "done") -> str:
    """How it is meant: early stopping has ended in time what would be a warning."""
    return "good" if ended and ending == "early" and found.kind in HELD else LEVELS[found.kind]


def coach_title(found: Remark, ended: bool, ending: Ending = "done") -> str:
    """What is so, in a few words."""
    if ended and ending == "early" and found.kind in HELD:
        return tr("It was stopped in time")
    if ended and ending == "stopped" and found.kind == "falls":
        return tr("It was getting better")
    if ended:
        return {
            "diverges": tr("The loss ran away"),
            "overfits": tr("It learned longer than it helped"),
            "flat": tr("It hardly improved in the end"),
            "slows": tr("It learned more and more by heart"),
            "falls": tr("It went well"),
            "near": tr("It went well"),
        }[found.kind]
    return {
        "diverges": tr("The loss runs away"),
        "overfits": tr("Overfitting may have begun"),
        "flat": tr("It hardly improves any more"),
        "slows": tr("It begins to learn by heart"),
        "falls": tr("It is going well"),
        "near": tr("It is going well"),
    }[found.kind]


def coach_detail(found: Remark, ended: bool, ending: Ending = "done") -> str:
    """What shows it, and what follows."""
    text = _afterwards(found) if ended else _meanwhile(found)
    if ended and ending == "early" and found.kind in HELD:
        text = tr(
            "Early stopping ended it: validation loss had not fallen since step {step}, and that "
            "checkpoint is kept."
        )
    elif ended and ending == "stopped" and found.kind == "falls":
        text = tr(
            "Validation loss was {value:.3f} when it was last measured, and still falling. You can "
            "go on from here."
        )
    return text.format(step=amounts.whole(found.step), value=found.value)


def coach_action(found: Remark, ended: bool) -> str:
    """The one thing to do, of `ACTIONS`; empty where nothing is."""
    if ended:
        return "halve" if found.kind == "diverges" else ""
    return "stop" if found.kind in ("diverges", "overfits", "flat") else ""


def _meanwhile(found: Remark) -> str:
    return {
        "diverges": tr(
            "The training loss has risen since step {step}. Stop, halve the learning rate and "
            "train again."
        ),
        "overfits": tr(
            "Validation loss has risen since step {step}. If you stop now, you keep the checkpoint "
            "of step {step}."
        ),
        "flat": tr("Validation loss has hardly moved since step {step}. You may stop and save."),
        "slows": tr(
            "Validation loss is {value:.3f} and hardly falls, while the training loss falls fast. "
            "The best checkpoint is kept."
        ),
        "falls": tr("Validation loss is {value:.3f} and still falls."),
        "near": tr("Validation loss was lowest at step {step}: {value:.3f}."),
    }[found.kind]


def _afterwards(found: Remark) -> str:
    return {
        "diverges": tr(
            "The training loss rose from step {step} on. Halve the learning rate and train again."
        ),
        "overfits": tr("Validation loss rose after step {step}; that checkpoint is the best one."),
        "flat": tr("Validation loss hardly moved after step {step}. Fewer epochs would do."),
        "slows": tr(
            "Validation loss fell to {value:.3f}, but hardly at the end; the training loss fell "
            "faster. More epochs would hardly help; more data would."
        ),
        "falls": tr("Validation loss fell to the end, to {value:.3f}. More epochs may help."),
        "near": tr("Validation loss was lowest at step {step}: {value:.3f}."),
    }[found.kind]
