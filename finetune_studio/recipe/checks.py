"""What several settings say together: findings, never exceptions. Knows only the recipe."""

from collections.abc import Callable, Iterator, Sequence

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import mark, tr
from finetune_studio.recipe.findings import Finding
from finetune_studio.recipe.methods import Full, Qlora
from finetune_studio.recipe.numbers import short
from finetune_studio.recipe.schema import Recipe

SAFE_LEARNING_RATE = (1e-5, 5e-4)
FP8_CAPABILITY = (8, 9)
"""The compute capability from which GPUs multiply 8-bit floats. Source: CUDA C++ Programming Guide,
arithmetic instructions."""
BF16_CAPABILITY = (8, 0)
MOST_EPOCHS = 20
"""Far beyond the 1 to 5 that instruction tuning takes (Ouyang et al. 2022 take 16)."""
DEMO_LEARNING_RATE = 5e-3  # own runs with the demo model: so small a model takes larger steps


def check(recipe: Recipe) -> list[Finding]:
    """Every finding about the recipe alone, errors first."""
    found = [finding for look in _CHECKS for finding in look(recipe)]
    order = ("error", "warning", "advice")
    return sorted(found, key=lambda finding: order.index(finding.level))


def refuse_errors(found: Recipe | Sequence[Finding]) -> None:
    """Go on only where no finding is an error.

    Raises:
        RefusedError: The first error, with the setting to change.
    """
    findings = check(found) if isinstance(found, Recipe) else found
    for finding in findings:
        if finding.level == "error":
            raise RefusedError(
                finding.sentence, hint=tr("Change {setting}.").format(setting=finding.where)
            )


def check_context(recipe: Recipe, context: int) -> list[Finding]:
    """Whether the rows fit the model, whose context holds `context` tokens (0: unknown)."""
    length = recipe.training.sequence_length
    if not context or length <= context:
        return []
    return [
        Finding(
            "error",
            "sequence-beyond-context",
            "training.sequence_length",
            mark("A sequence of {length} tokens is longer than the model's context of {context}."),
            {"length": f"{length:,}", "context": f"{context:,}"},
            fix={"training.sequence_length": context},
        )
    ]


def check_precision(recipe: Recipe, capability: tuple[int, int] | None) -> list[Finding]:
    """Whether a device computes in what is asked for.

    Args:
        recipe: What is asked for.
        capability: The GPU's compute capability; None for the processor.
    """
    asked: str = recipe.method.base_precision
    if asked == "fp16" and capability is None:
        text = mark("A processor does not train in fp16.")
    elif asked == "bf16" and capability is not None and capability < BF16_CAPABILITY:
        text = mark("This GPU does not compute in bf16.")
    elif asked == "fp8" and capability is not None and capability < FP8_CAPABILITY:
        text = mark("This GPU does not compute in 8-bit floats.")
    else:
        return []
    where = "method.base_precision"
    return [Finding("error", "precision-unsupported", where, text, fix={where: "auto"})]


def _data(recipe: Recipe) -> Iterator[Finding]:
    if not recipe.data.files:
        yield Finding("error", "no-data", "data.files", mark("No data has been chosen yet."))


def _learning_rate(recipe: Recipe) -> Iterator[Finding]:
    rate = recipe.training.learning_rate
    (low, high), demo = SAFE_LEARNING_RATE, recipe.model.source == "demo"
    if rate > 1e-2 and recipe.method.kind != "full":
        yield Finding(
            "error",
            "learning-rate-diverges",
            "training.learning_rate",
            mark("A learning rate of {rate} diverges; {low} to {high} is safe."),
            {"rate": short(rate), "low": short(low), "high": short(high)},
            fix={"training.learning_rate": 2e-4},
        )
    elif not low <= rate <= (DEMO_LEARNING_RATE if demo else high):
        yield Finding(
            "warning",
            "learning-rate-unusual",
            "training.learning_rate",
            mark("A learning rate of {rate} is outside the safe range, {low} to {high}."),
            {"rate": short(rate), "low": short(low), "high": short(high)},
            fix={"training.learning_rate": max(low, min(high, rate))},
        )


