"""How long `finetune-studio --help` takes, and what it imports."""

import statistics
import subprocess
import sys
import time

ROUNDS = 11
LOOK = (
    "import sys; from finetune_studio.cli import main\n"
    "try: main(['--help'])\n"
    "except SystemExit: pass\n"
    "print(sorted({'torch', 'transformers', 'PySide6', 'datasets'} & set(sys.modules)))"
)


def main() -> None:
    """Print the median of several starts and the heavy modules that were imported."""
    seconds = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "finetune_studio", "--help"], check=True, capture_output=True
        )
        seconds.append(time.perf_counter() - begun)
    found = subprocess.run([sys.executable, "-c", LOOK], check=True, capture_output=True, text=True)
    print(f"--help: median {statistics.median(seconds):.3f} s of {ROUNDS} starts")
    print(f"heavy modules imported: {found.stdout.splitlines()[-1]}")


if __name__ == "__main__":
    main()
