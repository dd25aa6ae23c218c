"""What the window says: settings by their names, Korean particles by sound, Qt's dialog too."""

import re

import pytest
from PySide6.QtWidgets import QFileDialog, QFileSystemModel, QLabel, QPushButton

from finetune_studio.gui import language
from finetune_studio.gui.setting_names import PATH, in_words
from finetune_studio.gui.widgets.text import Text
from finetune_studio.i18n import tr
from finetune_studio.korean import follows, joined
from tests.conftest import ROOT

SOURCE = "resources/i18n/studio_ko.ts"
TYPED = re.compile("=|`")  # what is typed into a terminal
HANGUL = re.compile(r"[가-힣]")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("‘설명’이(가) 없어요", "‘설명’이 없어요"),
        ("‘데이터’이(가) 없어요", "‘데이터’가 없어요"),
        ("Qwen3-8B을(를) 내려받지 못했어요.", "Qwen3-8B를 내려받지 못했어요."),
        ("Llama-3.1-70이(가) 없어요", "Llama-3.1-70이 없어요"),
        ("‘서울’(으)로 끝나요", "‘서울’로 끝나요"),
        ("답이 ‘끝’(으)로 끝나요", "답이 ‘끝’으로 끝나요"),
        ("SKT은(는) 조건부로", "SKT는 조건부로"),
        ("q_proj(이)라는 층", "q_proj라는 층"),
        ("/tmp/😀이(가) 있어요", "/tmp/😀이(가) 있어요"),
        ("종료 토큰 <|end|>을(를) 학습해요", "종료 토큰 <|end|>를 학습해요"),
        ("2e-4(으)로 바꾸기", "2e-4로 바꾸기"),
        ("3(으)로 바꾸기", "3으로 바꾸기"),
        ("이(가)", "이(가)"),
    ],
)
def test_particles_follow_the_sound(text, said):
    assert joined(text) == said


def test_a_particle_that_stands_alone_is_changed_too():
    assert follows("에폭", "를") == "을"
    assert follows("학습률", "으로") == "로"
    assert follows("학습률", "까지") == "까지"


def test_somebodys_own_text_is_left_alone(dressed, qtbot):
    language.use("ko")
    for exact, said in ((False, "나무가"), (True, "나무이(가)")):
        made = Text("나무이(가)", exact=exact)
        qtbot.addWidget(made)
        assert made.plain == made.text() == said


@pytest.mark.parametrize(
    ("code", "source", "said"),
    [
        ("en", "Set task.template to {name}.", "Set “Chat template” to {name}."),
        ("ko", "Set task.template to {name}.", "“대화 템플릿”을 {name}(으)로 두세요."),
        ("en", "Correct data.fixes.", "Correct “Fixes”."),
        ("en", "Read data.jsonl and model.safetensors.", "Read data.jsonl and model.safetensors."),
        (
            "en",
            "Turn on “Run the model's own code” (model.trust_remote_code): all your rights.",
            "Turn on “Run the model's own code”: all your rights.",
        ),
    ],
)
def test_settings_are_called_by_their_names(dressed, code, source, said):
    language.use(code)
    assert in_words(tr(source)) == said


def test_no_text_of_the_core_shows_a_path_in_the_window(dressed):
    """Every text in the translations that names a setting by its path loses it."""
    language.use("ko")
    sources = re.findall(r"<source>([^<]*)</source>", (ROOT / SOURCE).read_text("utf-8"))
    named = [each for each in sources if PATH.search(each) and not TYPED.search(each)]
    assert len(named) > 20
    for each in named:
        for text in (each, tr(each)):
            assert not PATH.search(in_words(text)), text


def test_qts_own_file_dialog_is_korean_throughout(dressed, qtbot, tmp_path):
    (tmp_path / "폴더").mkdir()
    language.use("ko")
    dialog = QFileDialog(None, "", str(tmp_path))
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    qtbot.addWidget(dialog)
    dialog.show()
    labels = [each.text() for each in dialog.findChildren(QLabel) if each.text()]
    buttons = [each.text() for each in dialog.findChildren(QPushButton) if each.text()]
    assert len(labels) >= 3
    assert [each for each in (*labels, *buttons) if not HANGUL.search(each)] == []
    model = dialog.findChild(QFileSystemModel)
    qtbot.waitUntil(lambda: model.index(str(tmp_path / "폴더")).isValid())
    assert model.type(model.index(str(tmp_path / "폴더"))) == "폴더"
