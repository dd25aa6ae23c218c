"""Finds every text that a person reads: marked calls in the source, and the recipe's settings.

`tr(…)` in the window's code belongs to the context `gui`; `tr(…)` and `mark(…)` elsewhere, and
what the settings say of themselves, belong to `core`.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "finetune_studio"


@dataclass
class Text:
    """One text: its context, the English source, whether it counts things, where it stands."""

    context: str
    source: str
    plural: bool = False
    places: set[str] = field(default_factory=set)


class UnmarkedError(Exception):
    """A marked call whose text cannot be read from the source."""


def find() -> dict[tuple[str, str], Text]:
    """Every text, by context and source.

    Raises:
        UnmarkedError: A text is put together where it should stand whole.
    """
    found: dict[tuple[str, str], Text] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        for text in _in_module(path, name):
            _add(found, text)
    for source in (*_of_settings(), *_of_advice()):
        _add(found, Text("core", source, places={"recipe"}))
    return found


def _add(found: dict[tuple[str, str], Text], text: Text) -> None:
    known = found.setdefault((text.context, text.source), text)
    known.places |= text.places
    known.plural = known.plural or text.plural


def _in_module(path: Path, name: str) -> Iterator[Text]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    contexts = _imported(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        if called not in contexts or not node.args:
            continue
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield Text(contexts[called], first.value, len(node.args) > 1, {name})
        elif isinstance(first, ast.JoinedStr | ast.BinOp):
            raise UnmarkedError(f"{name}:{node.lineno}: a text must stand whole in {called}()")


def _imported(tree: ast.Module) -> dict[str, str]:
    """The names in this module that mark a text, and their contexts."""
    modules = {"finetune_studio.i18n": "core", "finetune_studio.gui.language": "gui"}
    return {
        alias.asname or alias.name: modules[node.module]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in modules
        for alias in node.names
        if alias.name in ("tr", "mark")
    }


def _of_settings() -> Iterator[str]:
    from finetune_studio.recipe.fields import describe
    from finetune_studio.recipe.schema import Recipe

    for each in describe(Recipe):
        yield from filter(None, (each.info.title, each.about["help"]))
        yield from filter(None, (each.about["source"], each.about["unit"]))


def _of_advice() -> Iterator[str]:
    """The sources of what is advised, whatever the method and the model."""
    from finetune_studio.recipe.advice import recommend
    from finetune_studio.recipe.schema import Recipe
    from finetune_studio.recipe.store import with_changes

    for model in ("demo", "maker/model"):
        for method in ("full", "lora", "qlora"):
            recipe = with_changes(Recipe(), {"model.source": model, "method.kind": method})
            yield from (advice.source for advice in recommend(recipe))
