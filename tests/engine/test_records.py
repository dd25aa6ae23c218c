"""The trainer's ear: it hears orders, and that its run is gone."""

import os
import shutil

import pytest

from finetune_studio.engine.records import Records
from finetune_studio.errors import StudioError
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.orders import give


@pytest.fixture
def run(tmp_path):
    return RunFolder.create(tmp_path / "run", "run")


def test_orders_are_heard_once(run):
    give(run.orders, "pause")  # to an earlier trainer
    with Records(run) as records:
        assert records.read_orders() == []
        give(run.orders, "stop-and-save")
        assert records.read_orders() == ["stop-and-save"]
        assert records.read_orders() == []


def test_a_trainer_whose_run_is_gone_ends(run):
    with Records(run) as records:
        shutil.rmtree(run.path)
        with pytest.raises(StudioError, match="folder is gone"):
            records.read_orders()


def test_a_disk_that_does_not_answer_ends_no_training(run, monkeypatch):
    def stat(path):
        raise OSError(5, "Input/output error")

    with Records(run) as records:
        monkeypatch.setattr(os, "stat", stat)
        assert records.read_orders() == []
