"""Torch's own facts, asked of a real child process."""

import os
import subprocess
import sys

import pytest

from finetune_studio.hardware.torch_facts import ask_torch, has_code_for


def interpreter(folder, text):
    """An interpreter that says `text`, as a broken or strange one would."""
    program = folder / "python"
    program.write_text(f"#!{sys.executable}\n{text}\n")
    program.chmod(0o755)
    return str(program)


def test_the_installed_torch_is_described_without_importing_it_here():
    code = (
        "import sys\n"
        "from finetune_studio.hardware.torch_facts import ask_torch\n"
        "facts = ask_torch()\n"
        "assert 'torch' not in sys.modules\n"
        "print(facts.version if facts else 'none', facts.error if facts else '')"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    version, _, error = answer.stdout.partition(" ")
    assert version
    assert not error.strip()


def test_an_interpreter_without_torch(tmp_path):
    python = interpreter(
        tmp_path,
        "import subprocess, sys\n"
        "sys.exit(subprocess.run([sys.executable, '-S', '-I', *sys.argv[1:]]).returncode)",
    )
    assert ask_torch(python) is None


@pytest.mark.skipif(os.name == "nt", reason="needs a #! line")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import sys; sys.exit('Illegal instruction')", "Illegal instruction"),
        ("import os; os.abort()", "ended with"),
        ("import time; time.sleep(60)", "within 1 s"),
    ],
)
def test_a_torch_that_dies_or_hangs_is_an_error_to_read(tmp_path, text, words):
    assert words in ask_torch(interpreter(tmp_path, text), timeout=1).error


def test_an_interpreter_that_is_not_there(tmp_path):
    assert "No such file" in ask_torch(str(tmp_path / "none")).error


@pytest.mark.parametrize(
    ("architectures", "capability", "runs"),
    [
        (("sm_80",), (8, 9), True),
        (("sm_86",), (8, 0), False),
        (("sm_80",), (9, 0), False),
        (("sm_80", "compute_80"), (9, 0), True),
        (("compute_90",), (8, 9), False),
        (("sm_90a",), (9, 0), True),
        (("sm_100a",), (10, 3), False),
        (("sm_120f",), (12, 1), True),
        (("sm_120",), (12, 0), True),
        (("gfx942",), (9, 4), False),
        ((), (8, 0), False),
    ],
)
def test_which_gpus_a_build_holds_code_for(architectures, capability, runs):
    assert has_code_for(architectures, capability) is runs
