"""The page of the model: what is shown, narrowed down, chosen, downloaded and removed."""

import random

import pytest
from PySide6.QtCore import QPoint, Qt

from finetune_studio.catalog import access, disk
from finetune_studio.catalog.entries import entries
from finetune_studio.catalog.progress import Control
from finetune_studio.gui import language
from finetune_studio.gui.main_window import MainWindow
from finetune_studio.gui.pages.model_cells import shortened
from finetune_studio.gui.pages.model_gate import Gate
from finetune_studio.gui.pages.model_rows import Wanted, arrange, of_entry, select
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.turns import turns_of
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.dialog import Ask
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.text import Text
from finetune_studio.preferences import Preferences
from tests.catalog.test_download import cache, server  # noqa: F401
from tests.gui.painting import Painted
from tests.gui.resting import at_rest
from tests.gui.test_pages import model, settle  # noqa: F401

CONFIG = (
    b'{"model_type": "llama", "vocab_size": 600, "hidden_size": 64, "intermediate_size": 128, '
    b'"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}'
)
SMALL = "Qwen/Qwen2.5-0.5B-Instruct"


def make_window(qtbot, gpu="RTX 4090 24GB"):
    made = MainWindow(Preferred(Preferences(gpu=gpu)))
    qtbot.addWidget(made)
    made.show()
    made.new_project()
    made.wizard.go("model")
    settle(made, qtbot)
    return made


@pytest.fixture
def window(qtbot, cache):  # noqa: F811
    made = make_window(qtbot)
    yield made
    if made.project is not None:
        made.project.watch.leave()
        made.project.closing.emit()
    made.jobs.close()


@pytest.fixture
def page(window):
    return window.wizard.page("model")


def words(widget):
    return " ".join(each.plain for each in widget.findChildren(Text) if each.isVisible())


def button(widget, name):
    found = [each for each in widget.findChildren(Button) if each.isVisible()]
    return next(each for each in found if each.accessibleName() == name)


def shown(page):
    return [each.source for each in page.list.table.rows.shown]


def test_every_model_of_the_catalogue_and_the_demo_is_shown_with_its_verdicts(page):
    rows = page.list.table.rows.shown
    assert {each.source for each in rows} == {each.id for each in entries()} | {"demo"}
    small = next(each for each in rows if each.source == SMALL)
    assert small.fits["lora"] == "fits"
    assert all(set(each.fits) == {"full", "lora", "qlora"} for each in rows)


@pytest.mark.parametrize(
    ("gpu", "full"), [("RTX 3080 10GB", "does-not-fit"), ("NVIDIA H200 SXM", "fits")]
)
def test_another_gpu_gives_other_verdicts(page, window, qtbot, gpu, full):
    page.list.gpu_asked.emit(gpu)
    settle(window, qtbot)
    row = next(e for e in page.list.table.rows.shown if e.source == "Qwen/Qwen3-4B-Instruct-2507")
    assert row.fits["full"] == full
    assert window.project.preferences.gpu == gpu


def test_without_a_gpu_that_is_said(window, page, qtbot):
    if window.project.facts.machine.gpus:
        pytest.skip("this machine has a GPU")
    page.list.gpu_asked.emit("")
    settle(window, qtbot)
    assert "No GPU here" in words(page.list)


def test_a_search_waits_for_the_last_key(page, qtbot):
    page.list.field.setFocus()
    with qtbot.waitSignal(page.list.searched) as told:
        qtbot.keyClicks(page.list.field, "exaone")
    assert told.args == ["exaone"]
    assert shown(page)
    assert all("exaone" in each.casefold() for each in shown(page))


def test_filters_narrow_and_come_off(page, qtbot):
    everything = len(shown(page))
    for chip in page.list._chips.values():
        qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert shown(page) == ["demo"]  # which passes every one of them
    for chip in page.list._chips.values():
        qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert len(shown(page)) == everything


def test_each_filter_lets_only_its_own_through():
    rows = [of_entry(each, frozenset({SMALL})) for each in entries()]
    assert [each.source for each in select(rows, Wanted(on_disk=True))] == [SMALL]
    assert {e.commercial for e in select(rows, Wanted(commercial=True))} <= {"yes", "conditional"}
    assert {each.korean for each in select(rows, Wanted(korean=True))} == {"native"}
    assert select(rows, Wanted(fits=True)) == []  # nothing was reckoned


