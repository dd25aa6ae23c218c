"""What argparse itself says, in the language in use: its headings, and what it refuses."""

import argparse

from finetune_studio.i18n import mark, tr

TEXTS = (
    mark("usage: "),
    mark("positional arguments"),
    mark("options"),
    mark("show this help message and exit"),
    mark("show program's version number and exit"),
    mark("one of the arguments %s is required"),
    mark("argument %(argument_name)s: %(message)s"),
    mark("invalid %(type)s value: %(value)r"),
    mark("invalid choice: %(value)r (choose from %(choices)s)"),
    mark("the following arguments are required: %s"),
    mark("unrecognized arguments: %s"),
    mark("expected one argument"),
    mark("expected at least one argument"),
    mark("not allowed with argument %s"),
    mark("ambiguous option: %(option)s could match %(matches)s"),
)
"""As they stand in argparse, which asks gettext for them."""


def translate() -> None:
    """Let argparse ask us in place of gettext, whose catalogues have none of this."""
    vars(argparse)["_"] = tr
