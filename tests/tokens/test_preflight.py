import json

import pytest

from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.tokens.learned import Seen, about_rows
from finetune_studio.tokens.preflight import preflight
from tests.helpers import templates
from tests.helpers.tiny import make_model


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model folder with a tokenizer that knows every family's tokens."""
    folder = make_model(tmp_path_factory.mktemp("model"), template=templates.CHATML)
    templates.make_tokenizer(folder, eos="<|im_end|>")
    return folder


def look(tmp_path, model, rows, template=None, **changes):
    data = tmp_path / "rows.jsonl"
    data.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    (model / "chat_template.jinja").write_text(template or templates.CHATML)
    wanted = {
        "model.source": str(model), "data.files": [str(data)], "training.sequence_length": 128,
        "data.split.validation": 0,
    }  # fmt: skip
    named = {name.replace("__", "."): value for name, value in changes.items()}
    wanted["evaluation.early_stopping.enabled"] = False
    return preflight(store.with_changes(Recipe(), wanted | named))


def codes(found):
    return {finding.code: finding for finding in found.findings}


QA = [{"question": f"질문 {n}?", "answer": f"답 {n}."} for n in range(20)]


def test_a_sound_recipe_has_nothing_to_say(tmp_path, model):
    found = look(tmp_path, model, QA)
    told = {f.where for f in found.findings if f.level != "advice"}
    assert told <= {"licence.model", "licence.data"}  # nobody said what they are
    assert (found.rows, found.looked_at) == (20, 20)
    assert 0.1 < found.learned_share < 0.9


def test_a_template_without_an_end_is_an_error(tmp_path, model):
    found = codes(look(tmp_path, model, QA, templates.ENDLESS))
    finding = found["end-not-learned"]
    assert (finding.level, finding.count, finding.fix) == ("error", 20, {"task.template": "chatml"})


def test_a_template_whose_end_is_no_token_is_told(tmp_path, model):
    template = templates.CHATML.replace("<|im_end|>", "### end")
    assert "end-not-a-stop" in codes(look(tmp_path, model, QA, template))


def test_a_template_without_a_system_role_is_told(tmp_path, model):
    found = codes(look(tmp_path, model, QA, templates.GEMMA_WITHOUT_SYSTEM, task__system="Be kind"))
    assert found["no-system-role"].where == "task.template"
    assert found["template-refuses"].level == "error"
    assert "System role not supported" in found["template-refuses"].sentence


def test_a_prompt_that_differs_from_training_is_told(tmp_path, model):
    assert "prompt-differs" in codes(look(tmp_path, model, QA, templates.ASKED_TO_THINK))


def test_a_start_token_that_comes_twice_is_told(tmp_path, model):
    template = "{{ bos_token }}{{ bos_token }}" + templates.CHATML
    assert codes(look(tmp_path, model, QA, template))["bos-twice"].count == 20


def test_padding_with_the_end_is_told_and_its_end_is_learned(tmp_path, model):
    config = model / "tokenizer_config.json"
    before = config.read_text(encoding="utf-8")
    config.write_text(json.dumps(json.loads(before) | {"pad_token": "<|im_end|>"}))
    try:
        found = codes(look(tmp_path, model, QA))
        finding = found["pad-is-end"]
        assert (finding.level, finding.where) == ("advice", "training.packing")
        assert "<|im_end|>" in finding.sentence
        assert "end-not-learned" not in found
        assert "pad-is-end" not in codes(look(tmp_path, model, QA, **finding.fix))
    finally:
        config.write_text(before, encoding="utf-8")
    assert "pad-is-end" not in codes(look(tmp_path, model, QA))


def test_a_template_that_loses_the_answers_is_an_error(tmp_path, model):
    found = codes(look(tmp_path, model, QA, templates.SILENT))
    assert found["refused"].level == "error"
    assert "chat template" in found["refused"].sentence


def test_a_missing_template_is_suggested(tmp_path, model):
    (model / "chat_template.jinja").write_text(" ")
    data = tmp_path / "rows.jsonl"
    data.write_text("\n".join(json.dumps(row) for row in QA))
    recipe = store.with_changes(Recipe(), {"model.source": str(model), "data.files": [str(data)]})
    (model / "chat_template.jinja").unlink()
    finding = codes(preflight(recipe))["template-missing"]
    assert finding.fix == {"task.template": "chatml"}


def test_rows_that_are_cut_are_counted_with_what_is_lost(tmp_path, model):
    long = {"question": "q", "answer": "나는 학교에 간다. " * 30}
    found = codes(look(tmp_path, model, [*QA, long]))
    finding = found["rows-cut"]
    assert (finding.count, finding.rows, finding.where) == (1, (20,), "training.sequence_length")
    assert finding.values["lost"] > 0


def test_rows_with_nothing_to_learn_are_counted(tmp_path, model):
    long = {"question": "나는 학교에 간다. " * 30, "answer": "a"}
    found = codes(look(tmp_path, model, [*QA[:3], long, *QA[3:]]))
    assert found["nothing-learned"].rows == (3,)


def test_a_recipe_where_nothing_can_be_learned_is_an_error(tmp_path, model):
    found = look(tmp_path, model, QA, training__sequence_length=8)
    assert codes(found)["nothing-at-all"].level == "error"
    assert found.learned_share == 0


def test_what_cannot_be_read_is_a_finding_not_an_end(tmp_path, model):
    found = look(tmp_path, model, QA, model__source=str(tmp_path / "gone"))
    assert [f.where for f in found.findings if f.level == "error"] == ["model.source"]
    assert found.rows == 20
    found = look(tmp_path, model, QA, data__files=[str(tmp_path / "gone.csv")])
    assert [f.where for f in found.findings if f.level == "error"] == ["data.files"]


def test_rows_that_a_task_cannot_use_are_counted(tmp_path, model):
    found = codes(look(tmp_path, model, [*QA, {"question": "q", "answer": ""}]))
    assert found["rows-no-answer"].rows == (20,)


def test_labels_outside_the_list_are_counted(tmp_path, model):
    rows = [{"text": f"{n} film", "label": "good" if n % 2 else "bad"} for n in range(20)]
    found = look(
        tmp_path, model, [*rows, {"text": "x film", "label": "odd"}],
        task__kind="classify", task__labels=["bad", "good"],
    )  # fmt: skip
    assert codes(found)["unknown-label"].rows == (20,)
    assert found.learned_share < 1 or found.learned_share == pytest.approx(1, abs=0.1)


def test_no_torch_is_loaded(tmp_path, model):
    import subprocess
    import sys

    data = tmp_path / "rows.jsonl"
    data.write_text("\n".join(json.dumps(row) for row in QA))
    (model / "chat_template.jinja").write_text(templates.CHATML)
    code = (
        "import sys\nfrom finetune_studio.recipe import store\n"
        "from finetune_studio.recipe.schema import Recipe\n"
        "from finetune_studio.tokens.preflight import preflight\n"
        f"r = store.with_changes(Recipe(), {{'model.source': {str(model)!r},"
        f" 'data.files': [{str(data)!r}]}})\n"
        "assert preflight(r).rows\n"
        "print(sorted({'torch', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"


def test_large_numbers_of_lost_tokens_are_written_in_groups():
    seen = Seen(rows=9, learned=1, cut_tokens=12_345)
    seen.note("cut", 3)
    [found] = about_rows(store.with_changes(Recipe(), {"training.sequence_length": 2048}), seen)
    assert found.sentence == "1 row is cut at 2,048 tokens; 12,345 tokens are lost."
