"""The page of the data by mouse and keyboard: faults mended, sheets, split, saving."""

import json

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget

from finetune_studio import paths
from finetune_studio.data.sources import open_rows
from finetune_studio.gui import language
from finetune_studio.gui.main_window import MainWindow
from finetune_studio.gui.pages.quality_row import Applied, QualityRow
from finetune_studio.gui.turns import turns_of
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.choice import Select
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.text import Text
from tests.gui.resting import at_rest

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(begun):
    begun.wizard.go("dataset")
    return begun


@pytest.fixture
def page(window):
    return window.wizard.page("dataset")


def rows():
    good = [
        {
            "질문": f"{n}번 주문은 언제 오나요?",
            "답변": f"{n * 7}일 뒤에 받으실 수 있어요.",
            "상점": n % 5,
        }
        for n in range(60)
    ]
    html = [
        {"질문": f"<p>환불 {n}</p>", "답변": f"환불은 <b>{n}일</b> 걸려요.", "상점": 1}
        for n in range(4)
    ]
    return good + good[:6] + html


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "상담.jsonl"
    lines = (json.dumps(row, ensure_ascii=False) for row in rows())
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def settle(window, qtbot):
    QApplication.sendPostedEvents()  # what a press asked for
    facts, quality = window.project.facts, window.wizard.page("dataset").quality

    def still():
        resting = facts._rest.isActive() or facts.preflight._rest.isActive()
        coming = quality.coming or not all(each.isVisible() for each in quality._rows)
        return not (window.jobs.busy or resting or coming or turns_of(window).busy)

    at_rest(qtbot, still, timeout=60_000)


def finding(page, code):
    found = page.quality.findChildren(QualityRow)
    return next((each for each in found if each._found.code == code and each.isVisible()), None)


def button(parent, words):
    return next(each for each in parent.findChildren(Button) if words in each.text())


def press(qtbot, window, parent, words):
    qtbot.mouseClick(button(parent, words), LEFT)
    settle(window, qtbot)


def steps(page):
    shown = [each for each in page.quality.findChildren(Applied) if not each.isHidden()]
    return [[part for part in texts(each) if part] for each in shown]


def texts(widget):
    from finetune_studio.gui.widgets.text import Text

    return [each.plain for each in widget.findChildren(Text)]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("빈 파일.csv", b"", "“빈 파일.csv” is empty. Choose a file with rows in it."),
        ("그림.png", b"PNG", "“그림.png” is of a kind that cannot be read. Readable are .json, "),
    ],
)
def test_what_cannot_be_read_is_told_in_clear_sentences(
    window, page, qtbot, tmp_path, name, content, says
):
    (tmp_path / name).write_bytes(content)
    page.use([str(tmp_path / name)])
    settle(window, qtbot)
    [told] = page.findings.findChildren(FindingBox)
    assert told.accessibleName().startswith(says)


def test_faults_are_counted_with_their_rows_and_examples(window, page, qtbot, file):
    page.use([str(file)])
    settle(window, qtbot)
    repeated = finding(page, "duplicates")
    assert "6 rows" in repeated._count()
    assert repeated._examples.isHidden()
    qtbot.mouseClick(repeated.first, LEFT)
    assert not repeated._examples.isHidden()
    assert any("번 주문은" in text for text in texts(repeated._examples))
    assert "Rows 61, 62, 63, 64, 65, 66" in texts(repeated._examples)


def test_one_press_mends_and_another_takes_it_back(window, page, qtbot, file):
    before = file.read_bytes()
    page.use([str(file)])
    settle(window, qtbot)
    press(qtbot, window, finding(page, "duplicates"), "Keep the first")
    fixes = window.project.session.recipe.data.fixes
    assert fixes == ({"code": "duplicates"},)
    assert finding(page, "duplicates") is None
    assert steps(page) == [["Repeated rows: Keep the first", "6 rows left out"]]
    data = window.project.facts.data
    assert data.training + data.validation == 64
    press(qtbot, window, page.quality, "Take back")
    assert window.project.session.recipe.data.fixes == ()
    assert finding(page, "duplicates") is not None
    assert file.read_bytes() == before


def test_a_press_before_the_next_look_keeps_the_fix_before_it(window, page, qtbot, file):
    page.use([str(file)])
    settle(window, qtbot)
    one, other = finding(page, "duplicates"), finding(page, "html")
    page.quality._mend(one._found)
    page.quality._mend(other._found)
    codes = [each["code"] for each in window.project.session.recipe.data.fixes]
    assert codes == ["duplicates", "html"]
    settle(window, qtbot)
    assert [each[1] for each in steps(page)] == ["6 rows left out", "4 rows mended"]
    window.project.session.undo()
    assert [each["code"] for each in window.project.session.recipe.data.fixes] != codes
    settle(window, qtbot)


