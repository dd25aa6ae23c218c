"""The look: contrast, sizes, fonts and icons, by numbers."""

import re
from dataclasses import asdict

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFontInfo, QImage, QPainter, QRawFont
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QWidget

from finetune_studio.gui.icons import icon, paint_icon
from finetune_studio.gui.theme import font, load_fonts, style_sheet, theme
from finetune_studio.gui.tokens import DARK, LIGHT, TYPE, Radius, Size, Space, contrast
from finetune_studio.gui.widgets.layout import box, column, row
from finetune_studio.gui.widgets.text import Text
from tests.conftest import ROOT

ICONS = sorted((ROOT / "resources" / "icons").glob("*.svg"))
MODES = {"light": LIGHT, "dark": DARK}
READ = [  # words, ground
    *((words, ground) for words in ("text", "text2", "text3") for ground in ("surface", "canvas")),
    *((words, "raised") for words in ("text", "text2", "accent", "bad", "text3")),
    *((words, "accent_soft") for words in ("text", "text2", "text3", "accent")),
    *((words, "hover") for words in ("text", "text2")),
    ("text2", "sunken"),
    ("text2", "given_soft"),
    ("accent", "surface"),
    ("on_accent", "accent"),
    ("on_accent", "accent_hover"),
    ("learned_text", "surface"),
    ("learned_text", "learned_soft"),
    *((tone, f"{tone}_soft") for tone in ("ok", "warn", "bad")),
    *(("text", f"{tone}_soft") for tone in ("ok", "warn", "bad")),
    *(("text2", f"{tone}_soft") for tone in ("ok", "warn", "bad")),
    *((tone, "surface") for tone in ("ok", "warn", "bad", "validation", "rate")),
]
SEEN = ("edge", "learned", "given", "activations", "optimiser", "accent")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("words", "ground"), READ)
def test_words_can_be_read(mode, words, ground):
    tokens = asdict(MODES[mode])
    assert contrast(tokens[words], tokens[ground]) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("mark", SEEN)
def test_marks_can_be_seen(mode, mark):
    tokens = asdict(MODES[mode])
    assert contrast(tokens[mark], tokens["surface"]) >= 3.0


def test_contrast_is_reckoned_as_wcag_does():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_sizes_are_those_of_the_look():
    assert (Size.rail, Size.panel, Size.header, Size.footer) == (224, 280, 52, 60)
    assert (Size.control, Size.row) == (32, 46)
    assert (Space.hair, Space.xs, Space.s, Space.m) == (2, 4, 8, 12)
    assert (Space.l, Space.xl, Space.xxl) == (16, 24, 32)
    assert (Radius.chip, Radius.control, Radius.card, Radius.dialog) == (4, 6, 10, 12)
    assert {role: (style.pixels, style.weight) for role, style in TYPE.items()} == {
        "display": (28, 700),
        "title": (22, 700),
        "section": (15, 600),
        "strong": (13, 600),
        "body": (13, 400),
        "caption": (12, 400),
        "label": (12, 500),
        "mono": (12, 400),
    }


@pytest.mark.parametrize("mode", MODES)
def test_the_style_sheet_has_every_colour(mode):
    sheet = style_sheet(MODES[mode])
    assert "@" not in sheet
    assert "font" not in re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)


def test_bundled_fonts_carry_hangul_in_every_weight():
    assert set(load_fonts()) >= {"Pretendard", "JetBrains Mono"}
    for role in TYPE:
        found = QRawFont.fromFont(font(role))
        if role != "mono":
            assert QFontInfo(font(role)).family() == "Pretendard"
            assert all(found.supportsCharacter(ord(each)) for each in "가학습률Aa1→·–×")
    assert QRawFont.fromFont(font("body")).supportsCharacter(ord("뷁"))


def test_each_font_has_its_licence():
    folder = ROOT / "resources" / "fonts"
    for path in folder.glob("*.[ot]tf"):
        licence = folder / f"LICENSE-{path.name.partition('-')[0]}.txt"
        assert "SIL OPEN FONT LICENSE" in licence.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ICONS, ids=lambda path: path.stem)
def test_every_icon_draws_in_its_tint_and_is_used(path):
    assert QSvgRenderer(str(path)).isValid()
    picture = QImage(48, 48, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(0)
    painter = QPainter(picture)
    paint_icon(painter, path.stem, QRectF(0, 0, 48, 48), "bad")
    painter.end()
    drawn = {
        picture.pixelColor(x, y).name()
        for x in range(48)
        for y in range(48)
        if picture.pixelColor(x, y).alpha() == 255
    }
    assert all(_near(shade, LIGHT.bad) for shade in drawn)
    code = "".join(each.read_text() for each in (ROOT / "finetune_studio/gui").rglob("*.py"))
    assert f'"{path.stem}"' in code


def test_an_icon_follows_the_theme():
    found = icon("check", "accent")
    shades = set()
    for mode in MODES:
        theme.use(mode)
        picture = found.pixmap(32, 32).toImage()
        shades |= {
            picture.pixelColor(x, y).name()
            for x in range(32)
            for y in range(32)
            if picture.pixelColor(x, y).alpha() == 255
        }
    assert all(_near(shade, LIGHT.accent) or _near(shade, DARK.accent) for shade in shades)
    assert len(shades) >= 2


def test_a_colour_is_that_of_the_theme_however_it_was_changed_before():
    for mode, tokens in MODES.items():
        theme.use(mode)
        theme.colour("accent").setAlphaF(0.1)
        assert theme.colour("accent") == QColor(tokens.accent)
        assert theme.colour("accent", 0.5).alpha() in (127, 128)


def test_a_switch_of_theme_is_told():
    heard = []
    theme.changed.connect(lambda: heard.append(theme.dark))
    theme.use("dark")
    theme.use("light")
    assert heard == [True, False]


def _near(one, other):
    """Whether two colours are the same but for rounding."""
    pairs = zip(QColor(one).getRgb(), QColor(other).getRgb(), strict=True)
    return all(abs(a - b) <= 2 for a, b in pairs)


def test_what_comes_into_a_window_wears_its_sheet_and_follows_the_theme(qtbot):
    part = Text("words", tone="warn")
    assert not part.styleSheet()
    window = QWidget()
    qtbot.addWidget(window)  # which dresses it
    window.setLayout(column(box(row(part))))
    window.show()
    for mode in ("dark", "light"):
        theme.use(mode)
        assert part.palette().windowText().color() == QColor(MODES[mode].warn)
