"""The bundled list of model types, against the transformers that is installed."""

import pytest

from finetune_studio.catalog import known


@pytest.mark.parametrize(
    ("model_type", "kind"),
    [
        ("llama", "text"),
        ("exaone4", "text"),
        ("qwen3_vl", "image-text"),
        ("t5", "other"),
        ("kormo", "unknown"),
        ("", "unknown"),
        ("../../etc", "unknown"),
    ],
)
def test_kinds(model_type, kind):
    assert known.kind_of(model_type) == kind


def test_the_list_agrees_with_the_transformers_it_was_taken_from():
    transformers = pytest.importorskip("transformers")
    if transformers.__version__ != known.listed_version():
        pytest.skip(f"the list is of transformers {known.listed_version()}")
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as TEXT

    assert {kind: known.class_of(kind) for kind in TEXT} == {
        kind: name if isinstance(name, str) else name[0] for kind, name in TEXT.items()
    }


def test_a_shape_refused_by_the_list_is_refused_by_transformers():
    transformers = pytest.importorskip("transformers")
    for kind in ("llama", "gemma3_text"):
        assert kind in known.whole_heads()  # of a newer transformers, its code is looked at
        with pytest.raises(Exception, match="multiple"):
            transformers.AutoConfig.for_model(kind, hidden_size=192, num_attention_heads=5)
