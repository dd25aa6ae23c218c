"""Work in a process beside the window: what comes back, and how it ends."""

import os
import sys
import threading
import time

import psutil
import pytest

from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.gui import apart
from finetune_studio.i18n import tr


def doubled(number):
    return number * 2


def refused(word):
    raise RefusedError(word, hint="Try another.")


def place():
    return os.getpid(), os.environ["FINETUNE_STUDIO_HOME"], tr("It could not be read.")


def has_loaded():
    return "datasets" in sys.modules


def dies():
    os._exit(3)


def sleeps():
    apart.tell(0.5)
    time.sleep(60)


def unpicklable():
    return lambda: 1


@pytest.fixture(params=[False, True], ids=["", "copied"])
def lane(request):
    made = apart.Lane(copied=request.param)
    yield made
    made.close()


def test_what_it_makes_comes_back_from_one_process(lane, monkeypatch, tmp_path):
    assert lane.do("a", doubled, 21) == 42
    monkeypatch.setenv("FINETUNE_STUDIO_HOME", str(tmp_path / "집"))
    number, home, _ = lane.do("a", place)
    assert number != os.getpid()
    assert home == str(tmp_path / "집")
    assert lane.do("a", place)[0] == number


def priority():
    return psutil.Process().nice()


def test_it_gives_way_to_the_window():
    polite = apart.Lane(nice=3)
    below = getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", priority() + 3)
    try:
        assert polite.do("a", priority) == below
    finally:
        polite.close()


def test_a_refusal_comes_back_whole(lane):
    with pytest.raises(RefusedError, match="no such thing") as told:
        lane.do("a", refused, "no such thing")
    assert told.value.hint == "Try another."
    assert lane.do("a", doubled, 2) == 4


def test_a_process_that_dies_is_told_and_another_begins(lane):
    with pytest.raises(StudioError, match="ended before its time"):
        lane.do("a", dies)
    assert lane.do("a", doubled, 4) == 8


def test_an_answer_that_cannot_travel_is_an_error(lane):
    with pytest.raises(RuntimeError, match=r"pickle|local object"):
        lane.do("a", unpicklable)
    assert lane.do("a", doubled, 4) == 8


def test_work_that_nobody_wants_ends_at_once(lane):
    raised = []

    def work():
        try:
            lane.do("long", sleeps)
        except StudioError as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    until = time.monotonic() + 30
    while lane.share != 0.5 and time.monotonic() < until:
        time.sleep(0.02)
    lane.drop("another")
    assert thread.is_alive()
    lane.drop("long")
    thread.join(10)
    assert raised
    assert lane.do("a", doubled, 5) == 10


@pytest.mark.skipif(not apart.COPIES, reason="needs_linux: elsewhere no process can be copied")
def test_one_that_begins_again_need_not_load_again():
    """Nothing was asked of the new process that would make it load; another lane gains as well."""
    lanes = [apart.Lane(copied=True), apart.Lane()]
    for lane in lanes:
        assert lane.do("a", has_loaded)
        lane.close()
