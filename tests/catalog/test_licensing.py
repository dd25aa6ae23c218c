"""From a recipe to its licences: what is known, what is said, and what they allow together."""

import pytest

from finetune_studio import paths
from finetune_studio.catalog.licensing import (
    judged,
    known_licences,
    licence_findings,
    licence_of_data,
    licence_of_model,
)
from finetune_studio.recipe import store
from finetune_studio.recipe.demo import demo_recipe
from finetune_studio.recipe.schema import Recipe

SAMPLES = paths.resources() / "samples"


def recipe(**changes):
    return store.with_changes(Recipe(), {k.replace("__", "."): v for k, v in changes.items()})


def codes(found):
    return [each.code for each in found]


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("Qwen/Qwen3-8B", "apache-2.0"),
        ("meta-llama/Llama-3.1-8B-Instruct", "llama3.1"),
        ("LGAI-EXAONE/EXAONE-4.0-32B", "exaone-1.2-nc"),
        ("nobody/nothing", "unknown"),
        ("/no/such/folder", "unknown"),
    ],
)
def test_a_model_s_licence_is_what_its_maker_states(source, key, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert licence_of_model(source) == key


def test_a_folder_states_its_licence_in_its_readme(write_model):
    folder = write_model()
    assert licence_of_model(str(folder)) == "unknown"
    (folder / "README.md").write_text("---\nlicense: other\nlicense_name: my-terms\n---\n")
    assert licence_of_model(str(folder)) == "unknown"
    (folder / "README.md").write_text("---\nlicense: gemma\n---\n")
    assert licence_of_model(str(folder)) == "gemma"


def test_data_state_theirs_beside_them(tmp_path):
    file = tmp_path / "표.csv"
    file.write_text("text\na\n")
    assert licence_of_data([str(file)]) == "unknown"
    (tmp_path / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n")
    assert licence_of_data([str(file), str(tmp_path)]) == "cc-by-nc-4.0"
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.csv").write_text("text\na\n")
    assert licence_of_data([str(file), str(other / "b.csv")]) == "unknown"
    assert licence_of_data([]) == "unknown"
    assert licence_of_data(["hub:owner/name", "nul\0"]) == "unknown"


def test_every_bundled_sample_has_a_licence():
    files = [f for f in SAMPLES.iterdir() if f.suffix in (".csv", ".txt", ".jsonl")]
    assert files
    for each in files:
        assert licence_of_data([str(each)]) != "unknown"


def test_a_recipe_learns_what_is_known():
    asked = recipe(model__source="Qwen/Qwen3-8B", data__files=[str(SAMPLES / "korean_qa.csv")])
    known = known_licences(asked)
    assert known == {"licence.model": "apache-2.0", "licence.data": "mit"}
    whole = store.with_changes(asked, known)
    assert licence_findings(whole) == []
    assert judged(whole).commercial == "yes"


def test_what_is_not_known_is_a_warning_and_never_fine(tmp_path):
    asked = recipe(model__source=str(tmp_path), data__files=[])
    assert codes(licence_findings(asked)) == ["licence-model-unknown", "licence-data-unknown"]
    assert judged(asked).commercial == "unknown"


def test_a_licence_of_the_maker_counts_before_it_is_written_down():
    asked = recipe(model__source="LGAI-EXAONE/EXAONE-4.0-32B", licence__data="own")
    assert "licence-model-non-commercial" in codes(licence_findings(asked))


def test_a_recipe_that_says_another_licence_than_the_maker_is_told():
    asked = recipe(
        model__source="LGAI-EXAONE/EXAONE-4.0-32B", licence__model="mit", licence__data="own"
    )
    first = licence_findings(asked)[0]
    assert (first.code, first.level) == ("licence-differs", "warning")
    assert first.fix == {"licence.model": "exaone-1.2-nc"}
    assert "MIT" in first.sentence
    mended = store.with_changes(asked, first.fix)
    assert "licence-differs" not in codes(licence_findings(mended))


def test_a_conflict_of_both_is_found():
    asked = recipe(model__source="meta-llama/Llama-3.1-8B-Instruct", licence__data="cc-by-sa-4.0")
    assert "licence-conflict" in codes(licence_findings(asked))
    assert judged(asked).result == "unknown"


def test_the_demo_says_the_licence_of_its_sample():
    demo = demo_recipe()
    assert demo.licence.data == licence_of_data(demo.data.files) == "mit"
