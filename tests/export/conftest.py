"""Runs with a result that was never trained, and a Hub that takes uploads."""

import json
import random

import pytest

from tests.catalog.receiving import ReceivingHub
from tests.catalog.test_download import point_to
from tests.helpers.past import past_run

WEIGHTS = random.Random(7).randbytes(300_000)


@pytest.fixture
def run(tmp_path):
    """A finished run of an adapter, as the trainer leaves it, with a local base model."""
    folder = tmp_path / "기본 모델"
    folder.mkdir()
    changes = {"model__source": str(folder), "licence__model": "apache-2.0"}
    made = past_run(tmp_path / "내 실행", licence__data="cc0-1.0", name="도우미", **changes)
    made.result.mkdir()
    about = {"task": "chat", "method": "lora", "base": str(folder), "labels": []}
    config = {"base_model_name_or_path": str(folder), "r": 8, "peft_type": "LORA"}
    for name, content in {
        "adapter_model.safetensors": WEIGHTS,
        "adapter_config.json": json.dumps(config).encode(),
        "studio.json": json.dumps(about).encode(),
        "tokenizer.json": b'{"model": {}}',
        "training_args.bin": b"pickle",
        "optimizer.pt": b"states",
        "notes.txt": b"mine",
    }.items():
        (made.result / name).write_bytes(content)
    return made


@pytest.fixture
def server(monkeypatch, tmp_path):
    """A Hub for this process's client, with the token of `kim`, without Xet."""
    from huggingface_hub import constants
    from huggingface_hub.utils import close_session

    from finetune_studio.catalog import access

    for name in (*access.VARIABLES, "HF_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    monkeypatch.setattr(access, "_keyring", lambda: None)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    with ReceivingHub() as running:
        point_to(running.url, monkeypatch)
        running.tokens["hf_right"] = "kim"
        yield running
        close_session()
