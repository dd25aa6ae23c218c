"""Starts the installed program: the wheel beside this file knows how. Run by uv's Python."""

import sys
from pathlib import Path

folder = Path(__file__).resolve().parent
sys.path.insert(0, str(next(folder.glob("finetune_studio-*.whl"))))

from finetune_studio.setup.first import main  # noqa: E402  (from the wheel)

sys.exit(main(folder, sys.argv[1:]))
