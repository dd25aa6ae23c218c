"""Model folders: what is found in a good one, and one clear sentence for each bad one."""

import json
import struct

import pytest

from finetune_studio.catalog.local import context_length, inspect_model
from finetune_studio.catalog.weights import INDEX, read_header
from finetune_studio.errors import RefusedError


def refused(folder, **options):
    with pytest.raises(RefusedError) as caught:
        inspect_model(folder, **options)
    error = caught.value
    assert error.title
    assert error.hint
    assert "\n" not in str(error)
    return str(error)


def test_a_whole_model(write_model):
    folder = write_model()
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# x", encoding="utf-8")
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    facts = inspect_model(folder)
    assert (facts.model_type, facts.architecture) == ("llama", "LlamaForCausalLM")
    assert facts.parameters == 2 * 128 * 32
    assert facts.dtypes == {"BF16": 2 * 128 * 32}
    assert (facts.context, facts.licence) == (256, "apache-2.0")
    assert facts.fast_tokenizer
    assert facts.chat_template
    assert not facts.custom_code
    assert facts.weight_bytes == (folder / "model.safetensors").stat().st_size


def test_a_stored_copy_of_tied_weights_counts_once(write_model):
    assert inspect_model(write_model(tie_word_embeddings=True)).parameters == 128 * 32


def test_quantised_weights_are_not_counted_as_parameters(write_model):
    facts = inspect_model(write_model(quantization_config={"quant_method": "bitsandbytes"}))
    assert facts.quantization == "bitsandbytes"
    assert facts.parameters is None


def test_shards(write_model, shards):
    folder = write_model()
    shards(
        folder, {"model-1-of-2.safetensors": {"a": [2, 2]}, "model-2-of-2.safetensors": {"b": [3]}}
    )
    assert inspect_model(folder).parameters == 7


def test_a_missing_shard(write_model, shards):
    folder = write_model()
    shards(folder, {"model-1-of-2.safetensors": {"a": [2]}, "model-2-of-2.safetensors": {"b": [3]}})
    (folder / "model-2-of-2.safetensors").unlink()
    assert "“model-2-of-2.safetensors” is missing" in refused(folder)


def test_an_index_that_names_a_tensor_no_shard_holds(write_model, shards):
    folder = write_model()
    shards(folder, {"model-1-of-1.safetensors": {"a": [2]}})
    index = {"weight_map": {"a": "model-1-of-1.safetensors", "z": "model-1-of-1.safetensors"}}
    (folder / INDEX).write_text(json.dumps(index))
    assert "such as “z”" in refused(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": {"a": "../x.safetensors"}}'])
def test_an_index_that_is_none(write_model, text):
    folder = write_model()
    (folder / INDEX).write_text(text)
    assert INDEX in refused(folder)


def test_a_truncated_file(write_model):
    folder = write_model()
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])
    assert "1000 of its 16384 bytes are missing" in refused(folder)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x01",
        struct.pack("<Q", 2**60) + b"{}",
        struct.pack("<Q", 4) + b"{{{{",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 9) + b'{"a": []}',
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    ],
    ids=["empty", "short", "huge", "no JSON", "a list", "no entry", "git-lfs pointer"],
)
def test_a_damaged_file(write_model, content):
    folder = write_model()
    (folder / "model.safetensors").write_bytes(content)
    assert "damaged" in refused(folder)


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "BF16", "shape": [4], "data_offsets": [0, 4]},
        {"dtype": "BF16", "shape": [-4], "data_offsets": [0, 8]},
        {"dtype": "XX", "shape": [4], "data_offsets": [0, 8]},
        {"dtype": "BF16", "shape": ["x"], "data_offsets": [0, 8]},
        {"dtype": "BF16", "shape": [4], "data_offsets": [8, 0]},
        {"dtype": "BF16", "shape": [4]},
    ],
)
def test_a_header_that_contradicts_itself(tmp_path, entry):
    text = json.dumps({"a": entry}).encode()
    file = tmp_path / "a.safetensors"
    file.write_bytes(struct.pack("<Q", len(text)) + text + bytes(8))
    with pytest.raises(RefusedError, match="contradicts"):
        read_header(file)


def test_no_such_folder(tmp_path):
    assert "no such folder" in refused(tmp_path / "없음")


def test_a_folder_without_a_model(tmp_path):
    assert "no config.json" in refused(tmp_path)


def test_a_file_instead_of_a_folder(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"")
    assert "not a model folder" in refused(tmp_path / "a.safetensors")