def test_nothing_becomes_a_window_of_its_own_while_the_page_is_filled(
    window, page, qtbot, file, shown
):
    page.use([str(file)])
    settle(window, qtbot)
    assert page.reading.isVisible()
    assert page.convert.isVisible()
    assert {type(each) for each in shown} <= {MainWindow}
    assert window.isActiveWindow()


@pytest.fixture
def shown(qapp):
    """Every window that is shown from here on, but for menus and tooltips."""

    class Seen(QObject):
        def __init__(self):
            super().__init__()
            self.windows = []

        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget):
                passing = Qt.WindowType.Popup, Qt.WindowType.ToolTip
                if watched.isWindow() and watched.windowType() not in passing:
                    self.windows.append(watched)
            return False

    seen = Seen()
    qapp.installEventFilter(seen)
    yield seen.windows
    qapp.removeEventFilter(seen)


def test_the_rows_of_a_finding_are_shown_with_their_numbers(window, page, qtbot, file):
    page.use([str(file)])
    settle(window, qtbot)
    html = finding(page, "html")
    qtbot.mouseClick(html.first, LEFT)
    press(qtbot, window, html, "See these rows")
    model = page.rows.grid.model()
    assert model.rowCount() == 4
    assert model.headerData(0, Qt.Orientation.Vertical) == "67"
    assert model.index(0, 0).data() == "<p>환불 0</p>"
    press(qtbot, window, page.rows, "Back to the first rows")
    assert model.rowCount() == 50


def test_a_fault_is_mended_by_the_keyboard_alone(window, page, qtbot, file):
    page.use([str(file)])
    settle(window, qtbot)
    window.wizard.reveal("data.fixes")
    for _ in range(12):
        focused = QApplication.focusWidget()
        if isinstance(focused, Button) and focused.text() == "Keep the first":
            break
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    settle(window, qtbot)
    assert window.project.session.recipe.data.fixes == ({"code": "duplicates"},)
    assert page.quality.isAncestorOf(QApplication.focusWidget())


def test_what_stays_found_keeps_its_place_and_its_open_examples(window, page, qtbot, file):
    more = ("전화는 010-1234-5678이에요.", "🙂🙂", "한\x07 글자", "전화는 010-8765-4321이에요.")
    with file.open("a", encoding="utf-8") as out:
        for number, said in enumerate(more):
            row = {"질문": f"더 물을게요 {number}", "답변": said, "상점": 1}
            out.write("\n" + json.dumps(row, ensure_ascii=False))
    page.use([str(file)])
    settle(window, qtbot)
    codes = [each.code for each in window.project.facts.quality.findings()]
    assert len(codes) > 3  # more than are made in one turn
    assert [each.code for each in page.quality._rows] == codes
    html, repeated = finding(page, "html"), finding(page, "duplicates")
    qtbot.mouseClick(html.first, LEFT)
    before = html._count()
    press(qtbot, window, repeated, "Keep the first")
    assert finding(page, "html") is html
    assert html._count() != before  # four of fewer rows are a larger share
    assert not html._examples.isHidden()
    assert any("환불" in text for text in texts(html._examples))
    press(qtbot, window, page.quality, "Take back")
    assert html._count() == before
    assert [each.code for each in page.quality._rows] == codes


def test_other_files_begin_without_fixes(window, page, qtbot, file, tmp_path):
    page.use([str(file)])
    settle(window, qtbot)
    page.quality._mend(finding(page, "duplicates")._found)
    other = tmp_path / "other.csv"
    other.write_text("question,answer\n" + "".join(f"q {n}?,a {n}\n" for n in range(20)))
    page.use([str(other)])
    assert window.project.session.recipe.data.fixes == ()
    assert window.project.facts.quality.findings() == []
    settle(window, qtbot)


def test_the_licence_of_the_data_is_said_here(window, page, qtbot, file):
    page.use([str(file)])
    settle(window, qtbot)
    window.wizard.go("model")
    window.wizard.reveal("licence.data")
    assert window.wizard.current_key == "dataset"
    field = page.terms.field.controls[0]
    assert field is QApplication.focusWidget()
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert window.project.session.recipe.licence.data == "own"
    window.project.session.change({"licence.data": "our terms"})
    qtbot.waitUntil(lambda: field.currentText() == "our terms")


