"""Rules that hold over the whole project."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from finetune_studio.cli import COMMANDS
from finetune_studio.recipe.fields import describe
from finetune_studio.recipe.schema import Recipe
from tests.conftest import ROOT

PACKAGE = ROOT / "finetune_studio"
MODULES = sorted(PACKAGE.rglob("*.py"))
VAGUE = {"utils", "util", "helpers", "manager", "common", "misc"}
LONGEST_MODULE = 380  # lines
LONGEST_FUNCTION = 60  # lines, of code and docstring


def test_imports_point_one_way():
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as lint; lint(['--no-cache'])",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "0 broken" in found.stdout


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_says_what_it_is_and_keeps_its_size(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "no first sentence"
    assert path.stem not in VAGUE
    assert len(text.splitlines()) <= LONGEST_MODULE
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            size = (node.end_lineno or 0) - node.lineno + 1
            assert size <= LONGEST_FUNCTION, f"{node.name} is {size} lines long"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_is_listed_exists(name):
    module = PACKAGE / "commands" / f"{name}.py"
    assert "def add_options(" in module.read_text(encoding="utf-8")


@pytest.mark.parametrize("setting", list(describe(Recipe)), ids=lambda each: each.path)
def test_every_setting_explains_itself(setting):
    assert setting.info.title
    assert len(setting.about["help"]) >= 15
    assert setting.about["help"].endswith(".")


def test_every_setting_is_used():
    """A setting that nothing reads would be a promise that nobody keeps."""
    code = "".join(p.read_text(encoding="utf-8") for p in MODULES if "recipe" not in p.parts)
    unused = [
        each.path
        for each in describe(Recipe)
        if not re.search(rf"\b{each.path.rpartition('.')[2]}\b", code)
    ]
    assert not unused


def test_packaging_stays_importable():
    assert not (ROOT / "packaging" / "__init__.py").exists()
    assert Path(__import__("packaging").__file__ or "").parent != ROOT / "packaging"
