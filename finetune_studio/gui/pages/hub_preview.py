"""What would go up to the Hub: every file with its size, what stays here, the model card."""

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from finetune_studio.export.publish import Publication
from finetune_studio.gui import amounts
from finetune_studio.gui.language import tr
from finetune_studio.gui.theme import font
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.dialog import Over
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import column, row
from finetune_studio.gui.widgets.text import Text


class HubPreview(Over):
    """Shows an upload before it is made."""

    def __init__(self, parent: QWidget, publication: Publication) -> None:
        super().__init__(parent, tr("What goes up"))
        document = publication.as_dict()
        self.files = _well("\n".join(_line(each) for each in document["files"]), 150)
        self.files.setAccessibleName(tr("Files"))
        self.card = _well(document["card"], 260)
        self.card.setAccessibleName(tr("Model card"))
        close = Button(lambda: tr("Close"), "primary")
        close.clicked.connect(self.accept)
        close.setDefault(True)
        total = amounts.size(document["bytes"])
        seen = tr("only you see it") if document["private"] else tr("everybody sees it")
        body = column(
            Text(f"{document['repo']} · {total} · {seen}", "section"),
            Text(lambda: tr("These files go up, and no others:"), "body", "text2"),
            self.files,
            gap=Space.s,
            pad=Space.xl,
        )
        if document["left_out"]:
            names = ", ".join(document["left_out"])
            stays = tr("Stays here: {names}").format(names=names)
            body.addWidget(Text(stays, "caption", "text3", wrap=True))
        for finding in publication.findings:
            body.addWidget(FindingBox(finding.level, finding.sentence))
        body.addWidget(Text(lambda: tr("Model card"), "strong"))
        body.addWidget(self.card, 1)
        body.addLayout(row(None, close))
        self.setLayout(body)
        self.resize(760, 620)


def _line(each: dict[str, object]) -> str:
    return f"{amounts.size(float(str(each['bytes']))):>10}  {each['name']}"


def _well(text: str, height: int) -> QPlainTextEdit:
    made = QPlainTextEdit(text)
    made.setReadOnly(True)
    made.setFont(font("mono"))
    made.setProperty("well", True)
    made.setMinimumHeight(height)
    made.setTabChangesFocus(True)
    return made
