"""Following a run, alive or dead, and telling its trainer what to do: with real child processes."""

import shutil
import sys
import threading
import time
from itertools import pairwise

import psutil
import pytest

from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.pages.training_status import title
from finetune_studio.gui.training import TrainingThread
from finetune_studio.gui.watch import MANY, Watch
from finetune_studio.runs import process
from finetune_studio.runs.events import Failed, Finished, Metrics, Stopped
from finetune_studio.runs.folder import RunFolder
from tests.gui.trainers import ENDLESS, PREAMBLE, WHOLE, make_run


@pytest.fixture
def jobs():
    made = Jobs()
    yield made
    made.close()


@pytest.fixture
def watch(jobs):
    made = Watch(jobs)
    yield made
    made.leave()


@pytest.fixture
def start(tmp_path):
    begun = []

    def make(code, name="실험 하나"):
        run, launch = make_run(tmp_path, code, name)
        begun.append(psutil.Process(launch().pid))
        return run

    yield make
    for each in begun:
        if each.is_running():
            each.kill()
    psutil.wait_procs(begun, timeout=10)


def test_a_run_is_followed_to_its_end(watch, start, qtbot):
    run = start(WHOLE)
    with qtbot.waitSignal(watch.ended, timeout=20_000):
        watch.follow(run)
    state = watch.state
    assert isinstance(state.outcome, Finished)
    assert not watch.alive
    assert len(watch.series) == 100
    assert len(state.metrics) == 1
    assert [step for step, _ in state.validation("loss")] == [1, 50, 100]
    assert state.best.step == 100


def test_an_ended_run_is_read_again(watch, start, qtbot):
    run = start(WHOLE)
    for _ in range(2):
        with qtbot.waitSignal(watch.ended, timeout=20_000):
            watch.follow(run)
        assert len(watch.series) == 100


def test_a_run_that_is_resumed_is_starting_until_its_trainer_speaks(
    watch, start, qtbot, tmp_path, monkeypatch
):
    run = start("begin()\nfor n in range(1, 6): step(n)\nsay('Stopped', step=5, reason='asked')")
    with qtbot.waitSignal(watch.ended, timeout=20_000):
        watch.follow(run)
    script = tmp_path / "again.py"
    again = "time.sleep(1.5)\nbegin()\nstep(6)\ntime.sleep(60)\n"
    script.write_text(PREAMBLE + again, encoding="utf-8")
    command = [sys.executable, str(script), str(run.path)]
    monkeypatch.setattr(process, "trainer_command", lambda *_, **__: command)
    watch.resume()
    qtbot.waitUntil(lambda: watch.state.outcome is not None, timeout=20_000)
    assert watch.starting  # what it reads is the end of the go before
    assert title(watch) == "Starting"
    assert len(watch.series) == 5
    qtbot.waitUntil(lambda: watch.state.step == 6, timeout=20_000)
    assert not watch.starting
    assert watch.alive
    process.stop(run, "cancel", deadlines=process.Deadlines(order=0.0, saving=0.0))


def test_pause_go_on_and_stop(watch, start, qtbot):
    watch.follow(start(ENDLESS))
    qtbot.waitUntil(lambda: watch.state.step > 5, timeout=20_000)
    assert watch.alive
    watch.order("pause")
    qtbot.waitUntil(lambda: watch.state.phase == "paused", timeout=20_000)
    reached = watch.state.step
    watch.order("go-on")
    qtbot.waitUntil(lambda: watch.state.step > reached, timeout=20_000)
    with qtbot.waitSignal(watch.ended, timeout=20_000):
        watch.stop("stop-and-save")
    assert isinstance(watch.state.outcome, Stopped)
    qtbot.waitUntil(lambda: not watch._jobs.busy, timeout=20_000)


def test_leaving_leaves_the_run_alone_and_another_window_takes_it_up(watch, jobs, start, qtbot):
    run = start(ENDLESS)
    watch.follow(run)
    qtbot.waitUntil(lambda: watch.state.step > 5, timeout=20_000)
    watch.leave()
    assert process.is_alive(run)
    other = Watch(jobs)
    other.follow(run)
    qtbot.waitUntil(lambda: other.state.step > watch.state.step, timeout=20_000)
    assert other.series.last("loss") is not None
    other.leave()


def test_a_killed_trainer_ends_with_a_sentence(watch, start, qtbot):
    run = start(ENDLESS)
    watch.follow(run)
    qtbot.waitUntil(lambda: watch.state.step > 5, timeout=20_000)
    with qtbot.waitSignal(watch.ended, timeout=20_000):
        psutil.Process(run.info().pid).kill()
    assert isinstance(watch.state.outcome, Failed)
    assert "killed" in watch.state.outcome.title


def test_broken_lines_are_told_and_passed_over(watch, start, qtbot):
    run = start(
        """
        begin()
        with run.events.open("ab") as file:
            file.write(b'{"kind": "metrics", "st\\n\\xff\\xfe\\n{"kind": "new"}\\n')
        step(1)
        say("Finished", step=1)
        """
    )
    with qtbot.waitSignal(watch.ended, timeout=20_000):
        watch.follow(run)
    assert len(watch.series) == 1
    assert {each.code for each in watch.state.notices} == {"unreadable-event"}


