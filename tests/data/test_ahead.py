"""Batches worked on ahead: in order, few at hand, errors heard where they belong."""

import threading

import pytest

from finetune_studio.data.ahead import worked_ahead


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_every_batch_comes_in_order_with_what_was_made(threads, count):
    made = list(worked_ahead(range(count), lambda n: n * n, threads))
    assert made == [(n, n * n) for n in range(count)]


@pytest.mark.parametrize("threads", [1, 2])
def test_one_batch_more_is_held_than_threads(threads):
    taken = []

    def batches():
        for n in range(10):
            taken.append(n)
            yield n

    for place, _ in enumerate(worked_ahead(batches(), lambda n: n, threads)):
        assert len(taken) <= place + threads + 1


def test_what_the_work_raises_is_raised_and_no_thread_is_left():
    def work(number):
        if number == 2:
            raise ValueError("two")
        return number

    before = set(threading.enumerate())
    made = worked_ahead(range(5), work, 2)
    assert [next(made), next(made)] == [(0, 0), (1, 1)]
    with pytest.raises(ValueError, match="two"):
        next(made)
    assert set(threading.enumerate()) <= before
