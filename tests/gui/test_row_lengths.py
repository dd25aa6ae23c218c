"""One sequence length is advised everywhere: the one that follows from the rows as they are."""

import pytest

from finetune_studio import paths
from finetune_studio.gui.row_lengths import FEW, LENGTH
from finetune_studio.gui.widgets.finding import FindingBox
from tests.gui.resting import at_rest


@pytest.fixture
def window(begun):
    sample = str(paths.resources() / "samples" / "korean_qa.csv")
    begun.project.session.change({"model.source": "demo", "data.files": [sample], LENGTH: 128})
    return begun


def counted(window, qtbot):
    lengths = window.project.facts.lengths
    qtbot.waitUntil(lambda: lengths.found is not None, timeout=60_000)
    at_rest(qtbot, lambda: not window.jobs.busy, timeout=60_000)
    return lengths.found


def test_settings_and_tokenizer_advise_the_same_length(window, qtbot):
    window.wizard.go("hyperparameters")
    page = window.wizard.page("hyperparameters")
    row = page.form.rows[LENGTH]
    assert row._advice.value == 64
    assert "samples" in row._reason.plain  # until these rows are counted
    found = counted(window, qtbot)
    assert "samples" not in row._reason.plain
    assert row._advice.value == found.suggest(1024).length == 64
    assert f"{found.longest} tokens" in row._reason.plain
    assert ".." not in row._reason.plain
    assert page._differing()[LENGTH] == 64

    window.wizard.go("tokenizer")
    card = window.wizard.page("tokenizer").lengths
    qtbot.waitUntil(lambda: card._lengths is not None, timeout=60_000)
    box = card.findChildren(FindingBox)[0]
    assert f"{found.longest} tokens" in box.accessibleName()
    box.fix_pressed.emit()
    assert window.project.session.value(LENGTH) == row._advice.value
    assert not row._advised.isHidden()


def test_other_rows_are_advised_for_when_they_are_counted(window, qtbot, tmp_path):
    window.wizard.go("hyperparameters")
    counted(window, qtbot)
    path = tmp_path / "long.csv"
    words = "사과 배 감 귤 " * 60
    rows = "".join(f"{n} {words},{words} {n}\n" for n in range(40))
    path.write_text("question,answer\n" + rows, encoding="utf-8")
    window.project.session.change({"data.files": [str(path)]})
    row = window.wizard.page("hyperparameters").form.rows[LENGTH]
    assert row._advice is None
    found = counted(window, qtbot)
    assert row._advice.value == found.suggest(1024).length > 64


def test_many_rows_are_not_counted_for_an_advice_alone(window):
    lengths = window.project.facts.lengths
    lengths.count(FEW + 1)
    assert not lengths._asked
