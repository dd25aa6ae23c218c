"""Choosing hardware: what each accelerator can train of a model."""

import pytest

from finetune_studio.catalog.architecture import read_architecture
from finetune_studio.catalog.entries import entry
from finetune_studio.hardware.gpus import accelerators, find_accelerator
from finetune_studio.hardware.guide import SHORTEST, guide
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe

EIGHT = read_architecture(entry("Qwen/Qwen3-8B").config)


def by_name(options):
    return {each.accelerator.name: each for each in options}


def test_the_cards_people_ask_for_are_there():
    names = " ".join(by_name(guide(EIGHT)))
    for wanted in (
        "T4",
        "L4",
        "A100 40GB",
        "A100 80GB",
        "TPU v2-8",
        "RTX 4090",
        "RTX 5090",
        "H200",
    ):
        assert wanted in names
    assert not any(each.accelerator.kind == "apple" for each in guide(EIGHT))


def test_more_memory_trains_no_less():
    options = [each for each in guide(EIGHT) if not each.why_not]
    for method in ("full", "lora", "qlora"):
        same = [o for o in options if o.accelerator.capability == (8, 9)]
        longest = [each.longest[method] for each in same]
        assert longest == sorted(longest)
    for each in options:
        for method, verdict in each.verdicts.items():
            if each.longest[method] >= Recipe().training.sequence_length:
                assert verdict in ("fits", "tight")
        assert each.longest["qlora"] >= each.longest["lora"] >= each.longest["full"]
        assert all(size == 0 or size >= SHORTEST for size in each.longest.values())


def test_the_best_method_is_the_most_precise_that_fits():
    found = by_name(guide(EIGHT))
    assert found["NVIDIA T4"].best == "qlora"
    assert found["RTX 4090 24GB"].best == "lora"
    assert found["NVIDIA B200 SXM"].best == "full"  # 16 bytes a parameter, and some for the rest
    four = read_architecture(entry("Qwen/Qwen3-4B-Instruct-2507").config)
    assert by_name(guide(four))["NVIDIA B200 SXM"].best == "full"
    small = read_architecture(entry("HuggingFaceTB/SmolLM2-135M-Instruct").config)
    assert by_name(guide(small))["NVIDIA T4"].best == "full"
    large = read_architecture(entry("meta-llama/Llama-3.3-70B-Instruct").config)
    assert by_name(guide(large))["NVIDIA T4"].best == ""
    assert by_name(guide(large))["NVIDIA T4"].tokens_per_second is None


@pytest.mark.parametrize("kind", ["tpu", "apple"])
def test_where_the_trainer_does_not_run_it_says_why(kind):
    options = guide(EIGHT, among=[a for a in accelerators() if a.kind == kind])
    assert options
    for each in options:
        assert each.why_not
        assert each.as_dict()["fits"] is None
        assert each.best == ""


def test_a_faster_card_is_told_to_be_faster():
    cards = [find_accelerator(name) for name in ("T4", "A100 80GB", "H100")]
    speeds = [each.tokens_per_second for each in guide(EIGHT, among=cards)]
    assert speeds == sorted(speeds)
    assert speeds[0] < speeds[-1] / 4


def test_what_was_decided_already_counts():
    longer = store.with_changes(Recipe(), {"training.sequence_length": 262_144})
    cards = [find_accelerator("RTX 4090")]
    assert guide(EIGHT, among=cards)[0].verdicts["qlora"] == "fits"
    assert guide(EIGHT, longer, cards)[0].verdicts["qlora"] == "does-not-fit"
