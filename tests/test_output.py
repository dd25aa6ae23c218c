"""How commands print what a person may copy."""

import subprocess
import sys
from pathlib import Path

import pytest

from finetune_studio.commands.output import quoted


@pytest.mark.skipif(sys.platform == "win32", reason="needs_posix: a shell")
@pytest.mark.parametrize("path", ["/home/김 민수/demo-run", "plain", "it's $HOME/`x`"])
def test_a_quoted_path_is_read_back_by_the_shell(path):
    done = subprocess.run(["sh", "-c", f"printf %s {quoted(Path(path))}"], capture_output=True,
                          text=True, check=True)  # fmt: skip
    assert done.stdout == path


def test_hangul_stays_readable():
    assert "김" in quoted(Path("/home/김 민수"))
