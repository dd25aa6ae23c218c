"""Every text is in both languages, well formed, and follows a switch while the window is open."""

import os
import re
import shutil
import string
import sys

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtGui import QRawFont

from finetune_studio import i18n
from finetune_studio.errors import StudioError
from finetune_studio.gui import language
from finetune_studio.gui.theme import font
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.text import Text
from tests.conftest import ROOT
from tests.helpers.manner import other_manners


@pytest.fixture(scope="module")
def tools():
    """The two modules that keep the translations; their folder is no package."""
    sys.path.insert(0, str(ROOT / "packaging"))
    import texts
    import translations

    yield texts, translations
    sys.path.remove(str(ROOT / "packaging"))


def test_nothing_is_untranslated(tools):
    _, translations = tools
    assert translations.missing() == []


def test_the_files_hold_no_text_that_is_gone(tools):
    texts, translations = tools
    found = texts.find()
    assert translations.read("ko").keys() <= found.keys()


def test_translations_have_the_same_places_and_no_blanks_at_the_ends(tools):
    _, translations = tools
    for (_, source), forms in translations.read("ko").items():
        for made in filter(None, forms):
            assert _places(made) == _places(source), source
            assert made.count("%n") == source.count("%n"), source
            assert (made[0] == " ") == (source[0] == " "), source


def test_korean_speaks_in_one_manner(tools):
    _, translations = tools
    for (_, source), forms in translations.read("ko").items():
        for made in forms:
            assert [*other_manners(made), *re.findall("확인/취소", made)] == [], source


def test_korean_says_what_goes_on_in_one_manner(tools):
    """A line that goes on ends in "-고 있어요…", and no blank stands before the dots."""
    _, translations = tools
    for (_, source), forms in translations.read("ko").items():
        for made in forms:
            assert not re.search(r" …|중(이에요)?…", made), source


def test_other_manners_are_told_apart():
    right = "저장할까요? 하니까 그래요. 바다예요. 누르세요."
    wrong = ["이것입니다", "했습니다", "갑시다", "됩니까", "누르십시오", "된다"]
    said = f"{right} {'. '.join(wrong)}. {right}"
    assert other_manners(said) == wrong


def test_korean_has_one_name_for_one_thing(tools):
    _, translations = tools
    for (_, source), forms in translations.read("ko").items():
        for made in forms:
            assert not re.search("(기반|기본|베이스) 모델|파인튜닝(한|된) 모델", made), source
            assert "사전학습" in made or not re.search(r"\bbase models?\b", source), source


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "packaging/linux/finetune-studio.desktop",
        "packaging/linux/launcher.sh",
        "packaging/macos/launcher.sh",
        "packaging/windows/installer.nsi",
        "resources/cards/ko.md.jinja",
        "resources/catalog/models.json",
        "resources/help/ko",
        "resources/licences/licences.json",
    ],
)
def test_what_is_in_no_translation_speaks_in_that_manner_too(name):
    place = ROOT / name
    for file in place.iterdir() if place.is_dir() else [place]:
        text = file.read_text(encoding="utf-8")
        assert re.search("[가-힣]", text), file
        assert other_manners(text) == [], file


def test_english_has_its_plurals(tools):
    texts, translations = tools
    plural = {key for key, text in texts.find().items() if text.plural}
    english = translations.read("en")
    assert english.keys() == plural
    assert all(len(set(forms)) == 2 for forms in english.values())


def test_every_weight_of_the_font_has_every_korean_letter(tools):
    _, translations = tools
    letters = {
        each for forms in translations.read("ko").values() for made in forms for each in made
    }
    for role in ("body", "label", "strong", "title"):
        raw = QRawFont.fromFont(font(role))
        assert not [
            each for each in letters if each > "\x7f" and not raw.supportsCharacter(ord(each))
        ]


