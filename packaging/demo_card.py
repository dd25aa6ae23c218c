"""Turns a finished pre-training run into resources/models/demo: bf16 weights and a card.

The figures in the card come from the run's events and the corpus's counts, none from here.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from finetune_studio.runs.events import EventReader, Finished
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.state import RunState, fold

MOST_PARAMETERS = 8_000_000
MOST_BYTES = 16_000_000
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")

CARD = """\
---
license: apache-2.0
language: [ko, en]
library_name: transformers
pipeline_tag: text-generation
---

# The demo model of Finetune Studio

A Llama-shaped language model with {parameters:,} parameters, trained from scratch for this
project so that anyone can learn fine-tuning without a download and without a GPU. **It is for
learning the tool only.** It continues text in the manner of short film reviews. It knows no facts,
follows no instructions and has never seen a conversation; what it writes can be false, rude or
senseless. Do not use it for anything that matters.

## What it is

{layers} layers, width {width}, {heads} attention heads, {inner} in the feed-forward layers, tied
embeddings, rotary positions, a context of {context:,} tokens (it was trained on up to
{sequence:,}), weights in bfloat16. Its tokenizer is byte-level BPE with {vocabulary:,} tokens,
trained on the same text: Korean first, then English, bytes for everything else, no syllable cut
where it is common. Reviews that it never learned take one token for {per_token:.2f} characters.
The chat template and the tokens `<|user|>`, `<|assistant|>` and `<|system|>` are there to be
trained; `<|end|>` ends every document and every turn.

## What it was trained on

* Korean film reviews: Naver sentiment movie corpus, raw files (github e9t/nsmc), CC0 1.0. The text
  alone; ratings were not given. Each review once by itself and once among others of its film.
* {english:,} words of English written for this project, Apache-2.0, repeated to 2 % of the
  characters.

Left out by rule: the reviews of every film whose number has a SHA-256 that is below 15 modulo 100
(all reviews among the program's samples are of such films), each text that also stands under such
a film, texts with swear words, addresses or long numbers. Films with remainder 15 were only
measured on. The question-answer samples were never shown.

The reviews are opinions of anonymous people; their tastes and prejudices are in the weights.

## How it was trained

Through this program's own engine, by `packaging/make_demo_model.py`: {documents:,} documents
({tokens:,} tokens) read {epochs:.1f} times in {steps:,} steps, about {seen:,.0f} million tokens,
in {minutes:.1f} minutes on {device} ({precision}). Learning rate {rate:g}, {schedule}; AdamW,
weight decay {decay:g}; torch {torch}, transformers {transformers}.

| on reviews of films never learned | before | after |
| --- | --- | --- |
| loss (nats a token) | {loss_before:.3f} | {loss_after:.3f} |
| perplexity | {perplexity_before:,.0f} | {perplexity_after:,.1f} |
| right next tokens | {accuracy_before:.1%} | {accuracy_after:.1%} |

## Licence

Apache-2.0, as the project. The reviews are in the public domain (CC0 1.0).
"""


def write_model(run: Path, out: Path, build: Path) -> None:
    """Write the model folder; it appears whole or not at all.

    Args:
        run: The finished run.
        out: The folder to write, replaced if it is there.
        build: Where `corpus.json` is.

    Raises:
        SystemExit: The run has not finished, or the model is larger than may be shipped.
    """
    folder = RunFolder(run)
    state = fold(EventReader(folder.events).read())
    if not isinstance(state.outcome, Finished):
        raise SystemExit(f"The run in {run} has not finished: {state.outcome}")
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    parameters = _write_weights(folder.result, part)
    for name in TOKENIZER_FILES:
        shutil.copyfile(folder.result / name, part / name)
    counts = json.loads((build / "corpus.json").read_text(encoding="utf-8"))
    config = json.loads((part / "config.json").read_text(encoding="utf-8"))
    (part / "README.md").write_text(card(state, counts, config, parameters), encoding="utf-8")
    for path in part.iterdir():
        path.chmod(0o644)
    shutil.rmtree(out, ignore_errors=True)
    part.replace(out)


def card(state: RunState, counts: dict[str, Any], config: dict[str, Any], parameters: int) -> str:
    """The card's text.

    Args:
        state: The run, folded from its events.
        counts: What `corpus.json` says.
        config: The model's configuration.
        parameters: How many the model has.
    """
    assert state.started is not None
    asked, in_use = state.started.asked["training"], state.started.in_use
    before = state.evaluations[0].metrics
    after = min((each.metrics for each in state.evaluations[1:]), key=lambda m: m["loss"] or 0)
    learn, measure = counts["learn"], counts["measure"]
    measures = {
        f"{name.removeprefix('token_')}_{when}": found[name]
        for name in ("loss", "perplexity", "token_accuracy")
        for when, found in (("before", before), ("after", after))
    }
    return CARD.format(
        parameters=parameters,
        layers=config["num_hidden_layers"],
        width=config["hidden_size"],
        heads=config["num_attention_heads"],
        inner=config["intermediate_size"],
        context=config["max_position_embeddings"],
        sequence=asked["sequence_length"],
        vocabulary=config["vocab_size"],
        per_token=measure["characters"] / measure["tokens"],
        english=counts["english_words"],
        documents=learn["documents"],
        tokens=learn["tokens"],
        epochs=state.epoch,
        steps=state.step,
        seen=state.epoch * learn["tokens"] / 1e6,
        minutes=state.seconds / 60,
        device=in_use["device"],
        precision=in_use["precision"],
        rate=asked["learning_rate"],
        schedule=asked["schedule"],
        decay=asked["weight_decay"],
        torch=state.started.versions["torch"],
        transformers=state.started.versions["transformers"],
        **measures,
    )


def _write_weights(result: Path, out: Path) -> int:
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(result, dtype=torch.bfloat16)
    parameters = int(model.num_parameters())
    model.save_pretrained(out)
    size = (out / "model.safetensors").stat().st_size
    if parameters > MOST_PARAMETERS or size > MOST_BYTES:
        raise SystemExit(f"Too large to ship: {parameters:,} parameters, {size:,} bytes")
    return parameters
