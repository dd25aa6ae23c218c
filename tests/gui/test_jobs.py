"""Jobs away from the window's thread: closing ends, whatever waits or runs."""

import threading
from concurrent.futures import Future

import pytest
import shiboken6
from PySide6.QtCore import QObject

from finetune_studio.gui.jobs import WORKERS, Jobs

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
