"""Whether the Hub answers, asked once and briefly; where it does not, only what is kept is read.

The libraries ask six times and wait between them, half a minute in all. Knows no dataset.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 5.0
"""Seconds to wait for any answer; looking up a name has no limit of its own."""


def switched_off() -> bool:
    """Whether the person wants no connection (HF_HUB_OFFLINE)."""
    from huggingface_hub import constants

    return bool(constants.is_offline_mode())


def address() -> str:
    """Where the Hub is, by HF_ENDPOINT or its own address."""
    from huggingface_hub import constants

    return str(constants.ENDPOINT)


def answers() -> bool:
    """Whether anything at all answers at the Hub's address within a few seconds."""
    from huggingface_hub import get_session

    from finetune_studio.catalog.connection import transport_error

    if switched_off():
        return False
    found: list[bool] = []

    def ask() -> None:
        try:
            get_session().head(address(), timeout=LONGEST)
        except transport_error():
            return
        except Exception:  # noqa: BLE001  (whatever else is wrong, the library will tell)
            pass
        found.append(True)

    asking = threading.Thread(target=ask, name="hub", daemon=True)
    asking.start()
    asking.join(LONGEST)
    return bool(found)


@contextmanager
def only_kept() -> Iterator[None]:
    """While it lasts, `datasets` reads what it has kept and asks nobody."""
    import datasets.config
    from huggingface_hub import constants

    before = datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE
    datasets.config.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE = before


@contextmanager
def asked_first() -> Iterator[None]:
    """Ask whether the Hub answers; where it does not, what follows reads only what is kept."""
    if answers():
        yield
    else:
        with only_kept():
            yield
