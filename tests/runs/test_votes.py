import pytest

from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.votes import Tally, tally, vote


@pytest.fixture
def run(tmp_path):
    return RunFolder.create(tmp_path / "실행")


def test_nobody_has_voted_yet(run):
    assert tally(run) == Tally()
    assert tally(run).total == 0


def test_votes_are_counted_by_side(run):
    answers = {"base": "아니요", "tuned": "네"}
    for side in ("tuned", "tuned", "base", "tie"):
        last = vote(run, side, "그래요?", answers)
    assert last == tally(run) == Tally(base=1, tuned=2, tie=1)


def test_lines_that_are_broken_count_for_nothing(run):
    vote(run, "base", "?", {})
    with (run.path / "votes.jsonl").open("ab") as file:
        file.write(b'{"vote": "other"}\nno json\n[1]\n{"vote": "tun')
    assert tally(run) == Tally(base=1)
    assert vote(run, "tuned", "?", {}) == Tally(base=1, tuned=1)
