"""The questions that are answered while the model learns: a few of the held-out rows, by default.

They come with data that was just chosen, and once: who takes them out has none. Knows no widget.
"""

from PySide6.QtCore import QObject

from finetune_studio.gui.facts import Facts
from finetune_studio.gui.session import Session

PROMPTS = "evaluation.prompts"
CHOSEN = frozenset({"data.files", "task.kind", "data.shape", "data.mapping"})


class WatchedQuestions(QObject):
    """Fills them in, where there are none, or those that came with other data."""

    def __init__(self, session: Session, facts: Facts) -> None:
        super().__init__()
        self._session, self._facts = session, facts
        self._ours: tuple[str, ...] = ()
        self._due = False
        session.changed.connect(self._follow)
        facts.changed.connect(self._fill)

    def _follow(self, changed: frozenset[str]) -> None:
        ours = self._session.value(PROMPTS) == self._ours != ()
        self._due = self._due or "data.files" in changed or (ours and bool(changed & CHOSEN))

    def _fill(self) -> None:
        data = self._facts.data
        if not self._due or data is None or not data.training:
            return
        self._due = False
        if self._session.value(PROMPTS) in ((), self._ours):
            self._ours = data.questions
            self._session.complete({PROMPTS: data.questions})
