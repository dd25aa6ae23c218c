"""Makes the environments that the window and the trainer run in, on the person's machine."""