def test_unknown_sizes_come_last_whichever_way():
    rows = [of_entry(each, frozenset()) for each in entries()]
    rows.append(type(rows[0])("a/b", "b"))
    for descending in (False, True):
        assert arrange(rows, "parameters", descending=descending)[-1].source == "a/b"


def test_a_head_sorts_and_turns(page, qtbot):
    header = page.list.table.horizontalHeader()
    at = header.sectionViewportPosition(2) + 8
    for descending in (False, True):
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at, 8))
        sizes = [each.parameters for each in page.list.table.rows.shown]
        assert sizes == sorted(sizes, reverse=descending)


def test_a_model_is_chosen_with_its_licence(page, window, qtbot):
    page.list.table.look_at(SMALL)
    settle(window, qtbot)
    qtbot.mouseClick(button(page.details, "Use this model"), Qt.MouseButton.LeftButton)
    settle(window, qtbot)
    recipe = window.project.session.recipe
    assert recipe.model.source == SMALL
    assert recipe.licence.model == "apache-2.0"
    assert page.list.table._cells.chosen == SMALL
    assert "In use" in [each.accessibleName() for each in page.details.findChildren(Badge)]
    window.project.session.undo()
    assert window.project.session.recipe.model.source == "demo"


def test_by_keyboard_the_next_model_is_taken(page, window, qtbot):
    table = page.list.table
    table.look_at(SMALL)
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Down)
    row = table.current()
    assert row.source != SMALL
    assert page.details.shown == row
    if row.custom_code:
        qtbot.keyClick(table, Qt.Key.Key_Down)
        row = table.current()
    qtbot.keyClick(table, Qt.Key.Key_Return)
    settle(window, qtbot)
    assert window.project.session.recipe.model.source == row.source


def test_the_guardian_warns_of_a_licence_that_forbids_commerce(page, window, qtbot):
    name = next(each.id for each in entries() if each.licence == "cc-by-nc-4.0")
    page.list.table.look_at(name)
    page.use(page.details.shown)
    qtbot.waitUntil(lambda: "forbids commercial use" in words(page), timeout=20_000)


@pytest.mark.parametrize("answer", ["no", "yes"])
def test_own_code_runs_only_after_a_yes_and_for_that_model_alone(
    page, window, qtbot, monkeypatch, answer
):
    monkeypatch.setattr(Ask, "ask", lambda self: answer)
    custom = next(each for each in page.list.table.rows.shown if each.custom_code)
    page.list.table.look_at(custom.source)
    settle(window, qtbot)
    assert "all your rights" in words(page.details)
    assert not [b for b in page.details.findChildren(Button) if "Use this" in b.accessibleName()]
    page.details.findChild(FindingBox).fix_pressed.emit()
    if answer == "yes":  # the press is heard a turn later
        recipe = window.project.session
        qtbot.waitUntil(lambda: recipe.recipe.model.trust_remote_code, timeout=20_000)
    else:
        qtbot.wait(200)
    settle(window, qtbot)
    found = window.project.session.recipe.model
    assert (found.source == custom.source, found.trust_remote_code) == (answer == "yes",) * 2
    page.list.table.look_at(SMALL)
    page.use(page.details.shown)
    settle(window, qtbot)
    assert not window.project.session.recipe.model.trust_remote_code


def test_the_demo_model_is_there_without_the_hub(page, window, qtbot):
    page.go("demo")
    settle(window, qtbot)
    assert page.details.shown.source == "demo"
    assert "fits" in page.details.shown.fits.values()


def test_a_folder_is_looked_into_and_used(page, window, qtbot, model):  # noqa: F811
    page.go("folder")
    page.look_into(str(model))
    settle(window, qtbot)
    assert page.details.shown.name == "작은 모델"
    page.use(page.details.shown)
    settle(window, qtbot)
    assert window.project.session.recipe.model.source == str(model)


def test_a_folder_without_a_model_is_refused_in_a_sentence(page, window, qtbot, tmp_path):
    page.go("folder")
    page.look_into(str(tmp_path))
    qtbot.waitUntil(lambda: "holds no model" in words(page), timeout=20_000)
    assert page.details.shown is None