def test_a_few_questions_of_the_held_out_rows_are_watched(window, page, qtbot, file, tmp_path):
    """They come with the data, in the same step; those of other data take their place."""
    session = window.project.session
    page.use([str(file)])
    settle(window, qtbot)
    first = session.recipe.evaluation.prompts
    asked = {row["질문"] for row in rows()}
    assert len(first) == 3
    assert set(first) <= asked
    other = tmp_path / "다른.jsonl"
    other.write_text(file.read_text("utf-8").replace("주문", "예약"), encoding="utf-8")
    page.use([str(other)])
    settle(window, qtbot)
    assert all("예약" in each or "환불" in each for each in session.recipe.evaluation.prompts)
    session.change({"evaluation.prompts": ()})
    page.add([str(file)])
    settle(window, qtbot)
    assert session.recipe.evaluation.prompts
    session.change({"evaluation.prompts": ("내 질문",)})
    page.use([str(file)])
    settle(window, qtbot)
    assert session.recipe.evaluation.prompts == ("내 질문",)


def test_many_rows_wait_until_they_are_asked_for(window, page, qtbot, file, monkeypatch):
    monkeypatch.setattr("finetune_studio.gui.quality.UNASKED", 10)
    page.use([str(file)])
    settle(window, qtbot)
    assert page.quality.findChildren(QualityRow) == []
    press(qtbot, window, page.quality, "Look at every row")
    assert finding(page, "duplicates") is not None


def test_a_mapping_shows_at_once_what_the_model_is_given(window, page, qtbot, file):
    page.use([str(file)])
    settle(window, qtbot)
    assert texts(page.reading)[-4:] == [
        "Person",
        "0번 주문은 언제 오나요?",
        "Model",
        "0일 뒤에 받으실 수 있어요.",
    ]
    page.layout_card._map("answer", "상점")
    settle(window, qtbot)
    assert texts(page.reading)[-1] == "0"
    qtbot.mouseClick(page.reading._next, LEFT)
    assert "1번 주문은 언제 오나요?" in texts(page.reading)


def test_the_first_rows_are_there_before_all_are_counted(window, page, qtbot, file, monkeypatch):
    monkeypatch.setattr(window.project.facts, "_read", lambda: None)  # as if it took for ever
    page.use([str(file)])
    model = page.rows.grid.model()
    qtbot.waitUntil(lambda: model.rowCount() == 50, timeout=30_000)
    assert window.project.facts.counting
    assert model.index(0, 0).data() == "0번 주문은 언제 오나요?"


def test_files_are_taken_out_one_by_one(window, page, qtbot, file, tmp_path):
    other = tmp_path / "둘째.jsonl"
    other.write_bytes(file.read_bytes())
    page.use([str(file)])
    page.add([str(other)])
    settle(window, qtbot)
    assert window.project.facts.data.rows == 140
    outs = [each for each in page.files._listed.findChildren(Button) if not each.isHidden()]
    qtbot.mouseClick(outs[0], LEFT)
    settle(window, qtbot)
    assert window.project.session.recipe.data.files == (str(other),)


