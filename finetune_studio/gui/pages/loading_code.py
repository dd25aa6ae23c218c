"""The code that loads the result of a run in Python, to read and to copy."""

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QWidget

from finetune_studio.gui.language import tr
from finetune_studio.gui.theme import font
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.layout import column, row
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.methods import Full
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.folder import RunFolder

ADAPTER = """\
from peft import AutoPeftModelFor{kind}
from transformers import AutoTokenizer

folder = {folder!r}
model = AutoPeftModelFor{kind}.from_pretrained(folder)
tokenizer = AutoTokenizer.from_pretrained(folder)
"""
WHOLE = """\
from transformers import AutoModelFor{kind}, AutoTokenizer

folder = {folder!r}
model = AutoModelFor{kind}.from_pretrained(folder)
tokenizer = AutoTokenizer.from_pretrained(folder)
"""
CHAT = """
messages = [{"role": "user", "content": "…"}]
inputs = tokenizer.apply_chat_template(
    messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
)
answer = model.generate(**inputs, max_new_tokens=256)
print(tokenizer.decode(answer[0, inputs["input_ids"].shape[1]:], skip_special_tokens=True))
"""
TEXT = """
inputs = tokenizer("…", return_tensors="pt")
answer = model.generate(**inputs, max_new_tokens=256)
print(tokenizer.decode(answer[0], skip_special_tokens=True))
"""
CLASSIFY = """
inputs = tokenizer("…", return_tensors="pt")
print(model(**inputs).logits.softmax(-1))
"""


def loading_code(run: RunFolder, recipe: Recipe) -> str:
    """The lines of Python for this run's result and task."""
    kind = "SequenceClassification" if recipe.task.kind == "classify" else "CausalLM"
    template = WHOLE if isinstance(recipe.method, Full) else ADAPTER
    use = {"chat": CHAT, "text": TEXT, "classify": CLASSIFY}[recipe.task.kind]
    return template.format(kind=kind, folder=str(run.result)) + use


class CodeDialog(QDialog):
    """The code, and a button that copies it."""

    def __init__(self, parent: QWidget, run: RunFolder, recipe: Recipe) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Loading code"))
        text = QPlainTextEdit(loading_code(run, recipe))
        text.setReadOnly(True)
        text.setFont(font("mono"))
        text.setProperty("well", True)
        text.setAccessibleName(tr("Loading code"))
        copy = Button(lambda: tr("Copy"), "quiet", "copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text.toPlainText()))
        close = Button(lambda: tr("Close"), "primary")
        close.clicked.connect(self.accept)
        close.setDefault(True)
        self.setLayout(
            column(
                Text(lambda: tr("Load the result in Python"), "section"),
                text,
                row(copy, None, close),
                gap=Space.m,
                pad=Space.xl,
            )
        )
        self.resize(720, 420)
