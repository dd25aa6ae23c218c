"""The trainer process: the only place that imports torch. Nobody imports it."""

import logging
import sys

from finetune_studio import interrupts

if sys.argv[0] == "-m":  # Python looks for the program to run: this is a process of the engine
    # Importing torch takes seconds. An interrupt meanwhile ends the process at once, and not in a
    # traceback through whatever was being imported; process.py and train.py take it up again.
    interrupts.end_silently()
    interrupts.ready()

# It says at its import, in every process, which optional package it did without.
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