def check_batch(recipe: Recipe, rows: int) -> list[Finding]:
    """Whether a step takes no more rows than there are to learn from."""
    training = recipe.training
    batch = training.batch_size * training.accumulation
    if not rows or batch <= rows or training.packing:
        return []
    fitting = max(1, min(training.batch_size, rows))
    fix = {
        "training.batch_size": fitting,
        "training.accumulation": max(1, min(training.accumulation, rows // fitting)),
    }
    text = mark("A step takes {batch} rows, but there are only {rows} to learn from.")
    values = {"batch": f"{batch:,}", "rows": f"{rows:,}"}
    where = "training.batch_size"
    return [Finding("warning", "batch-beyond-rows", where, text, values, fix=fix)]


def _epochs(recipe: Recipe) -> Iterator[Finding]:
    epochs, limit = recipe.training.epochs, recipe.training.max_steps
    if epochs > MOST_EPOCHS and not limit:
        yield Finding(
            "warning",
            "epochs-many",
            "training.epochs",
            mark("{epochs} epochs: it would learn the rows by heart; 1 to 5 are usual."),
            {"epochs": short(epochs)},
            fix={"training.epochs": 3.0},
        )


def _warmup(recipe: Recipe) -> Iterator[Finding]:
    ratio = recipe.training.warmup_ratio
    if ratio > 0.1:
        yield Finding(
            "warning",
            "warmup-long",
            "training.warmup_ratio",
            mark("{percent:.0f} % of the steps are spent warming up; 1 to 5 % is usual."),
            {"percent": ratio * 100},
            fix={"training.warmup_ratio": 0.03},
        )


def _validation(recipe: Recipe) -> Iterator[Finding]:
    measured = recipe.data.split.validation > 0 or bool(recipe.data.validation_files)
    if recipe.evaluation.early_stopping.enabled and not measured:
        yield Finding(
            "warning",
            "early-stopping-blind",
            "data.split.validation",
            mark("Without validation rows, early stopping has nothing to look at."),
            fix={"data.split.validation": 0.1},
        )


def _packing(recipe: Recipe) -> Iterator[Finding]:
    if recipe.training.packing and recipe.task.kind == "classify":
        yield Finding(
            "error",
            "packing-classify",
            "training.packing",
            mark("Texts to be labelled cannot share a sequence."),
            fix={"training.packing": False},
        )


def _shape(recipe: Recipe) -> Iterator[Finding]:
    trained = {
        "chat": {"auto", "messages", "sharegpt", "alpaca", "prompt-completion", "question-answer"},
        "text": {"auto", "text", "labelled-text"},
        "classify": {"auto", "labelled-text"},
    }[recipe.task.kind]
    if recipe.data.shape not in trained:
        yield Finding(
            "error",
            "shape-task",
            "data.shape",
            mark("Rows of the shape {shape} cannot train the task {task}."),
            {"shape": recipe.data.shape, "task": recipe.task.kind},
        )


def _unsloth(recipe: Recipe) -> Iterator[Finding]:
    if recipe.training.engine != "unsloth":
        return
    where = "training.engine"
    if what := _not_by_unsloth(recipe):
        text = mark("Unsloth does not train this here: {what}.")
        fix = {where: "studio"}
        yield Finding("error", "unsloth-cannot", where, text, {"what": tr(what)}, fix=fix)
    else:
        text = mark("The memory plan is that of this program's own layers; measure Unsloth's.")
        yield Finding("advice", "unsloth-unplanned", where, text)


def _not_by_unsloth(recipe: Recipe) -> str:
    """What of a recipe Unsloth is not asked for; nothing where it can have all of it."""
    method = recipe.method
    if recipe.task.kind == "classify":
        return mark("labels")
    if isinstance(method, Full):
        return mark("every weight")
    if method.dora:
        return mark("DoRA")
    if isinstance(method, Qlora) and method.bits == 8:
        return mark("a base in 8 bits")
    if method.base_precision == "fp8":
        return mark("a base in 8-bit floats")
    return ""


_CHECKS: tuple[Callable[[Recipe], Iterator[Finding]], ...] = (
    _data,
    _learning_rate,
    _epochs,
    _warmup,
    _validation,
    _packing,
    _shape,
    _unsloth,
)
