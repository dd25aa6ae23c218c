"""One module a command: its options and its run. Imported by cli.py alone, when called."""
