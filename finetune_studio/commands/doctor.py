"""`finetune-studio doctor`: what this machine can do, and what to mend."""

import argparse

from finetune_studio import paths
from finetune_studio.commands.options import add_json
from finetune_studio.commands.output import line, print_json

SIGNS = {"ok": "✓", "warning": "!", "problem": "✗"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Only `--json`."""
    add_json(parser)
    parser.set_defaults(run=doctor)


def doctor(options: argparse.Namespace) -> int:
    """Print each check; a problem makes the exit code 1."""
    from finetune_studio.hardware.doctor import examine_here

    checks = examine_here(paths.data())
    if options.json:
        print_json({"checks": [check.as_dict() for check in checks]})
    else:
        for check in checks:
            line(f"{SIGNS[check.status]} {check.name}: {check.text}")
            if check.remedy:
                line(f"  → {check.remedy}")
    return 1 if any(check.status == "problem" for check in checks) else 0
