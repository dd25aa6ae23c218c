"""Model folders made on the spot: whole ones, and each kind of broken one."""

import json
import struct

import pytest

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": 128,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "tie_word_embeddings": False,
}
SHAPES = {"model.embed_tokens.weight": [128, 32], "lm_head.weight": [128, 32]}


def safetensors(shapes, dtype="BF16", size=2):
    """The bytes of a safetensors file with zeros of these shapes."""
    header, end = {}, 0
    for name, shape in shapes.items():
        start, end = end, end + size * _product(shape)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(end)


def _product(shape):
    result = 1
    for number in shape:
        result *= number
    return result


@pytest.fixture
def write_model(tmp_path):
    """Writes a small whole model folder; keyword arguments change its config."""

    def write(name="모델 하나", shapes=None, **changes):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({**CONFIG, **changes}))
        (folder / "model.safetensors").write_bytes(safetensors(shapes or SHAPES))
        (folder / "tokenizer.json").write_text("{}")
        return folder

    return write


@pytest.fixture
def shards():
    """Replaces a model's one weight file by several and an index."""

    def write(folder, files):
        (folder / "model.safetensors").unlink()
        places = {}
        for name, shapes in files.items():
            (folder / name).write_bytes(safetensors(shapes))
            places |= dict.fromkeys(shapes, name)
        index = folder / "model.safetensors.index.json"
        index.write_text(json.dumps({"weight_map": places}))

    return write
