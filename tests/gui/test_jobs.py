"""Jobs away from the window's thread: closing ends, whatever waits or runs."""

import threading
import time
from concurrent.futures import Future
from itertools import pairwise

import pytest
import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer

from finetune_studio.gui.jobs import WORKERS, Jobs
from finetune_studio.gui.turns import PART, Turns

TRIES = 100  # the thread that should begin the job loses the race in about one of thirty


@pytest.fixture
def jobs():
    return Jobs()


def unheard(_):
    raise AssertionError("the window is going: nobody hears an end")


def closed(jobs, seconds=20):
    """Whether closing ends; in another thread, or a failure would stand still for ever."""
    closing = threading.Thread(target=jobs.close, daemon=True)
    closing.start()
    closing.join(seconds)
    return not closing.is_alive()


def test_jobs_that_wait_for_a_thread_do_not_hold_up_the_end(jobs):
    may_end, begun, done = threading.Event(), threading.Semaphore(0), []

    def work():
        begun.release()
        may_end.wait(20)
        done.append(True)

    for number in range(WORKERS + 2):
        jobs.run(f"{number}", work, unheard, unheard)
    for _ in range(WORKERS):
        assert begun.acquire(timeout=20)
    threading.Timer(0.2, may_end.set).start()
    assert closed(jobs)
    assert len(done) == WORKERS  # what ran was waited for; what waited never began


def test_a_job_that_has_only_just_been_given_does_not_hold_up_the_end(qtbot):
    for _ in range(TRIES):
        jobs, heard = Jobs(), []
        jobs.run("first", lambda: None, heard.append, unheard)
        qtbot.waitUntil(lambda heard=heard: bool(heard))
        jobs.run("second", lambda: None, unheard, unheard)
        assert closed(jobs)


def test_after_the_end_no_job_begins(jobs):
    jobs.close()
    jobs.run("late", lambda: unheard(None), unheard, unheard)
    assert not jobs.busy


def test_what_ended_at_once_is_told_by_the_event_loop(jobs, qtbot, monkeypatch):
    """Whoever gives a job has gone on before its end is told, however quick it was."""

    def at_once(work):
        done = Future()
        done.set_result(work())
        return done

    monkeypatch.setattr(jobs._pool, "submit", at_once)
    heard = []
    jobs.run("quick", lambda: 7, heard.append, unheard)
    assert heard == []
    assert jobs.busy
    qtbot.waitUntil(lambda: heard == [7])
    jobs.close()


class Page(QObject):
    """A page that is left while something is read for it."""

    def __init__(self, shown):
        super().__init__()
        self.shown = shown

    def read(self, jobs, work):
        jobs.run("page", work, lambda found: self.shown.append(found), unheard)


def test_a_page_that_is_gone_hears_of_no_job(jobs, qtbot):
    may_end, shown = threading.Event(), []
    page = Page(shown)
    page.read(jobs, lambda: may_end.wait(20))
    shiboken6.delete(page)
    may_end.set()
    qtbot.waitUntil(lambda: not jobs.busy)
    assert shown == []


class Told(QObject):
    """Somebody whom a job tells how far it is."""

    def __init__(self):
        super().__init__()
        self.heard, self.thread = [], None

    def hear(self, told):
        self.heard.append(told)
        self.thread = threading.current_thread()


def test_what_a_job_tells_is_heard_in_the_window_before_its_end(jobs, qtbot):
    told, ended = Told(), []
    tell = jobs.telling(told.hear)
    jobs.run("far", lambda: [tell(each) for each in (1, 2, 3)], ended.append, unheard)
    qtbot.waitUntil(lambda: bool(ended))
    assert told.heard == [1, 2, 3]
    assert told.thread is threading.main_thread()


def test_a_job_may_tell_what_nobody_hears_any_more(jobs, qtbot):
    told, may_go_on, ended = Told(), threading.Event(), []
    tell = jobs.telling(told.hear)
    heard = told.heard

    def work():
        may_go_on.wait(20)
        tell(1)
        return "ended"

    jobs.run("far", work, ended.append, unheard)
    shiboken6.delete(told)
    may_go_on.set()
    qtbot.waitUntil(lambda: ended == ["ended"])
    assert heard == []
    jobs.close()
    tell(2)  # nor does it matter to whom nobody listens
    assert heard == []


def test_each_end_is_told_in_a_turn_of_its_own(qtbot):
    jobs, told, beat = Jobs(), [], QTimer(interval=1, timerType=Qt.TimerType.PreciseTimer)
    beat.timeout.connect(lambda: told.append("beat"))

    def hear(number):
        time.sleep(2 * PART)
        told.append(number)

    for number in range(4):
        jobs.run(f"{number}", lambda number=number: number, hear, unheard)
    time.sleep(0.1)  # all have ended, and nobody has heard of it
    beat.start()
    qtbot.waitUntil(lambda: not jobs.busy)
    beat.stop()
    jobs.close()
    places = [at for at, each in enumerate(told) if each != "beat"]
    assert sorted(told[at] for at in places) == [0, 1, 2, 3]
    assert all(after - before > 1 for before, after in pairwise(places)), told


def test_an_end_that_nobody_can_bear_holds_up_no_other(qtbot):
    jobs, told = Jobs(), []

    def fails(_):
        raise ValueError

    with qtbot.captureExceptions() as errors:
        jobs.run("first", lambda: None, fails, unheard)
        jobs.run("second", lambda: 2, told.append, unheard)
        qtbot.waitUntil(lambda: not jobs.busy)
    jobs.close()
    assert told == [2]
    assert [kind for kind, _, _ in errors] == [ValueError]


def test_an_end_after_its_window_is_gone_is_heard_by_who_is_still_there(qtbot):
    window, told = QObject(), []
    jobs = Jobs(turns=Turns(window))
    jobs.run("late", lambda: 1, told.append, unheard)
    time.sleep(0.1)
    shiboken6.delete(window)
    qtbot.waitUntil(lambda: not jobs.busy)
    jobs.close()
    assert told == [1]