def test_a_folder_that_vanishes_is_said(watch, start, qtbot):
    run = start(ENDLESS)
    watch.follow(run)
    qtbot.waitUntil(lambda: watch.state.step > 5, timeout=20_000)
    pid = run.info().pid
    told = []
    watch.failed.connect(told.append)
    with qtbot.waitSignals([watch.failed, watch.ended], timeout=20_000):
        shutil.rmtree(run.path, ignore_errors=True)
    psutil.Process(pid).kill()
    assert watch._thread is None
    assert told[0].title == "The run's folder is gone."
    ended = watch.state.outcome  # not one that goes on for ever, with nothing to press
    assert isinstance(ended, Failed)
    assert ended.part("title") == told[0].title


def test_a_folder_that_goes_file_by_file_is_gone(watch, start, qtbot):
    """As a slow disk deletes it: what names the run goes a while before the folder."""
    run = start(ENDLESS)
    watch.follow(run)
    qtbot.waitUntil(lambda: watch.state.step > 5, timeout=20_000)
    pid = run.info().pid
    rest = threading.Timer(1.2, shutil.rmtree, [run.path, True])
    with qtbot.waitSignal(watch.ended, timeout=20_000):
        run.info_file.unlink()
        rest.start()
    rest.join()
    psutil.Process(pid).kill()
    assert watch.state.outcome.part("title") == "The run's folder is gone."


def test_a_run_that_only_lost_its_name_is_said_to_be_broken(watch, start, qtbot):
    run = start(ENDLESS)
    watch.follow(run)
    qtbot.waitUntil(lambda: watch.state.step > 5, timeout=20_000)
    pid = run.info().pid
    with qtbot.waitSignal(watch.ended, timeout=20_000):
        run.info_file.unlink()
    psutil.Process(pid).kill()
    assert watch.state.outcome.part("title") == "This is not a run, or its run.json is broken."


def test_what_is_no_run_is_refused(watch, tmp_path, qtbot):
    with qtbot.waitSignals([watch.failed, watch.ended], timeout=20_000):
        watch.follow(RunFolder(tmp_path))


def test_an_order_into_nowhere_is_said(watch, start, qtbot):
    run = start(WHOLE)
    with qtbot.waitSignal(watch.ended, timeout=20_000):
        watch.follow(run)
    shutil.rmtree(run.path)
    with qtbot.waitSignal(watch.failed):
        watch.order("pause")


def test_a_trainer_that_cannot_start_is_said(watch, tmp_path, qtbot, monkeypatch):
    from finetune_studio.recipe.schema import Recipe

    monkeypatch.setenv(process.PYTHON, str(tmp_path / "nothing"))
    with qtbot.waitSignal(watch.failed, timeout=20_000) as told:
        watch.start(Recipe(), "이름", tmp_path / "runs")
    assert "Python" in told.args[0].title
    assert not watch.starting


def test_events_are_handed_out_in_pieces(start, qtbot):
    run = start(WHOLE)
    thread = TrainingThread(run)
    thread.start()
    qtbot.waitUntil(thread.isFinished, timeout=20_000)
    assert not thread.is_drained
    pieces = list(thread.take(seconds=5.0, piece=7))
    assert all(len(piece) <= 7 for piece in pieces)
    assert sum(isinstance(each, Metrics) for piece in pieces for each in piece) == 100
    assert thread.is_drained


def test_a_long_history_is_told_between_two_takings(watch, tmp_path, qtbot):
    """Who draws then finds the reading thread waiting: it has filled what room there is."""
    code = "begin()\nfor n in range(1, 6001):\n    step(n, 6000)\nsay('Finished', step=6000)\n"
    run, launch = make_run(tmp_path, PREAMBLE + code)
    psutil.Process(launch().pid).wait(60)
    came = []
    take_in = watch._take_in
    watch._take_in = lambda thread: came.append(heard := take_in(thread)) or heard
    watch._pulse.timeout.connect(lambda: came.append("pulse"))
    watch.moved.connect(lambda: came.append("told"))
    with qtbot.waitSignal(watch.ended, timeout=20_000):
        watch.follow(run)
    assert len(watch.series) == 6000
    much = [n for n, what in enumerate(came) if isinstance(what, int) and what >= MANY]
    assert len(much) > 2
    first = next(n for n, what in enumerate(came) if isinstance(what, int) and what)
    assert came[first + 1] == "told"  # however few they were
    assert all(came[n + 1] == "pulse" for n in much[:-1] if n != first)
    assert all("told" in came[before:after] for before, after in pairwise(much))


def test_jobs_bring_back_results_errors_and_surprises(jobs, qtbot):
    from finetune_studio.errors import StudioError

    heard = []

    def fail():
        raise StudioError("no")

    jobs.run("a", lambda: threading.get_ident(), heard.append, heard.append)
    jobs.run("b", fail, heard.append, heard.append)
    qtbot.waitUntil(lambda: len(heard) == 2)
    assert threading.get_ident() not in heard
    assert any(isinstance(each, StudioError) for each in heard)
    with qtbot.waitSignal(jobs.surprised):
        jobs.run("c", lambda: 1 / 0, heard.append, heard.append)


def test_a_newer_job_makes_the_older_count_no_more(jobs, qtbot):
    heard, gate = [], threading.Event()
    jobs.run("same", lambda: (gate.wait(5), "old")[1], heard.append, heard.append)
    jobs.run("same", lambda: "new", heard.append, heard.append)
    qtbot.waitUntil(lambda: heard == ["new"])
    gate.set()
    qtbot.waitUntil(lambda: not jobs.busy)
    time.sleep(0.05)
    assert heard == ["new"]
