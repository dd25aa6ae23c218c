"""The gauges tell what they know at once, and never wait for a driver."""

import threading

import pytest
import torch

from finetune_studio.engine import gauges
from finetune_studio.engine.device import Device
from finetune_studio.engine.gauges import Gauges


def test_a_processor_shows_its_process():
    found = Gauges(Device("cpu", 0, 0, 1, "fp32")).read()
    assert 0 < found["used"] < found["total"]
    assert (found["utilisation"], found["temperature"], found["power"]) == (None, None, None)


@pytest.fixture
def driver(monkeypatch):
    """A driver that answers when it is let, and tells no temperature."""
    let = threading.Event()

    def power():
        assert let.wait(20)
        return 300.5

    def heat():
        raise RuntimeError("not supported")

    asked = {"utilisation": lambda: 97, "temperature": heat, "power": power}
    monkeypatch.setattr(gauges, "ASKED", asked)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (3 << 30, 8 << 30))
    return let


def test_a_slow_driver_is_not_waited_for(driver):
    shown = Gauges(Device("cuda", 0, 0, 1, "bf16"))
    first = shown.read()
    assert (first["used"], first["total"], first["power"]) == (5 << 30, 8 << 30, None)
    asking = shown._asking
    shown.read()
    assert shown._asking is asking  # one question at a time
    driver.set()
    asking.join(20)
    later = shown.read()
    assert (later["utilisation"], later["temperature"], later["power"]) == (97, None, 300.5)
