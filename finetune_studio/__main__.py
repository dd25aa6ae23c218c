"""`python -m finetune_studio`: the command line."""

import sys

from finetune_studio.cli import main

if __name__ == "__main__":
    sys.exit(main())
