"""The trainer process: the only place that imports torch. Nobody imports it."""

import logging
import os
import sys

from finetune_studio import interrupts

if sys.argv[0] == "-m":  # Python looks for the program to run: this is a process of the engine
    # Importing torch takes seconds. An interrupt meanwhile ends the process at once, and not in a
    # traceback through whatever was being imported; process.py and train.py take it up again.
    interrupts.end_silently()
    interrupts.ready()

# What torch takes of a GPU grows in place, so that little is lost in gaps: of batches whose lengths
# differ, a third. It reads this while it is imported. A person's own settings stay; Linux alone
# has it.
if sys.platform == "linux" and "PYTORCH_CUDA_ALLOC_CONF" not in os.environ:
    os.environ.setdefault("PYTORCH_ALLOC_CONF", "expandable_segments:True")

# It says at its import, in every process, which optional package it did without.
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
