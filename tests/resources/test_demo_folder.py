"""The embedded demo model as it is shipped: small, whole, readable by anyone, and trained."""

import json
import re

import pytest

from finetune_studio import paths
from finetune_studio.catalog.local import inspect_model

FOLDER = paths.resources() / "models" / "demo"
SAMPLES = paths.resources() / "samples"
FILES = {
    "README.md",
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
}

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the demo model is not made yet")


def test_the_folder_holds_these_files_and_anyone_may_read_them():
    assert {file.name for file in FOLDER.iterdir()} == FILES
    assert all(file.stat().st_mode & 0o777 == 0o644 for file in FOLDER.iterdir())


def test_the_model_is_small_and_whole():
    facts = inspect_model(FOLDER)
    assert facts.model_type == "llama"
    assert 5_000_000 < facts.parameters <= 8_000_000
    assert facts.weight_bytes < 16_000_000
    assert set(facts.dtypes) == {"BF16"}
    assert facts.context == 1024
    assert facts.fast_tokenizer
    assert facts.chat_template
    assert not facts.custom_code
    assert facts.licence == "apache-2.0"


def test_the_tokens_that_begin_end_and_pad_are_those_of_the_tokenizer():
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    wanted = {"pad": "<|pad|>", "bos": "<|bos|>", "eos": "<|end|>"}
    for name in ("config.json", "generation_config.json"):
        about = json.loads((FOLDER / name).read_text(encoding="utf-8"))
        for role, token in wanted.items():
            assert about[f"{role}_token_id"] == tokenizer.token_to_id(token)
    config = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    assert config["vocab_size"] == tokenizer.get_vocab_size()
    assert config["tie_word_embeddings"] is True


def test_no_common_syllable_is_cut():
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    text = (SAMPLES / "korean_text.txt").read_text(encoding="utf-8")
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    assert tokenizer.decode(ids) == text
    assert len(text) / len(ids) > 1.9
    assert sum("�" in tokenizer.decode([each]) for each in ids) / len(ids) < 0.005


def test_the_card_says_what_it_is_with_figures_of_its_run():
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "learning the tool" in card
    assert "e9t/nsmc" in card
    assert "CC0" in card
    assert not re.search(r"[{}]", card)
    assert f"{inspect_model(FOLDER).parameters:,} parameters" in card
    before, after = re.search(r"\| loss .*\| ([\d.]+) \| ([\d.]+) \|", card).groups()
    assert float(after) < 0.6 * float(before)


def test_it_has_learned_korean():
    """Its loss on reviews of held-out films is near the card's, far below that of a guess (9)."""
    torch = pytest.importorskip("torch", reason="needs_train: the extra `train` is not installed")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    lines = (SAMPLES / "korean_text.txt").read_text(encoding="utf-8").splitlines()[:50]
    total = count = 0.0
    with torch.no_grad():
        for line in lines:
            ids = torch.tensor([[*tokenizer(line)["input_ids"], tokenizer.eos_token_id]])
            learned = ids.shape[1] - 1
            total += model(input_ids=ids, labels=ids).loss.item() * learned
            count += learned
    assert total / count < 5.0
