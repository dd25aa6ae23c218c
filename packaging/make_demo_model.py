"""Makes the embedded demo model, step by step, through the program's own engine.

From the checkout, with the film reviews in DATA:

    python packaging/make_demo_model.py tokenizer DATA   # build/demo/base: tokenizer and template
    python packaging/make_demo_model.py corpus DATA      # build/demo/{learn,measure}.parquet
    python packaging/make_demo_model.py base             # build/demo/base: random weights
    python packaging/make_demo_model.py recipe           # build/demo/recipe.yaml
    python -m finetune_studio train build/demo/recipe.yaml --out build/demo/run   # on a GPU
    python packaging/make_demo_model.py card build/demo/run     # resources/models/demo
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "demo"
TOKENS = 300_000_000
"""What is learned from, every repetition counted: about 40 tokens a parameter."""
SHAPE = {
    "hidden_size": 256,
    "intermediate_size": 768,
    "num_hidden_layers": 6,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
}
"""Every width is a multiple of 256, the block of the k-quants of GGUF."""


def main() -> None:
    """Do the step that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    steps = parser.add_subparsers(dest="step", required=True)
    for name in ("tokenizer", "corpus"):
        steps.add_parser(name).add_argument("data", type=Path)
    steps.add_parser("base")
    steps.add_parser("recipe").add_argument("--tokens", type=int, default=TOKENS)
    steps.add_parser("card").add_argument("run", type=Path)
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    BUILD.mkdir(parents=True, exist_ok=True)
    if options.step == "tokenizer":
        tokenizer(options.data)
    elif options.step == "corpus":
        corpus(options.data)
    elif options.step == "base":
        base()
    elif options.step == "recipe":
        recipe(options.tokens)
    else:
        from demo_card import write_model

        write_model(options.run, ROOT / "resources" / "models" / "demo", BUILD)


def tokenizer(data: Path) -> None:
    """Train the tokenizer on what the model will learn."""
    import demo_tokenizer
    from demo_corpus import english, learned, reviews

    own = english()
    texts = [review.text for review in learned(reviews(data))]
    times = round(0.04 * sum(map(len, texts)) / sum(map(len, own)))  # words, not only letters
    demo_tokenizer.write(demo_tokenizer.train([*texts, *own * times]), BUILD / "base")


def corpus(data: Path) -> None:
    """Write the documents, and what there is of them."""
    import pyarrow as pa
    from demo_corpus import english
    from demo_documents import documents
    from pyarrow import parquet
    from tokenizers import Tokenizer

    reader = Tokenizer.from_file(str(BUILD / "base" / "tokenizer.json"))
    counts: dict[str, Any] = {"english_words": sum(len(line.split()) for line in english())}
    for name, texts in zip(("learn", "measure"), documents(data), strict=True):
        path = BUILD / f"{name}.parquet"
        table = pa.table({"text": texts})
        parquet.write_table(table, path, compression="zstd", compression_level=19)
        lengths = [len(found.ids) + 1 for found in reader.encode_batch(texts)]  # with <|end|>
        counts[name] = {
            "documents": len(texts),
            "characters": sum(map(len, texts)),
            "tokens": sum(lengths),
            "longest": max(lengths),
            "bytes": path.stat().st_size,
        }
    (BUILD / "corpus.json").write_text(json.dumps(counts, indent=1), encoding="utf-8")
    print(json.dumps(counts))


def base() -> None:
    """Write the model with random weights, and say how many parameters it has."""
    import torch
    from demo_tokenizer import BOS, CONTEXT, END, PAD, SPECIALS, VOCABULARY
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        pad_token_id=SPECIALS.index(PAD),
        bos_token_id=SPECIALS.index(BOS),
        eos_token_id=SPECIALS.index(END),
        **SHAPE,
    )
    model = LlamaForCausalLM(config).to(torch.bfloat16)  # half the size to carry to a GPU
    model.save_pretrained(BUILD / "base")
    print(json.dumps({"parameters": model.num_parameters()}))


def recipe(tokens: int) -> None:
    """Write the recipe for learning about so many tokens."""
    from finetune_studio.recipe import store
    from finetune_studio.recipe.schema import Recipe

    counts = json.loads((BUILD / "corpus.json").read_text(encoding="utf-8"))
    changes = {
        "name": "demo-base",
        "model.source": "./base",
        "task.kind": "text",
        "data.files": ["learn.parquet"],
        "data.validation_files": ["measure.parquet"],
        "data.shape": "text",
        "data.mapping": {"text": "text"},
        "method.kind": "full",
        "training.learning_rate": 2e-3,
        "training.epochs": round(tokens / counts["learn"]["tokens"], 2),
        "training.batch_size": 128,
        "training.accumulation": 1,
        "training.sequence_length": 512,
        "training.packing": True,
        "training.schedule": "cosine",
        "training.warmup_ratio": 0.02,
        "training.optimizer": "adamw",
        "training.weight_decay": 0.1,
        "training.adam_beta2": 0.95,
        "training.gradient_checkpointing": "off",
        "training.seed": 0,
        "evaluation.every": 0.05,
        "evaluation.early_stopping.enabled": False,
        "evaluation.prompts": ["이 영화는", "배우들의 연기가", "The old man"],
        "evaluation.sample_tokens": 40,
        "checkpoints.every": 0.05,
        "licence.model": "apache-2.0",
        "licence.data": "cc0-1.0",
    }
    store.save(store.with_changes(Recipe(), changes), BUILD / "recipe.yaml")


if __name__ == "__main__":
    main()