def test_a_gguf_file_and_a_folder_of_them(tmp_path):
    (tmp_path / "model.Q4_K_M.gguf").write_bytes(b"GGUF")
    assert "GGUF" in refused(tmp_path / "model.Q4_K_M.gguf")
    assert "model.Q4_K_M.gguf" in refused(tmp_path)


def test_a_gguf_beside_a_config(write_model):
    folder = write_model()
    (folder / "model.safetensors").rename(folder / "x.gguf")
    assert "GGUF" in refused(folder)


def test_an_adapter_folder_names_its_base(tmp_path):
    about = {"base_model_name_or_path": "Qwen/Qwen3-0.6B"}
    (tmp_path / "adapter_config.json").write_text(json.dumps(about))
    (tmp_path / "adapter_model.safetensors").write_bytes(b"")
    assert "Qwen/Qwen3-0.6B" in refused(tmp_path)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "last.ckpt"])
def test_pickles_are_refused(write_model, name):
    folder = write_model()
    (folder / "model.safetensors").rename(folder / name)
    assert f"“{name}” is a pickle file" in refused(folder)


def test_no_weights_at_all(write_model):
    folder = write_model()
    (folder / "model.safetensors").unlink()
    assert "no weights" in refused(folder)


def test_no_tokenizer(write_model):
    folder = write_model()
    (folder / "tokenizer.json").unlink()
    assert "no tokenizer" in refused(folder)
    (folder / "vocab.json").write_text("{}")
    (folder / "merges.txt").write_text("")
    assert not inspect_model(folder).fast_tokenizer


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "\x00", "[" * 100_000])
def test_a_config_that_is_none(write_model, text):
    folder = write_model()
    (folder / "config.json").write_text(text)
    assert "config.json" in refused(folder)


def test_a_config_without_a_type(write_model):
    assert "model_type" in refused(write_model(model_type=None))


def test_an_unknown_type(write_model):
    assert "exaone9" in refused(write_model(model_type="exaone9"))


def test_a_model_that_writes_no_text(write_model):
    assert "does not write text" in refused(write_model(model_type="t5"))


def test_a_shape_that_transformers_cannot_load(write_model):
    folder = write_model(hidden_size=1792, num_attention_heads=24, head_dim=128)
    assert "1792" in refused(folder)


def test_own_code_is_refused_until_the_person_agrees(write_model):
    folder = write_model(model_type="kormo", auto_map={"AutoModelForCausalLM": "modeling.Kormo"})
    assert "own code" in refused(folder)
    assert inspect_model(folder, trust_remote_code=True).custom_code


def test_a_class_that_replaces_a_known_one_is_own_code_too(write_model):
    folder = write_model(auto_map={"AutoModelForCausalLM": "evil.Other"})
    assert "evil.Other" in refused(folder)


def test_a_copy_of_the_class_that_transformers_has_is_not_needed(write_model):
    folder = write_model(auto_map={"AutoModelForCausalLM": "modeling_llama.LlamaForCausalLM"})
    assert not inspect_model(folder).custom_code


def test_a_tokenizer_of_its_own_is_own_code(write_model):
    folder = write_model()
    (folder / "tokenizer.json").rename(folder / "vocab.txt")
    about = {"auto_map": {"AutoTokenizer": ["tok.Own", None]}}
    (folder / "tokenizer_config.json").write_text(json.dumps(about))
    assert "tok.Own" in refused(folder)


@pytest.mark.parametrize(
    ("config", "context"),
    [
        ({"n_positions": 1024}, 1024),
        ({"text_config": {"max_position_embeddings": 4096}}, 4096),
        ({"max_position_embeddings": 10**30}, 0),
        ({"max_position_embeddings": 0}, 0),
        ({"max_position_embeddings": "many"}, 0),
        ({}, 0),
    ],
)
def test_the_context(config, context):
    assert context_length(config) == context


@pytest.mark.parametrize("readme", ["---\nlicense: [\n---\n", "---\n- a\n---\n", "no header", ""])
def test_a_readme_without_a_licence(write_model, readme):
    folder = write_model()
    (folder / "README.md").write_text(readme)
    assert inspect_model(folder).licence == ""


def test_a_licence_by_name(write_model):
    folder = write_model()
    (folder / "README.md").write_text("---\nlicense: other\nlicense_name: exaone\n---\n")
    assert inspect_model(folder).licence == "exaone"