def test_offline_the_hub_is_a_sentence_and_the_catalogue_goes_on(page, window, qtbot, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    page.go("hub")
    page.list.field.setText("qwen")
    qtbot.waitUntil(lambda: "Ask again" in words(page) or _asks_again(page), timeout=20_000)
    assert shown(page) == []
    page.go("catalogue")
    settle(window, qtbot)
    assert shown(page)


def _asks_again(page):
    return any(b.accessibleName() == "Ask again" for b in page.findChildren(Button))


def test_the_hub_is_searched(page, window, qtbot, server):  # noqa: F811
    server.found = [{"id": "maker/one", "downloads": 5, "tags": ["license:mit"]}]
    page.go("hub")
    page.list.field.setText("one")
    qtbot.waitUntil(lambda: shown(page) == ["maker/one"], timeout=20_000)
    row = page.list.table.rows.shown[0]
    assert row.licence == "mit"
    assert row.fits is None


def test_who_leaves_the_hub_hears_no_answer(page, window, qtbot, server):  # noqa: F811
    server.found = []
    page.go("hub")
    page._search("one")  # as after the last key
    page.go("kept")
    settle(window, qtbot)
    assert "no text model" not in words(page)
    server.found = [{"id": "maker/one", "downloads": 5, "tags": ["license:mit"]}]
    page.list.field.setText("one")
    page.go("hub")
    qtbot.waitUntil(lambda: shown(page) == ["maker/one"], timeout=20_000)


def fetched(page, window, server, qtbot, size=300_000):  # noqa: F811
    """Begin to download a model whose weights come slowly."""
    server.models[SMALL] = {
        "config.json": CONFIG,
        "tokenizer.json": b'{"a": 1}',
        "model.safetensors": random.Random(1).randbytes(size),
    }
    page.list.table.look_at(SMALL)
    page.fetch(page.details.shown)


def test_a_download_tells_pauses_and_is_cancelled(page, window, qtbot, server):  # noqa: F811
    server.slow = 0.05
    fetched(page, window, server, qtbot, 3_000_000)
    qtbot.waitUntil(lambda: page.download.progress is not None, timeout=20_000)
    assert page._progress.isVisible()
    page._progress._pause_or_go_on()
    assert page.download.paused
    qtbot.waitUntil(lambda: page.download.progress.phase == "paused", timeout=20_000)
    before = page.download.progress.done
    page._progress._pause_or_go_on()
    qtbot.waitUntil(lambda: page.download.progress.done > before, timeout=20_000)
    page.download.cancel(keep=False)
    qtbot.waitUntil(lambda: not page.download.running, timeout=20_000)
    settle(window, qtbot)
    assert not page._progress.isVisible()
    assert not [each for each in disk.kept() if each.halves]


def test_a_download_that_fails_says_why(page, window, qtbot, server, monkeypatch):  # noqa: F811
    monkeypatch.setattr(Control, "sleep", lambda self, seconds: self.look())
    page.list.table.look_at(SMALL)
    page.fetch(page.details.shown)  # the Hub has no such model
    qtbot.waitUntil(lambda: "There is no model" in words(page), timeout=20_000)
    assert not page.download.running


def test_a_token_is_taken_and_never_shown_again(page, window, qtbot, server, monkeypatch):  # noqa: F811
    monkeypatch.setattr(access, "_keyring", lambda: None)
    server.tokens = {"hf_secret": "지은"}
    server.models["maker/gated"] = {"config.json": CONFIG}
    gate = Gate(window, window.jobs, "maker/gated")
    qtbot.addWidget(gate)
    gate.show()
    qtbot.keyClicks(gate.field, "hf_secret")
    assert "hf_secret" not in gate.field.displayText()
    gate._sign_in()
    assert gate.field.text() == ""
    qtbot.waitUntil(lambda: "지은" in words(gate), timeout=20_000)
    assert "hf_secret" not in words(gate)
    with qtbot.waitSignal(gate.opened, timeout=20_000):
        qtbot.mouseClick(gate._again, Qt.MouseButton.LeftButton)


def test_what_was_downloaded_is_listed_and_removed(page, window, qtbot, cache):  # noqa: F811
    folder = disk.cache_folder("maker/old") / "blobs"
    folder.mkdir(parents=True)
    (folder / "a").write_bytes(b"x" * 5_000_000)
    page.go("kept")
    settle(window, qtbot)
    qtbot.waitUntil(lambda: "maker/old" in words(page.kept), timeout=20_000)
    assert "5 MB" in words(page.kept)
    page.kept.remove("maker/old")
    qtbot.waitUntil(lambda: not disk.kept(), timeout=20_000)
    qtbot.waitUntil(lambda: "No model is downloaded yet" in words(page.kept), timeout=20_000)


def test_a_row_is_read_out_with_its_verdicts(page):
    table = page.list.table
    table.look_at(SMALL)
    said = table.rows.data(table.currentIndex(), Qt.ItemDataRole.AccessibleTextRole)
    assert "Qwen2.5-0.5B-Instruct" in said
    assert "LoRA Fits" in said


def test_the_language_reaches_table_and_details(page, window, qtbot):
    window.appearance.use_language("ko")
    settle(window, qtbot)
    assert page.list.table.rows.headerData(0, Qt.Orientation.Horizontal) == "모델"
    # The rows are read anew, for the demo model has another name now.
    qtbot.waitUntil(lambda: "라이선스" in words(page.details))
    assert "데모 모델" in words(page.details)
    assert language.current() == "ko"


def test_a_page_out_of_sight_takes_the_other_language_when_it_is_seen(page, window, qtbot):
    window.wizard.go("dataset")
    window.appearance.use_language("ko")
    settle(window, qtbot)
    named = [each.name for each in page.rows["catalogue"]]
    assert "Demo model" in named  # nothing was read for nobody
    window.wizard.go("model")
    settle(window, qtbot)
    qtbot.waitUntil(lambda: "데모 모델" in [each.name for each in page.rows["catalogue"]])
    assert "데모 모델" in words(page.details)


def test_what_fits_comes_first_and_the_model_in_use_is_looked_at(page):
    rows = page.list.table.rows.shown
    ease = [2 if each.trains else int(each.fits["qlora"] != "does-not-fit") for each in rows]
    assert ease == sorted(ease, reverse=True)
    assert page.list.table.current().source == "demo"


def test_the_small_print_is_one_press_away(page, window, qtbot):
    page.list.table.look_at(SMALL)
    settle(window, qtbot)
    assert "Tokenizer" not in words(page.details)
    qtbot.mouseClick(button(page.details, "More"), Qt.MouseButton.LeftButton)
    assert "Tokenizer" in words(page.details)
    page.list.table.look_at("Qwen/Qwen3-4B-Instruct-2507")
    settle(window, qtbot)
    assert "Tokenizer" in words(page.details)
    qtbot.mouseClick(button(page.details, "Less"), Qt.MouseButton.LeftButton)
    assert "Tokenizer" not in words(page.details)


def test_the_hub_says_what_to_do_before_anything_is_typed(page, window, qtbot):
    page.go("hub")
    qtbot.waitUntil(lambda: "Type a name" in words(page), timeout=20_000)


@pytest.mark.parametrize(
    ("name", "room", "shown"),
    [
        ("HyperCLOVAX-SEED-Text-Instruct-0.5B", 30, "HyperCLOVAX-SEED-Text…0.5B"),
        ("HyperCLOVAX-SEED-Text-Instruct-0.5B", 20, "HyperCLOVAX…0.5B"),
        ("Some-Model-1.5B-Long-Instruct", 24, "Some-Model-1.5B…Instruct"),
        ("Some-Model-1.5B-Instruct", 20, "Some…1.5B-Instruct"),
        ("OneLongWordWithoutAnyPart", 10, ""),
        ("Two-Parts", 5, ""),
    ],
)
def test_a_long_name_loses_whole_words_and_keeps_its_size(name, room, shown):
    assert shortened(name, lambda made: len(made) <= room) == shown


def test_the_row_that_is_looked_at_first_is_painted_before_its_details_come(page, window, qtbot):
    table, turns = page.list.table, turns_of(window)
    page.details.hide()
    at_rest(qtbot, lambda: not turns.busy)
    painted, before = Painted(table.viewport()), []
    show_row = page.details.show_row

    def showing(row, **arguments):
        before.append((row.source, painted.times))
        show_row(row, **arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page.details, "show_row", showing)
        table.look_at(SMALL)
        assert before == []
        at_rest(qtbot, lambda: not turns.busy)
    assert [(source, times > 0) for source, times in before] == [(SMALL, True)]
    assert page.details.isVisible()
