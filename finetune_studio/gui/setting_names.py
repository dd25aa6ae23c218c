"""Settings by the names that the window gives them, in texts that name them as the recipe does.

What checks, data and trainer say is read on the command line, too, where `training.epochs` is what
is typed; in the window the same setting is called “Epochs”.
"""

import re
from functools import cache

from finetune_studio import i18n
from finetune_studio.korean import follows

PATH = re.compile(
    r"(?P<note> \()?\b(?P<path>(?:model|task|data|method|training|evaluation|checkpoints|export"
    r"|licence)\.[a-z_]+(?:\.[a-z_]+)*)(?(note)\))"
    r"(?:(?P<particle>을|를|은|는|이|가|과|와|으로|로)(?![가-힣]))?"
)
KINDS = {"method.kind": "Method", "task.kind": "Task"}


def in_words(text: str) -> str:
    """The text with every setting by its name; a path in brackets after the name goes."""
    return PATH.sub(_named, text) if "." in text else text


def _named(found: "re.Match[str]") -> str:
    title = _titles().get(found["path"])
    if title is None:
        return found[0]
    particle = found["particle"] or ""
    if found["note"]:
        return particle
    name = i18n.tr(title)
    return f"“{name}”{follows(name, particle)}"


@cache
def _titles() -> dict[str, str]:
    from finetune_studio.recipe.fields import describe
    from finetune_studio.recipe.schema import Recipe

    return KINDS | {each.path: str(each.info.title) for each in describe(Recipe)}