def test_all_words_in_widgets_are_marked(tools):
    """A text that goes into a widget as it stands would stay English for ever."""
    pattern = re.compile(
        r"\b(?:Text|Button|Badge|FindingBox|Answer)\(\s*\"([^\"{]*[A-Za-z]{3}[^\"]*)\""
    )
    known = {"Finetune Studio", "trainer.log"}
    for path in (ROOT / "finetune_studio" / "gui").rglob("*.py"):
        found = set(pattern.findall(path.read_text(encoding="utf-8"))) - known
        found = {each for each in found if each[0].isupper() or " " in each}
        assert not found, path


def test_a_switch_reaches_every_widget_and_the_core(qtbot):
    button, text = Button(lambda: language.tr("Save")), Text(lambda: language.tr("Loss"), wrap=True)
    for each in (button, text):
        qtbot.addWidget(each)
        each.show()
    language.use("ko")
    qtbot.waitUntil(lambda: button.text() == "저장")
    assert text.plain == "손실"
    assert "손실" in text.text()
    assert button.accessibleName() == "저장"
    assert i18n.tr("Learning rate") == "학습률"
    language.use("en")
    qtbot.waitUntil(lambda: button.text() == "Save")
    assert i18n.tr("Learning rate") == "Learning rate"


def test_counts_follow_the_language():
    assert [language.tr("%n step(s)", n) for n in (1, 2)] == ["1 step", "2 steps"]
    language.use("ko")
    assert language.tr("%n step(s)", 1) == "1스텝"
    assert QLocale().language() == QLocale.Language.Korean


def test_qt_itself_speaks_korean(qtbot):
    language.use("ko")
    from PySide6.QtCore import QCoreApplication

    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "취소"


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """A folder of translations with nothing in it."""
    monkeypatch.setattr(language, "folder", lambda: tmp_path)
    monkeypatch.setattr(language, "_made", {})
    return tmp_path


def test_without_translations_it_says_so_and_speaks_on_as_before(folder):
    with pytest.raises(StudioError, match="translations"):
        language.use("ko")
    assert language.current() == "en"
    assert language.tr("%n step(s)", 2) == "2 steps"


def test_translations_that_nobody_compiled_are_read_from_their_source(folder):
    shutil.copy(ROOT / "resources" / "i18n" / "studio_ko.ts", folder)
    language.use("ko")
    assert (language.tr("Loss"), language.tr("%n step(s)", 3)) == ("손실", "3스텝")
    kept = (folder / "studio_ko.qm").read_bytes()
    assert kept == (ROOT / "resources" / "i18n" / "studio_ko.qm").read_bytes()
    assert i18n.tr("Learning rate") == "학습률"


def test_translations_compiled_before_their_source_changed_are_not_used(folder):
    source = folder / "studio_ko.ts"
    text = (ROOT / "resources" / "i18n" / "studio_ko.ts").read_text(encoding="utf-8")
    source.write_text(text.replace(">손실<", ">잃음<"), encoding="utf-8")
    built = shutil.copy(ROOT / "resources" / "i18n" / "studio_ko.qm", folder)
    os.utime(built, (1, 1))
    language.use("ko")
    assert language.tr("Loss") == "잃음"
    shutil.copy(ROOT / "resources" / "i18n" / "studio_ko.qm", folder)
    os.utime(source, (0, 0))
    language.use("ko")
    assert language.tr("Loss") == "손실"  # what was built is the newer one


def test_the_system_language_is_one_of_ours():
    assert language.system_language() in language.NAMES


def test_a_text_put_together_is_refused(tools, tmp_path, monkeypatch):
    texts, _ = tools
    folder = tmp_path / "finetune_studio"
    folder.mkdir()
    (folder / "x.py").write_text(
        'from finetune_studio.i18n import tr\nn = 1\ntr(f"{n} rows")\n', encoding="utf-8"
    )
    monkeypatch.setattr(texts, "PACKAGE", folder)
    with pytest.raises(texts.UnmarkedError, match=r"x\.py:3"):
        texts.find()


def _places(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
