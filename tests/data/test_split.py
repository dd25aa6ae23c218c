"""A row keeps its side, equal rows share it, groups stay together, and nothing leaks."""

import pytest
from datasets import Dataset

from finetune_studio.data.split import split_rows
from finetune_studio.errors import RefusedError


def texts(*values):
    return Dataset.from_dict({"text": list(values)})


def sides(data, share=0.2, **options):
    train, held = split_rows(data, share, **options)
    return train["text"][:], held["text"][:]


MANY = [f"row {number}" for number in range(2000)]


def test_about_the_share_is_held_and_order_is_kept():
    train, held = sides(texts(*MANY))
    assert 300 < len(held) < 500
    assert train == [row for row in MANY if row not in set(held)]
    assert held == [row for row in MANY if row in set(held)]


def test_a_row_stays_on_its_side_when_others_come_and_move():
    _, before = sides(texts(*MANY))
    _, after = sides(texts(*[f"new {n}" for n in range(500)], *reversed(MANY)))
    assert set(before) == {row for row in after if row.startswith("row")}


def test_equal_rows_share_a_side_whatever_their_normal_form_and_label():
    same = ["한글", "\u1112\u1161\u11ab\u1100\u1173\u11af ", "b", "c"]
    data = Dataset.from_dict({"text": same * 9, "label": list("0123") * 9})
    for seed in range(20):
        train, held = split_rows(data, 0.5, seed=seed)
        plain = [{text.strip()[:1] for text in side["text"][:]} for side in (train, held)]
        assert ("한" in plain[0]) == ("\u1112" in plain[0]) != ("한" in plain[1])
        assert not set(train["text"][:]) & set(held["text"][:])


def test_conversations_are_split_by_what_is_said():
    rows = [{"messages": [{"role": "user", "content": str(n % 30)}]} for n in range(60)]
    train, held = split_rows(Dataset.from_list(rows), 0.3)
    said = [{row["messages"][0]["content"] for row in side.to_list()} for side in (train, held)]
    assert not said[0] & said[1]
    assert len(train) + len(held) == 60


@pytest.mark.parametrize("share", [0.001, 0.01, 0.5])
@pytest.mark.parametrize("count", [2, 3, 5, 10])
def test_each_side_gets_a_row_where_two_differ(share, count):
    for seed in range(10):
        train, held = sides(texts(*MANY[:count]), share, seed=seed)
        assert train
        assert held


def test_where_all_rows_are_equal_all_are_learned():
    assert sides(texts(*["a"] * 5)) == (["a"] * 5, [])
    assert sides(texts()) == ([], [])


def test_a_share_of_nothing_holds_nothing():
    assert sides(texts(*MANY[:9]), 0.0) == (MANY[:9], [])


def test_groups_stay_together_and_equal_rows_do_not_leak():
    data = Dataset.from_dict(
        {"text": [f"t{n % 700}" for n in range(1000)], "film": [f"f{n % 50}" for n in range(1000)]}
    )
    train, held = split_rows(data, 0.2, group="film")
    assert not set(train["film"][:]) & set(held["film"][:])
    assert not set(train["text"][:]) & set(held["text"][:])
    assert len(held)


def test_another_seed_makes_another_split_and_the_same_seed_the_same():
    data = texts(*MANY)
    first, again, other = (split_rows(data, 0.2, seed=seed)[1] for seed in (0, 0, 1))
    assert first["text"][:] == again["text"][:] != other["text"][:]
    assert first._fingerprint == again._fingerprint != other._fingerprint
    assert split_rows(data, 0.2, seed=2**70)[1]["text"][:] != first["text"][:]


def test_a_group_that_is_not_there_is_refused():
    with pytest.raises(RefusedError, match="film"):
        split_rows(texts("a"), 0.1, group="film")
