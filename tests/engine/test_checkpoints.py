"""Only a checkpoint that is whole is used, and the best is never thrown away."""

import pytest

from finetune_studio.engine import checkpoints


def make(folder, step, sealed=True):
    path = folder / f"checkpoint-{step}"
    (path / "deeper").mkdir(parents=True)
    (path / "weights.safetensors").write_bytes(b"weights" * step)
    (path / "deeper" / "state.pt").write_bytes(b"state")
    if sealed:
        checkpoints.seal(path, step, {"best": [1.5, step], "waited": 2})
    return path


def names(folder):
    return sorted((checkpoints.step_of(each) for each in folder.iterdir()), key=int)


def test_a_seal_holds_every_file_and_the_progress(tmp_path):
    path = make(tmp_path, 3)
    assert checkpoints.is_sound(path)
    assert checkpoints.progress_of(path) == {"best": [1.5, 3], "waited": 2}


@pytest.mark.parametrize("harm", ["changed", "cut", "missing", "deeper", "seal"])
def test_every_damage_is_noticed_and_an_older_one_is_taken(tmp_path, harm):
    older, newer = make(tmp_path, 3), make(tmp_path, 10)
    weights = newer / "weights.safetensors"
    if harm == "changed":
        weights.write_bytes(weights.read_bytes().replace(b"w", b"v", 1))
    elif harm == "cut":
        weights.write_bytes(weights.read_bytes()[:-1])
    elif harm == "missing":
        weights.unlink()
    elif harm == "deeper":
        (newer / "deeper" / "state.pt").write_bytes(b"")
    else:
        (newer / checkpoints.SEAL).write_text("{", encoding="utf-8")
    assert checkpoints.newest_sound(tmp_path) == (older, [newer])


def test_steps_are_ordered_as_numbers_and_unsealed_ones_do_not_exist(tmp_path):
    for step in (9, 10, 100):
        make(tmp_path, step)
    make(tmp_path, 200, sealed=False)
    assert [checkpoints.step_of(each) for each in checkpoints.sealed(tmp_path)] == [9, 10, 100]
    assert checkpoints.newest_sound(tmp_path)[0] == tmp_path / "checkpoint-100"


def test_tidying_keeps_the_newest_and_the_best(tmp_path):
    best = make(tmp_path, 1)
    for step in (2, 3, 4):
        make(tmp_path, step)
    make(tmp_path, 5, sealed=False)
    checkpoints.tidy(tmp_path, 2, best, 4)
    assert names(tmp_path) == [1, 3, 4]


def test_what_was_saved_last_is_kept_before_what_another_way_left_behind(tmp_path):
    make(tmp_path, 4)
    damaged = make(tmp_path, 12)
    (damaged / "weights.safetensors").unlink()
    make(tmp_path, 8)  # saved after going on from 4
    checkpoints.tidy(tmp_path, 1, None, 8)
    assert names(tmp_path) == [8]


def test_nothing_sound_is_said(tmp_path):
    path = make(tmp_path, 1)
    (path / "weights.safetensors").unlink()
    assert checkpoints.newest_sound(tmp_path) == (None, [path])
