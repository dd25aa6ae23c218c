"""Hashes that are made ahead are those of the files, or none."""

import hashlib
import os

from finetune_studio.export.hashing import Hashes


def written(folder, name, content):
    file = folder / name
    file.write_bytes(content)
    return file


def test_large_files_are_hashed_ahead(tmp_path):
    (tmp_path / "result").mkdir()
    files = [
        written(tmp_path, "model.gguf", b"a" * 3_000_000),
        written(tmp_path / "result", "model.safetensors", os.urandom(100)),
        written(tmp_path, "adapter_model.safetensors", b""),
    ]
    hashes = Hashes((tmp_path, tmp_path / "result", tmp_path / "nothing"))
    for file in files:
        assert hashes.of(file) == hashlib.sha256(file.read_bytes()).digest()


def test_others_are_not(tmp_path):
    config = written(tmp_path, "config.json", b"{}")
    elsewhere = written(tmp_path, "model.gguf", b"a")
    assert Hashes((tmp_path,)).of(config) is None
    assert Hashes((tmp_path / "result",)).of(elsewhere) is None


def test_a_file_that_changed_since_has_none(tmp_path):
    file = written(tmp_path, "model.safetensors", b"before")
    hashes = Hashes((tmp_path,))
    assert hashes.of(file)
    written(tmp_path, "model.safetensors", b"afterwards")
    assert hashes.of(file) is None
    file.unlink()
    assert hashes.of(file) is None


def test_a_folder_named_so_is_no_file(tmp_path):
    (tmp_path / "odd.gguf").mkdir()
    assert Hashes((tmp_path,)).of(tmp_path / "odd.gguf") is None
