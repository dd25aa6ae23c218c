"""The ladder, rung by rung, on real processes that obey, or do not."""

import signal
import subprocess
import sys
import textwrap
from dataclasses import replace

import psutil
import pytest

from finetune_studio.runs import process
from finetune_studio.runs.events import Failed, Stopped
from finetune_studio.runs.process import Deadlines, stop

QUICK = Deadlines(order=0.4, saving=0.4, interrupt=2.0, terminate=2.0, kill=60.0)
PATIENT = Deadlines(order=4.0, saving=60.0)
DEAF_TO_ORDERS = "begin(); step(1); forever()"
DEAF_TO_INTERRUPTS = "signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + DEAF_TO_ORDERS
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + DEAF_TO_INTERRUPTS
OBEDIENT = """
begin(); step(1)
while True:
    for order in orders.read():
        say("Phase", name="saving")
        time.sleep(4.5)
        say("Stopped", step=1, reason=order)
        sys.exit(0)
    time.sleep(0.01)
"""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")


def begun(run, until):
    until(lambda: process.recent(run).step > 0)


@pytest.mark.parametrize("order", ["stop-and-save", "cancel"])
def test_a_trainer_that_obeys_may_save_beyond_the_first_deadline(child, until, order):
    run, start = child(OBEDIENT)
    trainer = start()
    begun(run, until)
    assert trainer.stop(order, PATIENT) == "order"
    outcome = trainer.outcome()
    assert outcome.kind == "stopped"
    assert outcome.event == Stopped(time=outcome.event.time, step=1, reason=order)
    assert run.info().forced is None


@pytest.mark.parametrize(
    ("code", "rung"),
    [(DEAF_TO_ORDERS, "interrupt"), (DEAF_TO_INTERRUPTS, "terminate"), (DEAF, "kill")],
)
def test_each_rung_ends_what_the_one_before_did_not(child, until, code, rung):
    run, start = child(code)
    trainer = start()
    begun(run, until)
    rungs = []
    limits = replace(QUICK, **{rung: 60.0})  # on a busy machine a process does not end at once
    assert stop(run, deadlines=limits, on_rung=rungs.append) == rung
    assert rungs == ["order", "interrupt", "terminate", "kill"][: len(rungs)]
    assert rungs[-1] == rung
    assert not trainer.is_alive()
    assert trainer.outcome().kind == "forced"
    last = list(trainer.follow())[-1]
    assert isinstance(last, Failed)
    assert "force" in last.title


def test_before_training_begins_there_is_nothing_to_save(child, until):
    run, start = child('say("Phase", name="loading"); forever()')
    start()
    until(lambda: process.recent(run).phase == "loading")
    rungs = []
    slow = Deadlines(order=100.0, interrupt=60.0)
    assert stop(run, deadlines=slow, on_rung=rungs.append) == "interrupt"
    assert rungs == ["interrupt"]


def test_an_earlier_trainers_steps_do_not_count(child, until):
    run, start = child("begin(); step(1); sys.exit(0)")
    list(start().follow())
    assert process.recent(run).step == 1
    (run.path.parent / f"{run.path.name}.py").write_text("import time; time.sleep(60)")
    start()
    assert process.recent(run).step == 0
    assert stop(run, deadlines=Deadlines(order=100.0, interrupt=60.0)) == "interrupt"


def test_the_whole_tree_ends_also_what_was_left_behind(child, until):
    code = """
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    subprocess.Popen(["sh", "-c", "sleep 61 & exit"])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    begin(); step(1); forever()
    """
    run, start = child(code)
    trainer = start()
    begun(run, until)
    until(lambda: len(process.family(run)) == 3)
    family = process.family(run)
    stop(run, deadlines=QUICK)
    assert not trainer.is_alive()
    until(lambda: not any(_runs(each) for each in family))


def test_children_of_a_trainer_that_obeyed_are_swept_up(child, until):
    code = 'subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])\n' + OBEDIENT
    run, start = child(code)
    start()
    begun(run, until)
    _, worker = process.family(run)
    assert stop(run, deadlines=PATIENT) == "order"
    until(lambda: not _runs(worker))


def test_what_does_not_run_is_not_stopped(child):
    run, start = child("begin()")
    assert stop(run) is None
    list(start().follow())
    assert stop(run, deadlines=QUICK) is None
    assert run.orders.read_bytes() == b""


def test_ctrl_c_in_the_program_that_follows_reaches_the_trainer(child, until):
    """The follower's process group alone is interrupted, as a terminal does it."""
    run, start = child("begin()\nn = 0\nwhile True:\n    n += 1; step(n); time.sleep(0.05)\n")
    start()
    code = """
        import sys
        from pathlib import Path
        from finetune_studio.runs import process
        run = process.attach(Path(sys.argv[1]))
        try:
            for event in run.follow():
                print(event.kind, flush=True)
        except KeyboardInterrupt:
            run.stop(deadlines=process.Deadlines(order=0.3, saving=0.3))
            sys.exit(130)
    """
    follower = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(run.path)],
        stdout=subprocess.PIPE,
        env=process.engine_environment(),
        start_new_session=True,
    )
    with follower:
        assert follower.stdout.readline()
        psutil.Process(follower.pid).send_signal(signal.SIGINT)
        follower.communicate(timeout=60)
    assert follower.returncode == 130
    until(lambda: not process.is_alive(run))


def _runs(each):
    return each.is_running() and each.status() != psutil.STATUS_ZOMBIE
