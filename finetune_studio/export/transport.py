"""The environment of an upload's process: it talks to the Hub alone, by Xet where it can."""

import os

STRICT = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Where one of these is set, a network checks traffic itself; Xet's client would not heed it."""


def upload_variables(compatible: bool) -> dict[str, str]:
    """The variables to add.

    Args:
        compatible: Whether to go without Xet; a network with certificates of its own needs that.
    """
    plain = compatible or any(os.environ.get(name) for name in STRICT)
    quiet = {"HF_HUB_DISABLE_TELEMETRY": "1", "PYTHONWARNINGS": "ignore"}
    return quiet | ({"HF_HUB_DISABLE_XET": "1"} if plain else {})
