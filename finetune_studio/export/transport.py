"""The environment of an upload's process: it talks to the Hub alone, by Xet where it can."""

import importlib.util
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


def by_xet() -> bool:
    """Whether this process uploads by Xet, as far as the Hub has it."""
    without = os.environ.get("HF_HUB_DISABLE_XET", "").upper() in ("1", "ON", "YES", "TRUE")
    return not without and importlib.util.find_spec("hf_xet") is not None
