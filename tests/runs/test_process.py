"""Trainers as real processes: started once, found again, followed to whichever end."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.installed import MARK
from finetune_studio.runs import process
from finetune_studio.runs.events import Failed, Finished, Metrics, Notice
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.liveness import exit_code

GOOD = """
begin()
for n in range(1, 6):
    step(n, 5)
say("Finished", step=5, reason="finished")
"""
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")


def test_a_run_is_followed_to_its_end(child):
    run, start = child(GOOD)
    trainer = start()
    events = list(trainer.follow())
    assert [each.kind for each in events[:2]] == ["started", "phase"]
    assert [each.step for each in events if isinstance(each, Metrics)] == [1, 2, 3, 4, 5]
    assert isinstance(events[-1], Finished)
    assert trainer.outcome().sentence() == "Training finished."
    assert trainer.outcome().is_good
    assert list(process.follow(run)) == events  # the whole of it, also afterwards


def test_the_trainer_speaks_into_its_log_and_has_its_own_session(child):
    run, start = child(
        'begin(); print("출력"); print("오류", file=sys.stderr); os.write(1, b"raw")'
    )
    trainer = start()
    session = os.getsid(trainer.pid) if hasattr(os, "getsid") else None
    list(trainer.follow())
    text = run.log.read_text(encoding="utf-8")
    assert "출력" in text
    assert "오류" in text
    assert "raw" in text
    assert session in (None, trainer.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="ends the first thread alone")
def test_a_trainer_whose_threads_still_end_has_not_ended(child):
    """Its first thread is a zombie by then, which alone would look like the end."""
    code = """
    import ctypes, threading
    say("Failed", title="refused")
    threading.Thread(target=lambda: (time.sleep(1), os._exit(2))).start()
    ctypes.CDLL(None).pthread_exit(None)
    """
    trainer = child(code).start()
    list(trainer.follow())
    while trainer.is_alive():
        time.sleep(0.02)
    assert exit_code(trainer.folder) == 2


def test_much_output_does_not_hold_the_trainer_up(child):
    code = 'begin(); print("x" * 1_000_000); say("Finished", step=0)'
    events = list(child(code).start().follow())
    assert isinstance(events[-1], Finished)


@posix
@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed", "signal 9"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crashed", "SIGSEGV"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "interrupted", "SIGTERM"),
        ("os.kill(os.getpid(), signal.SIGINT)", "interrupted", "SIGINT"),
        ("sys.exit(3)", "exit-code", "exit code 3"),
        ("sys.exit(0)", "silent", "without saying"),
        ("raise MemoryError", "out-of-memory", "main memory"),
        ('raise OSError(28, "No space left on device")', "disk-full", "disk is full"),
        (
            'raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")',
            "out-of-gpu-memory",
            "GPU ran out",
        ),
    ],
)
def test_a_death_becomes_a_sentence(child, code, kind, words):
    run, start = child("begin(); step(1)\n" + code)
    trainer = start()
    last = list(trainer.follow())[-1]
    assert isinstance(last, Failed)
    assert trainer.outcome().kind == kind
    assert words in last.title
    assert last.hint
    assert "\n" not in last.title
    assert exit_code(run) is not None


@posix
def test_a_trainer_that_dies_before_its_first_word(child):
    run, start = child(GOOD)
    list(start().follow())
    warning = "import sys; print('a.py:3: FutureWarning: old', file=sys.stderr)\n"
    Path(f"{run.path}.py").write_text(warning + "import nonexistent_module\n")
    last = list(start().follow())[-1]
    assert isinstance(last, Failed)
    assert "exit code 1" in last.title
    assert "nonexistent_module" in last.detail
    assert "출력" not in last.detail
    assert "FutureWarning" not in last.detail


def test_a_broken_line_becomes_a_notice_and_the_rest_is_read(child):
    code = 'begin(); writer.write("{broken"); say("Finished", step=0)'
    events = list(child(code).start().follow())
    assert [each.code for each in events if isinstance(each, Notice)] == ["unreadable-event"]
    assert isinstance(events[-1], Finished)


def test_the_follower_can_leave_without_ending_the_run(child):
    trainer = child("begin(); forever()").start()
    leave = threading.Event()
    for _ in trainer.follow(leave):
        leave.set()
    assert trainer.is_alive()


def test_a_second_trainer_is_refused_and_the_first_goes_on(child):
    run, start = child("begin(); forever()")
    first = start()
    with pytest.raises(RefusedError, match="training already"):
        start()
    assert process.attach(run.path).pid == first.pid
    assert first.is_alive()


def test_of_many_that_start_at_once_one_wins(child):
    run, start = child("begin(); forever()")
    ends = []

    def attempt():
        try:
            ends.append(start().pid)
        except RefusedError:
            ends.append(None)

    threads = [threading.Thread(target=attempt) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [pid for pid in ends if pid] == [run.info().pid]
    assert len(ends) == 6


def test_a_starter_killed_in_the_act_leaves_no_lock(child):
    run, start = child(GOOD)
    code = (
        "import sys, time; from pathlib import Path\n"
        "from finetune_studio.runs.claim import claimed\n"
        "from finetune_studio.runs.folder import RunFolder\n"
        "with claimed(RunFolder(Path(sys.argv[1]))):\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(run.path)],
        stdout=subprocess.PIPE,
        env=process.engine_environment(),
    )
    with holder:
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(RefusedError, match="training already"):
            start()
        holder.kill()
        holder.wait()
    assert isinstance(list(start().follow())[-1], Finished)


def test_after_kill_9_the_folder_is_free_again(child):
    _, start = child("begin(); step(1); forever()")
    first = start()
    killed = first.pid
    psutil.Process(killed).kill()
    list(first.follow())
    second = start()
    assert second.pid != killed
    assert second.is_alive()


def test_a_number_that_another_process_has_now_is_no_trainer(child):
    """As after a power cut: the number is in use again, by somebody else."""
    run, start = child(GOOD)
    run.note(pid=os.getpid(), process_created=1.0, command=["another", "program"])
    assert not process.is_alive(run)
    last = list(process.follow(run))[-1]
    assert isinstance(last, Failed)
    assert isinstance(list(start().follow())[-1], Finished)


def test_a_run_older_than_the_computers_start_ended_with_the_power(child):
    run, _ = child(GOOD)
    run.events.touch()
    run.note(pid=2_000_000_000, process_created=1.0)
    before = psutil.boot_time() - 3600
    for path in (run.events, run.info_file):
        os.utime(path, (before, before))
    assert process.outcome(run).kind == "power-loss"


def test_the_end_of_an_earlier_trainer_is_not_the_end(child):
    _, start = child(GOOD)
    list(start().follow())
    events = list(start().follow())
    assert [type(each) for each in events].count(Finished) == 2
    assert isinstance(events[-1], Finished)


def test_a_run_is_found_again_by_another_process(child):
    run, start = child("begin(); step(1)\ntime.sleep(1.5)\nsay('Stopped', step=1, reason='x')")
    trainer = start()
    code = (
        "import sys; from pathlib import Path; from finetune_studio.runs import process\n"
        "found = process.attach(Path(sys.argv[1]))\n"
        "print(found.pid, found.is_alive(), [e.kind for e in found.follow()][-1])\n"
    )
    seen = subprocess.run(
        [sys.executable, "-c", code, str(run.path)],
        capture_output=True,
        text=True,
        check=True,
        env=process.engine_environment(),
    )
    assert seen.stdout.split() == [str(trainer.pid), "True", "stopped"]


def test_what_cannot_be_followed_or_started_is_refused(tmp_path, child):
    with pytest.raises(RefusedError, match="not a run"):
        process.attach(tmp_path / "nowhere")
    with pytest.raises(RefusedError, match="not a run"):
        process.start(RunFolder(tmp_path / "nowhere"))
    assert not (tmp_path / "nowhere").exists()
    run, _ = child(GOOD)
    with pytest.raises(RefusedError, match="never started"):
        list(process.follow(run))
    with pytest.raises(StudioError, match="cannot be started"):
        process.start(run, command=[str(tmp_path / "no such program")])
    assert not process.is_alive(run)
    run.recipe.unlink()
    with pytest.raises(RefusedError, match="no recipe"):
        process.start(run)


def test_orders_to_an_earlier_trainer_are_gone(child):
    code = """
    begin()
    heard = list(orders.read())
    say("Stopped", step=0, reason=",".join(heard) or "none")
    """
    run, start = child(code)
    process.give(run.orders, "cancel")
    assert list(start().follow())[-1] == process.recent(run).outcome
    assert process.recent(run).outcome.reason == "none"


def test_the_command_names_this_python(own_environment):
    assert process.engine_command("chat", "a b") == [
        sys.executable,
        "-m",
        "finetune_studio.engine.chat",
        "a b",
    ]
    command = process.trainer_command(Path("run"), resume=True)
    assert command[2:] == ["finetune_studio.engine.train", str(Path("run").absolute()), "--resume"]
    assert "--resume" not in process.trainer_command(Path("run"))


def test_a_recipe_for_unsloth_is_trained_beside_it(tmp_path, own_environment):
    run = RunFolder.create(tmp_path / "run")
    run.recipe.write_text("training: {engine: unsloth}", encoding="utf-8")
    command = process.trainer_command(run.path)
    assert command[2:] == ["finetune_studio.engine.with_unsloth", "train", str(run.path)]
    run.recipe.write_text("training: [", encoding="utf-8")  # the trainer says what is wrong
    assert process.trainer_command(run.path)[2] == "finetune_studio.engine.train"


def test_threads_wait_without_spinning_unless_the_person_says_so(monkeypatch):
    ours = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"}
    for name in ours:
        monkeypatch.delenv(name, raising=False)
    assert ours.items() <= process.engine_environment().items()
    theirs = {"OMP_WAIT_POLICY": "ACTIVE", "GOMP_SPINCOUNT": "5"}
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)
    assert theirs.items() <= process.engine_environment().items()


def test_a_frozen_app_is_told_which_python(monkeypatch, own_environment, home):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(StudioError, match="not set up"):
        process.engine_command("train")
    inside = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
    private = home / "environment" / inside
    private.parent.mkdir(parents=True)
    private.symlink_to(sys.executable)
    with pytest.raises(StudioError, match="not set up"):  # it was not made whole
        process.engine_command("train")
    (home / "environment" / MARK).write_text('{"build": "cpu"}', encoding="utf-8")
    assert process.engine_command("train")[0] == str(private)
    monkeypatch.setenv(process.PYTHON, sys.executable)
    assert process.engine_command("train")[0] == sys.executable
    monkeypatch.setenv(process.PYTHON, str(home / "nothing"))
    with pytest.raises(StudioError, match="cannot be run"):
        process.engine_command("train")


def test_a_long_history_comes_in_pieces(child):
    code = "begin()\nfor n in range(1, 2501): step(n, 2500)\nsay('Finished', step=2500)"
    run, start = child(code)
    start()
    sizes = [len(batch) for batch in process.follow_batches(run)]
    assert sum(sizes) == 2 + 2 * 2500 + 1
    assert max(sizes) <= 1000


@posix
def test_a_starter_that_is_interrupted_leaves_no_trainer_nobody_knows(child, monkeypatch):
    run, start = child("begin(); forever()")

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(RunFolder, "note", interrupted)
    with pytest.raises(KeyboardInterrupt):
        start()
    monkeypatch.undo()
    assert not [each for each in psutil.Process().children() if str(run.path) in words_of(each)]
    assert run.info().pid is None


def words_of(child):
    """The command of a child; none of one that has ended."""
    try:
        return child.cmdline()
    except psutil.NoSuchProcess:
        return []


@posix
def test_events_are_read_while_they_come(child):
    code = "n = 0\nbegin()\nwhile True: n += 1; step(n); time.sleep(0.01)\n"
    run, start = child(code)
    seen = list(itertools.islice(start().follow(), 20))
    assert len(seen) == 20
    os.kill(run.info().pid, signal.SIGTERM)
    last = list(process.follow(run))[-1]
    assert isinstance(last, Failed)
