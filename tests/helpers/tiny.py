"""A model folder small enough to train in seconds: Llama-shaped, random weights, own tokenizer."""

import json
from pathlib import Path

WORDS = [
    "나는 학교에 간다. 오늘은 날씨가 좋다. 영화가 재미있다. 배가 고프다. 친구를 만났다.",
    "The quick brown fox jumps over the lazy dog. A good film. A bad film. Hello there!",
]
TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{% if m['role'] == 'assistant' %}{% generation %}"
    "{{ m['content'] }}<|end|>{% endgeneration %}{% else %}{{ m['content'] }}<|end|>{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPECIALS = ["<|pad|>", "<|bos|>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"]


def make_tokenizer(folder: Path, *, template: str | None = TEMPLATE, pad: bool = True) -> None:
    """Write tokenizer.json and its configuration: byte-level, Korean and English, 600 tokens."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=SPECIALS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(WORDS * 50, trainer)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<|bos|>",
        "eos_token": "<|end|>",
        "model_max_length": 256,
    }
    if pad:
        config["pad_token"] = "<|pad|>"
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    if template:
        (folder / "chat_template.jinja").write_text(template, encoding="utf-8")


def make_model(folder: Path, *, template: str | None = TEMPLATE, pad: bool = True) -> Path:
    """Write a whole model folder, about 100,000 parameters; returns it."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    make_tokenizer(folder, template=template, pad=pad)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=600,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


OWN_CODE = """from transformers import LlamaConfig, LlamaForCausalLM
class OwnConfig(LlamaConfig):
    model_type = "own"
class OwnForCausalLM(LlamaForCausalLM):
    config_class = OwnConfig
"""


def with_own_code(folder: Path) -> Path:
    """Let a model folder bring its own classes, as models do that transformers does not know."""
    file = folder / "config.json"
    about = json.loads(file.read_text(encoding="utf-8"))
    about |= {"model_type": "own", "architectures": ["OwnForCausalLM"]}
    about["auto_map"] = {"AutoConfig": "own.OwnConfig"}
    about["auto_map"]["AutoModelForCausalLM"] = "own.OwnForCausalLM"
    file.write_text(json.dumps(about), encoding="utf-8")
    (folder / "own.py").write_text(OWN_CODE, encoding="utf-8")
    return folder
