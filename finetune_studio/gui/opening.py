"""Opens a folder or a page outside the window; where nothing there does, says where it is."""

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QWidget

from finetune_studio.gui.language import tr
from finetune_studio.gui.tokens import Size
from finetune_studio.gui.widgets.notice import Toast


def open_outside(widget: QWidget, url: QUrl, *, told: bool = False) -> None:
    """Open an address with what the desktop has for it; else copy it, and say so.

    Args:
        widget: Whose window tells it.
        url: The address.
        told: Whether to say where it lies, too, when a program was found: a browser may yet fail,
            of which the desktop tells nothing.
    """
    address = url.toLocalFile() if url.isLocalFile() else url.toString()
    if not QDesktopServices.openUrl(url):
        QGuiApplication.clipboard().setText(address)
        words = tr("No program here opens it. Its address is copied: {address}")
        _say(widget, "copy", "warn", words.format(address=address))
    elif told:
        words = tr("Your browser opens it. It lies in {address}")
        _say(widget, "file-text", "ok", words.format(address=address))


def copy_text(widget: QWidget, text: str) -> None:
    """Put a text on the clipboard, and say so."""
    QGuiApplication.clipboard().setText(text)
    _say(widget, "copy", "ok", tr("Copied."))


def _say(widget: QWidget, glyph: str, tone: str, words: str) -> None:
    Toast(widget.window(), glyph, tone, words).rise(Size.footer + 16)
