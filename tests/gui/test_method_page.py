"""The page of the method: figures side by side, advice with its reason, and what bits do."""

import re
import struct
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt

from finetune_studio.gui import amounts, language
from finetune_studio.gui.main_window import MainWindow
from finetune_studio.gui.pages.method_card import room_words
from finetune_studio.gui.pages.method_plans import FREE, NAMES, advise, compare, current
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.nf4 import (
    FORMATS,
    NF4,
    LevelsPicture,
    bfloat16,
    kept,
    levels_between,
)
from finetune_studio.gui.widgets.text import Text
from finetune_studio.hardware.estimate import estimate
from finetune_studio.preferences import Preferences
from finetune_studio.recipe.checks import check_precision
from finetune_studio.recipe.schema import Recipe
from finetune_studio.recipe.store import with_changes
from tests.gui.test_pages import settle

MODEL = "Qwen/Qwen3-8B"


def recipe(**changes):
    return with_changes(Recipe(), {"model.source": MODEL, **changes})


@pytest.fixture
def window(qtbot):
    made = MainWindow(Preferred(Preferences(gpu="RTX 3060 12GB")))
    qtbot.addWidget(made)
    made.show()
    made.new_project()
    made.project.session.change({"model.source": MODEL})
    made.wizard.go("method")
    qtbot.waitUntil(lambda: made.wizard.page("method").plans is not None, timeout=20_000)
    settle(made, qtbot)
    yield made
    if made.project is not None:
        made.project.watch.leave()
        made.project.closing.emit()
    made.jobs.close()


@pytest.fixture
def page(window):
    return window.wizard.page("method")


def words(widget):
    return " ".join(each.plain for each in widget.findChildren(Text) if not each.isHidden())


def test_the_cards_show_the_cores_own_figures(page):
    for card in page.cards:
        found = page.plans.options[card.method].estimate
        assert f"{found.plan.total / 2**30:.1f}" in words(card)
    asked = with_changes(page._project.session.recipe, {"method.kind": "lora"})
    assert page.plans.options["lora"].estimate.plan == estimate(asked, "RTX 3060 12GB").plan


@pytest.mark.parametrize(
    ("gpu", "length", "name", "why"),
    [
        ("RTX 3060 12GB", 1024, "qlora", "rounds"),
        ("RTX 4080 16GB", 1024, "qlora8", "rounds"),
        ("RTX 4090 24GB", 16384, "lora", "changes"),
        ("RTX 4090 24GB", 1024, "lora", "fits"),
        ("NVIDIA A100 80GB", 4096, "lora", "fits"),
    ],
)
def test_the_method_that_rounds_least_and_fits_is_advised(gpu, length, name, why):
    plans = compare(recipe(**{"training.sequence_length": length}), gpu)
    assert (plans.advised, plans.why) == (name, why)
    found = plans.options[plans.advised].estimate
    assert (found.verdict == "does-not-fit") == (why == "changes")
    if why == "changes":  # smaller batches added up: the same training
        assert {each.path for each in found.fitted.changes} <= FREE


def test_where_nothing_fits_settings_are_changed_and_then_it_does():
    asked = recipe(**{"training.batch_size": 64, "training.sequence_length": 4096})
    plans = compare(asked, "RTX 3060 12GB")
    assert plans.why == "changes"
    fitted = plans.options[plans.advised].estimate.fitted
    assert estimate(fitted.recipe, "RTX 3060 12GB").verdict != "does-not-fit"


def test_methods_are_compared_for_the_same_free_memory():
    plans = compare(recipe(**{"model.source": "demo"}))
    assert len({each.estimate.target for each in plans.options.values()}) == 1
    asked = replace(plans.options["lora"].estimate.target, free=5 * 2**30)
    plans = compare(recipe(**{"model.source": "demo"}), "", asked)
    assert {each.estimate.target for each in plans.options.values()} == {asked}


