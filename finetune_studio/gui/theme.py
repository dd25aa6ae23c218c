"""Turns tokens into fonts, a palette and one style sheet. Knows no widget of ours.

Widgets read `theme.colour` when they paint, so that a switch of theme is a repaint.
"""

from functools import cache
from typing import Literal
from weakref import WeakSet

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from finetune_studio import paths
from finetune_studio.gui.tokens import DARK, LIGHT, TYPE, Palette

Mode = Literal["system", "light", "dark"]
FAMILIES = ["Pretendard", "Noto Sans CJK KR", "Malgun Gothic", "Apple SD Gothic Neo"]
MOVES = (
    Qt.UIEffect.UI_AnimateMenu,
    Qt.UIEffect.UI_AnimateCombo,
    Qt.UIEffect.UI_AnimateTooltip,
    Qt.UIEffect.UI_AnimateToolBox,
    Qt.UIEffect.UI_FadeMenu,
    Qt.UIEffect.UI_FadeTooltip,
)
LARGE = ("display", "title")
ROLES: dict[QPalette.ColorRole, str] = {
    QPalette.ColorRole.Window: "surface",
    QPalette.ColorRole.Base: "raised",
    QPalette.ColorRole.AlternateBase: "sunken",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.Button: "raised",
    QPalette.ColorRole.Highlight: "accent",
    QPalette.ColorRole.HighlightedText: "on_accent",
    QPalette.ColorRole.ToolTipBase: "raised",
    QPalette.ColorRole.ToolTipText: "text",
    QPalette.ColorRole.PlaceholderText: "text3",
    QPalette.ColorRole.Link: "accent",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.Mid: "line",
}


class Theme(QObject):
    """The look in use. There is one, `theme`, for as long as the program runs."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._mode: Mode = "light"
        self._watching = False
        self._windows: WeakSet[QWidget] = WeakSet()
        self._made: dict[tuple[bool, str, float], QColor] = {}

    @property
    def mode(self) -> Mode:
        """What the person chose."""
        return self._mode

    @property
    def dark(self) -> bool:
        """Whether the dark colours are in use."""
        if self._mode != "system":
            return self._mode == "dark"
        return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark

    @property
    def tokens(self) -> Palette:
        """The colours in use."""
        return DARK if self.dark else LIGHT

    def colour(self, name: str, alpha: float = 1.0) -> QColor:
        """A token's colour now; read it when painting."""
        key = self.dark, name, alpha
        if key not in self._made:
            colour = QColor(getattr(self.tokens, name))
            colour.setAlphaF(alpha)
            self._made[key] = colour
        return QColor(self._made[key])  # whoever asks may change it

    def start(self, app: QApplication, mode: Mode) -> None:
        """Dress the application: fonts, Fusion, colours."""
        load_fonts()
        app.setStyle("Fusion")
        app.setFont(font("body"))
        for effect in MOVES:  # nothing moves by itself, whether or not the system asks for that
            app.setEffectEnabled(effect, False)
        if not self._watching:
            self._watching = True
            QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)
        self.use(mode)

    def use(self, mode: Mode) -> None:
        """Switch to light, dark, or what the system says."""
        self._mode = mode
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.setPalette(self._palette())
        for window in self._windows:
            if shiboken6.isValid(window):
                window.setStyleSheet(style_sheet(self.tokens))
        self.changed.emit()

    def dress(self, window: QWidget) -> None:
        """Give a window and all that is ever in it the style sheet, now and after each switch.

        It is the window's, not the application's: with the application's, Qt works out anew how
        everything in a part looks each time that the part comes into a larger one, and a page that
        is built from its parts takes four times as long. So it is done once, in the window.
        """
        self._windows.add(window)
        window.setStyleSheet(style_sheet(self.tokens))

    def _follow_system(self) -> None:
        if self._mode == "system":
            self.use("system")

    def _palette(self) -> QPalette:
        palette = QPalette()
        for role, name in ROLES.items():
            palette.setColor(role, self.colour(name))
        for role in (
            QPalette.ColorRole.Text,
            QPalette.ColorRole.WindowText,
            QPalette.ColorRole.ButtonText,
        ):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.colour("text3"))
        return palette


theme = Theme()


@cache
def font(role: str, pixels: int = 0) -> QFont:
    """The font of a role of type; treat it as read-only."""
    style = TYPE[role]
    # The families after the first carry Hangul in monospaced text, and rare syllables.
    made = QFont(["JetBrains Mono", *FAMILIES] if role == "mono" else FAMILIES)
    made.setPixelSize(pixels or style.pixels)
    made.setWeight(QFont.Weight(style.weight))
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if role not in LARGE:  # whose wide figures would stand off the edge
        made.setFeature(QFont.Tag("tnum"), 1)  # figures keep their column while they change
    if role == "mono":
        made.setFeature(QFont.Tag("calt"), 0)  # or "<|" turns into a triangle
    return made


@cache
def load_fonts() -> tuple[str, ...]:
    """Make the bundled fonts known to Qt, once; the families that it now has."""
    families: list[str] = []
    for path in sorted((paths.resources() / "fonts").glob("*.[ot]tf")):
        number = QFontDatabase.addApplicationFont(str(path))
        families += QFontDatabase.applicationFontFamilies(number)
    return tuple(dict.fromkeys(families))


def style_sheet(tokens: Palette) -> str:
    """The one style sheet, with the colours of `tokens` in the place of their `@names`."""
    sheet = (paths.resources() / "theme" / "theme.qss").read_text(encoding="utf-8")
    # Longest name first, or @text would eat the head of @text2.
    for name in sorted(vars(tokens), key=len, reverse=True):
        sheet = sheet.replace(f"@{name}", getattr(tokens, name))
    return sheet
