"""`python -m finetune_studio` and `finetune-studio`: the command line.

An interrupt is a sentence from here on, whatever is being imported.
"""

import sys
from contextlib import suppress
from multiprocessing import freeze_support

from finetune_studio import interrupts

INTERRUPTED = 130


def main() -> int:
    """Run the command that the program was called with; the exit code."""
    interrupts.hold()
    from finetune_studio import cli

    code = INTERRUPTED
    with suppress(KeyboardInterrupt):  # a second one, while the first is told
        code = cli.main()
    interrupts.end_silently()
    return code


if __name__ == "__main__":
    freeze_support()  # a frozen program is started again for each process beside the window
    sys.exit(main())