@pytest.mark.parametrize(("spare", "word"), [(5.04, "to spare"), (-2.06, "short")])
def test_what_is_to_spare_follows_from_the_figures_in_sight(spare, word):
    found = compare(recipe()).options["lora"].estimate
    free = found.plan.total + int(spare * 2**30)
    target = replace(found.target, free=free, total=free + 2**31)
    free, need = (round(each / 2**30, 1) for each in (free, found.plan.total))
    said = room_words(replace(found, target=target))
    assert said.startswith(f"{amounts.memory(free * 2**30)} free now, ")
    assert said.endswith(f"{amounts.memory(abs(free - need) * 2**30)} {word}")


def test_an_unknown_model_gives_no_advice_and_no_figure():
    plans = compare(recipe(**{"model.source": "nobody/nothing"}), "RTX 3060 12GB")
    assert (plans.advised, plans.why) == ("", "")
    assert all(each.trouble and each.estimate is None for each in plans.options.values())


def test_nothing_is_advised_where_nothing_helps():
    options = compare(recipe(), "RTX 3060 12GB").options
    none = {
        name: type(each)(name, _hopeless(each.estimate), None) for name, each in options.items()
    }
    assert advise(none).why == "none"
    assert set(none) == set(NAMES)


def _hopeless(found):
    return replace(found, verdict="does-not-fit", fitted=None)