def test_a_sheet_is_chosen(window, page, qtbot, tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "1월"
    for sheet in (book.active, book.create_sheet("2월")):
        sheet.append(["질문", "답변"])
        for number in range(20):
            sheet.append([f"{sheet.title} {number}?", f"네, {number}이에요."])
    path = tmp_path / "상담.xlsx"
    book.save(path)
    page.use([str(path)])
    settle(window, qtbot)
    assert window.project.facts.data is None
    select = page.files._sheets.findChild(Select)
    assert [select.itemText(n) for n in range(select.count())] == ["– choose –", "1월", "2월"]
    select.activated.emit(2)
    settle(window, qtbot)
    assert window.project.session.recipe.data.files == (f"{path}#2월",)
    assert window.project.facts.data.first[0]["질문"] == "2월 0?"


def test_rows_stay_together_and_other_files_are_measured_on(window, page, qtbot, file, tmp_path):
    page.use([str(file)])
    settle(window, qtbot)
    split = page.files.split
    names = [split._select.itemText(n) for n in range(split._select.count())]
    split._select.activated.emit(names.index("상점"))
    assert window.project.session.recipe.data.split.group == "상점"
    settle(window, qtbot)
    data = window.project.facts.data
    meant = round(0.1 * (data.training + data.validation))
    told = split._why.plain
    assert bool(told) == (data.validation != meant) == split._chance.isVisibleTo(split)
    used = data.training + data.validation
    assert not told or told.startswith(f"{data.validation} of {used} rows, not {meant}:")
    apart = tmp_path / "재기.jsonl"
    apart.write_text(json.dumps({"질문": "따로?", "답변": "네."}, ensure_ascii=False) + "\n")
    split._use([str(apart)])
    settle(window, qtbot)
    data = window.project.facts.data
    assert (data.training, data.validation) == (70, 1)
    assert split.share.isHidden()
    assert "재기.jsonl" in texts(split)
    split._choose(False)
    settle(window, qtbot)
    assert window.project.session.recipe.data.validation_files == ()


def test_rows_are_saved_in_another_shape_with_the_applied_steps(
    window, page, qtbot, file, tmp_path
):
    page.use([str(file)])
    settle(window, qtbot)
    page.quality._mend(finding(page, "duplicates")._found)
    settle(window, qtbot)
    page.convert._to = "alpaca"
    page.convert.write(tmp_path / "새 것.jsonl")
    settle(window, qtbot)
    made = open_rows([str(tmp_path / "새 것.jsonl")]).dataset
    assert len(made) == 64
    assert made[0]["output"] == "0일 뒤에 받으실 수 있어요."
    page.convert.write(tmp_path / "새 것.jsonl")
    settle(window, qtbot)
    assert "exists already" in page.convert.findChildren(FindingBox)[-1].accessibleName()


def test_what_would_be_lost_is_asked(window, page, qtbot, tmp_path):
    path = tmp_path / "turns.jsonl"
    turns = [
        {"role": role, "content": f"{role} {n}"} for n in range(2) for role in ("user", "assistant")
    ]
    lines = [{"messages": turns}, *({"messages": turns[:2]} for _ in range(9))]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    page.use([str(path)])
    settle(window, qtbot)
    page.convert._to = "alpaca"
    page.convert.write(tmp_path / "made.csv")
    settle(window, qtbot)
    assert not (tmp_path / "made.csv").exists()
    asked = page.convert.findChildren(FindingBox)[-1]
    press(qtbot, window, asked, "Leave these rows out")
    assert len(open_rows([str(tmp_path / "made.csv")]).dataset) == 9


def test_columns_of_any_name_are_mapped_by_hand(window, page, qtbot, tmp_path):
    odd = tmp_path / "이상한 열.csv"
    rows = "".join(f"배송은 며칠 걸리나요 {n}?,{n},이틀이면 도착해요 {n}.\n" for n in range(40))
    odd.write_text("열1,meta,colB\n" + rows, encoding="utf-8")
    page.use([str(odd)])
    settle(window, qtbot)
    page.layout_card._shape.edited.emit("question-answer")
    settle(window, qtbot)
    selects = page.layout_card._selects
    assert list(selects) == ["question", "answer", "context", "system"]
    assert {each.code for each in window.project.facts.findings()} >= {"columns-open"}
    assert page.rows.isVisible()
    selects["question"].edited.emit("열1")
    settle(window, qtbot)
    assert page.layout_card._selects["question"].currentText() == "열1"
    page.layout_card._selects["answer"].edited.emit("colB")
    settle(window, qtbot)
    assert not [each for each in window.project.facts.findings() if each.level == "error"]
    assert window.project.facts.data.training == 36
    assert page.reading.isVisible()


def test_a_column_that_is_gone_is_chosen_anew(window, page, qtbot, file):
    page.use([str(file)])
    settle(window, qtbot)
    columns = window.project.facts.data.columns
    mapping = {"question": columns[0], "answer": "gone"}
    window.project.session.change({"data.shape": "question-answer", "data.mapping": mapping})
    settle(window, qtbot)
    assert window.project.facts.data is not None
    assert {each.code for each in window.project.facts.findings()} >= {"columns-open"}
    page.layout_card._selects["answer"].edited.emit(columns[1])
    settle(window, qtbot)
    assert "columns-open" not in {each.code for each in window.project.facts.findings()}


def test_of_a_file_that_cannot_be_read_nothing_else_is_shown(window, page, qtbot, file, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text('[{"question": "a"', encoding="utf-8")
    page.use([str(broken)])
    settle(window, qtbot)
    cards = (page.layout_card, page.reading, page.quality, page.rows, page.convert)
    assert not any(card.isVisible() for card in cards)
    assert page.files.isVisible()
    page.use([str(file)])
    settle(window, qtbot)
    assert page.layout_card.isVisible()
    assert page.reading.isVisible()
    assert page.rows.isVisible()


def test_one_reason_is_enough_for_rows_that_a_task_cannot_use(window, page, qtbot, tmp_path):
    texts = tmp_path / "texts.csv"
    rows = "".join(f"{n}번째 이야기는 조금 길어요.\n" for n in range(40))
    texts.write_text("text\n" + rows, encoding="utf-8")
    page.use([str(texts)])
    settle(window, qtbot)
    qtbot.waitUntil(lambda: window.project.facts.preflight.found is not None, timeout=60_000)
    errors = [each for each in window.project.facts.findings() if each.level == "error"]
    assert [each.code for each in errors] == ["task-unsuited"]
    assert "questions with answers" in errors[0].sentence


def test_what_was_found_stays_as_the_language_changes(window, page, qtbot, file):
    page.use([str(file)])
    settle(window, qtbot)
    facts = window.project.facts
    found, why = facts.quality.found, facts.data.why
    language.use("ko")
    qtbot.waitUntil(lambda: facts.data.why != why, timeout=60_000)
    assert facts.quality.found is found
    assert not facts.quality.looking
    settle(window, qtbot)
    assert "중복된 행" in texts(finding(page, "duplicates"))


def test_what_is_said_by_functions_is_not_made_again_in_another_language(window, page, qtbot, file):
    page.use([str(file)])
    settle(window, qtbot)
    panel = window.wizard._panel
    leads, said = list(panel._leads), [each.accessibleName() for each in panel._leads]
    reading = page.reading.findChildren(Text)
    who = next(each for each in reading if each.plain == "Person")
    assert leads
    why = window.project.facts.data.why
    language.use("ko")
    qtbot.waitUntil(lambda: window.project.facts.data.why != why, timeout=60_000)
    settle(window, qtbot)
    qtbot.waitUntil(lambda: not turns_of(window).busy)
    assert panel._leads == leads
    assert all(a.accessibleName() != b for a, b in zip(leads, said, strict=True))
    assert page.reading.findChildren(Text) == reading
    assert who.plain == "사람"


def test_the_step_of_the_tokenizer_is_true_without_a_press(window, page, qtbot, file):
    def told():
        settle(window, qtbot)
        qtbot.waitUntil(lambda: not turns_of(window).busy)
        return window.wizard._rail.items[2].step

    session = window.project.session
    page.use([str(file)])
    known = told()
    assert (known.state, "%" in known.summary) == ("done", True)
    session.change({"task.template": "alpaca"})
    assert told().summary != known.summary
    session.change({"task.kind": "classify"})
    assert (told().state, told().summary) == ("todo", "cannot be counted")
    session.change({"task.kind": "chat", "task.template": "model"})
    assert told() == known
    session.change({"data.files": ()})
    tokenizer = window.wizard._rail.items[2]
    qtbot.waitUntil(lambda: tokenizer.step.summary == "waits for data")


def test_a_file_that_is_back_is_read_again_and_keeps_its_columns(window, page, qtbot, tmp_path):
    odd, away = tmp_path / "열.csv", tmp_path / "away.csv"
    rows = "".join(f"배송은 며칠 걸리나요 {n}?,이틀이면 도착해요 {n}.\n" for n in range(40))
    odd.write_text("가,나\n" + rows, encoding="utf-8")
    page.use([str(odd)])
    mapping = {"question": "가", "answer": "나"}
    window.project.session.change({"data.shape": "question-answer", "data.mapping": mapping})
    odd.rename(away)
    window.project.facts.look_again()
    settle(window, qtbot)
    assert window.project.facts.data_error is not None
    assert not page.terms.isVisible()
    away.rename(odd)
    press(qtbot, window, page.findings, "Look again")
    assert window.project.facts.data.training == 36
    assert page.terms.isVisible()
    page.use([str(odd)])
    settle(window, qtbot)
    assert window.project.session.recipe.data.mapping == mapping
    assert window.project.facts.data.training == 36


def test_a_sample_brings_its_licence_and_takes_it_along(window, page, file):
    def said():
        return window.project.session.recipe.licence.data

    samples = paths.resources() / "samples"
    page.use([str(samples / "korean_qa.csv")])
    assert said() == "mit"
    page.use([str(samples / "korean_sentiment.csv")])
    assert said() == "cc0-1.0"
    page.use([str(file)])
    assert said() == "unknown"
    window.project.session.change({"licence.data": "own"})
    page.use([str(samples / "korean_qa.csv")])
    assert said() == "own"
