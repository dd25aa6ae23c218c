"""The folder of an export, what it says of itself, and where its run and llama.cpp are found."""

import json
import shutil
import tarfile

import pytest

from finetune_studio import paths
from finetune_studio.errors import RefusedError
from finetune_studio.export import about, llama
from finetune_studio.export.fetching import unpack_converter
from finetune_studio.export.files import listed, refuse_full, whole_or_not
from finetune_studio.runs.folder import RunFolder


@pytest.fixture
def run(tmp_path):
    made = RunFolder.create(tmp_path / "실행")
    made.result.mkdir()
    (made.result / "adapter_model.safetensors").write_bytes(b"weights" * 100)
    document = {"task": "chat", "method": "lora", "base": str(tmp_path), "labels": []}
    (made.result / "studio.json").write_text(json.dumps(document), encoding="utf-8")
    return made


def export_of(run, folder):
    folder.mkdir(parents=True)
    about.write(folder, run, "adapter")
    return folder


def test_a_folder_is_whole_readable_and_listed(tmp_path):
    out = tmp_path / "한글 폴더" / "out"
    with whole_or_not(out) as part:
        (part / "a").write_text("abc")
        (part / "a").chmod(0o600)
        assert not out.exists()
    assert (out / "a").stat().st_mode & 0o777 == 0o644
    assert listed(out) == [
        {
            "name": "a",
            "bytes": 3,
            "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        }
    ]


@pytest.mark.parametrize("error", [OSError(28, "No space left"), KeyboardInterrupt()])
def test_a_folder_that_is_not_finished_is_gone(tmp_path, error):
    def write():
        with whole_or_not(tmp_path / "out") as part:
            (part / "a").write_text("half")
            raise error

    with pytest.raises(type(error)):
        write()
    assert list(tmp_path.iterdir()) == []


def test_what_an_earlier_export_left_half_written_is_replaced(tmp_path):
    (tmp_path / "out.part").mkdir()
    (tmp_path / "out.part" / "old").write_text("half")
    with whole_or_not(tmp_path / "out") as part:
        (part / "new").write_text("whole")
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["new"]


def test_a_taken_place_is_refused(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(RefusedError, match="exists already"), whole_or_not(tmp_path / "out"):
        pass
    assert (tmp_path / "out").read_text() == "a file"


def test_a_disk_without_room_is_refused_with_figures(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(RefusedError) as caught:
        refuse_full(tmp_path / "not there yet", 16_000_000_000)
    assert "16.0 GB" in caught.value.detail


def test_a_base_model_is_called_without_its_place(tmp_path):
    cached = "/home/kim/.cache/huggingface/hub/models--Qwen--Qwen3-8B/snapshots/abc"
    assert about.public_name(cached) == "Qwen/Qwen3-8B"
    assert about.public_name("Qwen/Qwen3-8B") == "Qwen/Qwen3-8B"
    assert about.public_name(str(tmp_path)) == tmp_path.name


def test_an_export_names_no_place_and_finds_its_run(run, tmp_path):
    export = export_of(run, tmp_path / "elsewhere" / "out")
    assert str(tmp_path) not in (export / "studio.json").read_text(encoding="utf-8")
    with pytest.raises(RefusedError, match="not known here"):
        about.run_of(export, about.read(export))
    assert about.run_of(export, about.read(export), run.path) == run
    about.remember(export, run)
    assert about.run_of(export, about.read(export)).path == run.path


def test_an_export_within_its_run_finds_it(run):
    export = export_of(run, run.path / "exports" / "adapter")
    assert about.run_of(export, about.read(export)).path == run.path


def test_an_export_is_found_among_all_runs(run, tmp_path):
    export = export_of(run, tmp_path / "elsewhere" / "deep" / "out")
    paths.runs().mkdir(parents=True)
    shutil.move(run.path, paths.runs() / "실행")
    assert about.run_of(export, about.read(export)).path == paths.runs() / "실행"


def test_a_run_that_was_trained_further_is_refused(run, tmp_path):
    export = export_of(run, tmp_path / "out")
    (run.result / "adapter_model.safetensors").write_bytes(b"others!" * 100)
    with pytest.raises(RefusedError, match="other weights"):
        about.run_of(export, about.read(export), run.path)


@pytest.mark.parametrize("text", [None, "", "[1]", "{"])
def test_what_is_no_export_is_refused(tmp_path, text):
    if text is not None:
        (tmp_path / "studio.json").write_text(text)
    with pytest.raises(RefusedError, match="not an export"):
        about.read(tmp_path)


def test_llama_cpp_that_is_missing_is_named_with_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("FINETUNE_STUDIO_LLAMA", str(tmp_path / "없음"))
    with pytest.raises(RefusedError) as caught:
        llama.converter()
    assert caught.value.hint.endswith("finetune-studio setup gguf")
    assert str(tmp_path / "없음") in caught.value.detail
    if not llama.find().runs:  # it may be installed beside the program
        with pytest.raises(RefusedError, match="llama-cpp-python"):
            llama.runtime()


def test_the_converter_is_taken_out_of_the_source_archive(tmp_path, monkeypatch):
    top = tmp_path / "llama_cpp_python-1"
    inside = top / "vendor" / "llama.cpp"
    (inside / "conversion").mkdir(parents=True)
    (inside / "conversion" / "base.py").write_text("x = 1")
    (inside / "convert_hf_to_gguf.py").write_text("y = 2")
    (inside / "src.cpp").write_text("not wanted")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(top, top.name)
        escaping = f"{top.name}/vendor/llama.cpp/conversion/../../../out.py"
        archive.add(inside / "src.cpp", escaping)
    monkeypatch.setenv("FINETUNE_STUDIO_LLAMA", str(tmp_path / "라마"))
    unpack_converter(tmp_path / "a.tar.gz", llama.place() / "convert")
    assert sorted(p.name for p in llama.converter().rglob("*")) == [
        "base.py",
        "conversion",
        "convert_hf_to_gguf.py",
    ]
    assert not list(tmp_path.rglob("out.py"))