def test_a_card_is_chosen_by_keyboard_and_by_mouse(page, window, qtbot):
    page.cards[0].setFocus()
    qtbot.keyClick(page.cards[0], Qt.Key.Key_Space)
    assert window.project.session.recipe.method.kind == "full"
    assert page.cards[0].selected
    qtbot.mouseClick(page.cards[2], Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    assert current(window.project.session.recipe) == page.cards[2].method
    assert "chosen" in page.cards[2].accessibleName()


def test_the_advice_has_a_reason_and_one_press_takes_it(page, window, qtbot):
    window.project.session.change({"training.sequence_length": 8192})
    qtbot.waitUntil(lambda: page.plans.why == "changes")
    settle(window, qtbot)
    box, advised = page.findChildren(FindingBox)[0], page.plans.advised
    assert "short" in box.accessibleName()
    box.fix_pressed.emit()
    qtbot.waitUntil(lambda: current(window.project.session.recipe) == advised)
    settle(window, qtbot)
    qtbot.waitUntil(
        lambda: page.plans.options[advised].estimate.verdict != "does-not-fit", timeout=20_000
    )


def test_the_advice_speaks_the_language_that_is_chosen(page, window, qtbot):
    def said():
        return page.findChildren(FindingBox)[0].accessibleName()

    assert re.search("[A-Za-z]+ is advised", said())
    window.wizard.go("training")
    language.use("ko")
    settle(window, qtbot)
    window.wizard.go("method")
    qtbot.waitUntil(lambda: not re.search("[a-z]{3,} [a-z]{2,} [a-z]{2,}", said()), timeout=20_000)
    assert re.search("[가-힣]{2,}", said())


def test_variants_change_the_figures(page, window, qtbot):
    before = page.plans.options["lora"].estimate.plan.trainable
    window.project.session.change({"method.dora": True})
    qtbot.waitUntil(
        lambda: page.plans.options["lora"].estimate.plan.trainable > before, timeout=20_000
    )
    assert page.form.rows["method.dora"].controls[0].isChecked()


def test_eight_bits_have_their_own_figures(page, window, qtbot):
    window.project.session.change({"method.kind": "qlora", "method.bits": 8})
    qtbot.waitUntil(lambda: page.cards[2].method == "qlora8")
    four, eight = (page.plans.options[name].estimate.plan for name in ("qlora", "qlora8"))
    assert eight.parts["weights"] > four.parts["weights"]
    assert page.cards[2].selected


def test_the_base_in_fp8_is_offered_where_the_gpu_has_it(page, window, qtbot):
    row = page.fp8
    assert row.isVisible()
    assert not row.switch.isEnabled()  # compute capability 8.6
    assert "It needs compute capability 8.9" in words(row)
    assert "8.6" in words(row)
    window.project.prefer(gpu="RTX 4090 24GB")
    page._reckon()
    qtbot.waitUntil(row.switch.isEnabled, timeout=20_000)
    plain, eight = (page.plans.options[name].estimate.plan for name in ("lora", "fp8"))
    assert 2.5 * 2**30 < plain.total - eight.total < 8 * 2**30  # 8 B weights of two bytes
    assert "less memory" in words(row)
    qtbot.mouseClick(row.switch, Qt.MouseButton.LeftButton)
    assert window.project.session.recipe.method.base_precision == "fp8"
    assert page.cards[1].method == "fp8"
    assert page.cards[1].selected
    page.choose("qlora")
    assert window.project.session.recipe.method.base_precision == "auto"
    assert not row.isVisible()


def test_a_precision_that_this_machine_lacks_blocks_the_start_and_is_mended():
    asked = recipe(**{"method.base_precision": "fp8"})
    assert check_precision(asked, (8, 9)) == check_precision(asked, None) == []
    (found,) = check_precision(asked, (8, 6))
    assert found.level == "error"
    assert with_changes(asked, found.fix).method.base_precision == "auto"
    half = recipe(**{"method.base_precision": "fp16"})
    assert [each.code for each in check_precision(half, None)] == ["precision-unsupported"]
    assert check_precision(half, (7, 5)) == []


@pytest.mark.parametrize("path", ["method.kind", "method.rslora", "method.base_precision"])
def test_each_setting_of_the_page_is_revealed(page, window, path):
    window.wizard.reveal(path)
    assert window.wizard.current_key == "method"
    assert page.isAncestorOf(window.focusWidget())


def test_the_levels_are_those_of_the_quantiser():
    functional = pytest.importorskip(
        "bitsandbytes.functional", reason="needs_train: bitsandbytes is not installed"
    )
    table = functional.get_4bit_type("nf4", device="cpu")
    assert table.tolist() == pytest.approx(NF4, abs=1e-7)


@pytest.mark.parametrize("weight", [-1.0, -0.37, 0.0, 1e-3, 0.21, 0.37, 0.99, 1.0])
def test_a_weight_moves_to_the_nearest_level(weight):
    nearest = min(NF4, key=lambda level: abs(level - weight))
    assert kept(weight, "nf4").value == nearest
    assert kept(weight, "int8").error <= 0.5 / 127 + 1e-12
    assert kept(weight, "bf16").error <= abs(weight) * 2**-8


def test_bfloat16_is_the_upper_half_of_a_float():
    for weight in (0.1, -0.3, 0.7, 1.0):
        (bits,) = struct.unpack("<I", struct.pack("<f", bfloat16(weight)))
        assert bits & 0xFFFF == 0


@pytest.mark.parametrize("low", [-1.0, -0.06, 0.0, 0.31, 0.95])
@pytest.mark.parametrize("name", FORMATS)
def test_drawn_levels_are_levels(low, name):
    drawn = levels_between(low, low + 0.12, name)
    assert drawn == sorted(set(drawn))
    assert len(drawn) < 2000
    for each in drawn:
        assert kept(each, name).error < 1e-9


def test_the_weight_is_moved_by_keyboard_mouse_and_slider(page, qtbot):
    levels = page.levels
    before = levels.picture.weight
    qtbot.keyClick(levels.picture, Qt.Key.Key_Right)
    assert levels.picture.weight == pytest.approx(before + 0.005)
    levels.slider.setValue(levels.slider.maximum())
    assert levels.picture.weight == 1.0
    assert "NF4: 1.0000, off by 0.0000" in levels.picture.accessibleDescription()
    middle = QPoint(levels.picture.width() // 2, 80)
    qtbot.mouseClick(levels.picture, Qt.MouseButton.LeftButton, pos=middle)
    assert abs(levels.picture.weight) < 0.02


def test_the_picture_paints_at_every_edge(qtbot):
    picture = LevelsPicture()
    qtbot.addWidget(picture)
    picture.resize(360, 222)
    seen = set()
    for weight in (-1.0, 0.0, 1.0):
        picture.show_weight(weight)
        seen.add(picture.grab().toImage().constBits().tobytes())
    assert len(seen) == 3
