"""Where nothing on the desktop opens an address, it is copied and said."""

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QWidget

from finetune_studio.gui.opening import open_outside
from finetune_studio.gui.widgets.notice import Toast
from finetune_studio.gui.widgets.text import Text


def test_an_address_that_nothing_opens_is_copied(qtbot, monkeypatch, tmp_path):
    asked, opens = [], [True]
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: asked.append(url) or opens[0])
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(600, 400)
    window.show()
    QGuiApplication.clipboard().setText("before")
    url = QUrl.fromLocalFile(str(tmp_path))
    open_outside(window, url)
    assert asked == [url]
    assert QGuiApplication.clipboard().text() == "before"
    opens[0] = False
    open_outside(window, url)
    assert QGuiApplication.clipboard().text() == url.toLocalFile()
    (toast,) = window.findChildren(Toast)
    assert any(url.toLocalFile() in each.plain for each in toast.findChildren(Text))
