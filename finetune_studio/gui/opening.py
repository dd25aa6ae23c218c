"""Opens a folder or a page outside the window; where nothing there does, says where it is."""

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QWidget

from finetune_studio.gui.language import tr
from finetune_studio.gui.tokens import Size
from finetune_studio.gui.widgets.notice import Toast


def open_outside(widget: QWidget, url: QUrl) -> None:
    """Open an address with what the desktop has for it; else copy it, and say so."""
    if QDesktopServices.openUrl(url):
        return
    address = url.toLocalFile() if url.isLocalFile() else url.toString()
    QGuiApplication.clipboard().setText(address)
    words = tr("No program here opens it. Its address is copied: {address}")
    Toast(widget.window(), "copy", "warn", words.format(address=address)).rise(Size.footer + 16)
