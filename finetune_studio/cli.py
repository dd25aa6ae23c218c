"""The command line. Imports what a command needs when it runs, so that `--help` is quick."""

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="finetune-studio")
    parser.parse_args(arguments)
    parser.print_help(sys.stderr)
    return 2
