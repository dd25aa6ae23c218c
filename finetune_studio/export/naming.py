"""What a GGUF file says of the model: name, base, licence, and a template that others can read."""

import re

import yaml

from finetune_studio.catalog.licensing import UNKNOWN, judged
from finetune_studio.export.about import public_name
from finetune_studio.recipe.schema import Recipe

OPENS = re.compile(r"\{%(-|\+)?\s*generation\s*(-|\+)?%\}")
SHUTS = re.compile(r"\{%(-|\+)?\s*endgeneration\s*(-|\+)?%\}")
NOT_IN_NAMES = re.compile(r"[^\w.-]+")


def plain_template(template: str) -> str:
    """A chat template without `{% generation %}`, which only transformers knows.

    A condition that always holds takes its place, so that blanks around it are cut as before.
    """
    made = OPENS.sub(lambda m: f"{{%{m[1] or ''} if true {m[2] or ''}%}}", template)
    return SHUTS.sub(lambda m: f"{{%{m[1] or ''} endif {m[2] or ''}%}}", made)


def file_name(name: str) -> str:
    """A name as it can stand in a file's name, without blanks: Ollama's FROM takes none."""
    return NOT_IN_NAMES.sub("-", name).strip("-.") or "model"


def model_header(recipe: Recipe) -> str:
    """A README's header with what is known of licence and base model."""
    known = judged(recipe)
    about: dict[str, object] = {"tags": ["finetune-studio"]}
    if known.result != UNKNOWN:
        about["license"] = known.result
    base = public_name(recipe.model.source)
    if "/" in base:
        about["base_model"] = base
    return f"---\n{yaml.safe_dump(about, allow_unicode=True)}---\n"
