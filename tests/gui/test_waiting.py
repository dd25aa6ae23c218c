"""What waits without knowing how long counts its seconds, and so does what drives a program."""

import sys

import pytest
from PySide6.QtCore import QObject

from finetune_studio.gui import child
from finetune_studio.gui.driven import Driven
from finetune_studio.gui.waiting import Waiting


def test_the_seconds_stand_beside_the_words_once_it_takes_long(qtbot, monkeypatch):
    parent = QObject()
    waiting, now = Waiting(parent), [100.0]
    monkeypatch.setattr("finetune_studio.gui.waiting.time.monotonic", lambda: now[0])
    assert waiting.say("Loading …") == "Loading …"
    waiting.start()
    now[0] += 1.5
    assert waiting.say("Loading …") == "Loading …"
    with qtbot.waitSignal(waiting.ticked, timeout=3000):
        now[0] += 60.0
    assert waiting.say("Loading …") == "Loading … 1 minute so far"
    waiting.stop()
    assert waiting.say("Loading …") == "Loading …"


class Heard(Driven):
    """One that keeps what it hears."""

    def __init__(self):
        super().__init__()
        self.said, self.finished = [], 0

    def hear(self, document):
        self.said.append(document)

    def finish(self):
        self.finished += 1


@pytest.fixture
def program(monkeypatch):
    """The code of a program of the engine."""

    def make(code):
        monkeypatch.setattr(child, "engine_command", lambda *_, **__: [sys.executable, "-c", code])

    return make


def test_a_program_is_heard_and_its_good_end_told(program, qtbot):
    program("print('noise'); print('{\"a\": 1}')")
    driven = Heard()
    driven.launch("any")
    assert driven.busy
    qtbot.waitUntil(lambda: not driven.busy, timeout=20_000)
    assert driven.said == [{"a": 1}]
    assert driven.finished == 1
    assert driven.waiting.seconds == 0


def test_a_bad_end_is_a_failure_with_the_program_s_own_words(program, qtbot):
    program("raise SystemExit('no room left')")
    driven = Heard()
    with qtbot.waitSignal(driven.failed, timeout=20_000) as told:
        driven.launch("any")
    assert "no room left" in told.args[0].detail
    assert driven.finished == 0


def test_one_that_is_stopped_neither_fails_nor_counts_on(program, qtbot):
    program("import time; time.sleep(60)")
    driven = Heard()
    driven.failed.connect(lambda error: pytest.fail(str(error)))
    driven.launch("any")
    driven.stop()
    qtbot.waitUntil(lambda: not driven.busy, timeout=20_000)
    driven.launch("any")
    driven.close()
    assert not driven.busy
    assert driven.waiting.seconds == 0
