"""Upload to the Hub: the name, what goes up, who sees it, how far it is. Private unless asked."""

import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtWidgets import QVBoxLayout

from finetune_studio import i18n
from finetune_studio.errors import StudioError
from finetune_studio.export.publish import Publication, prepare
from finetune_studio.export.repository import Order
from finetune_studio.gui import amounts, language
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.opening import open_outside
from finetune_studio.gui.pages.hub_preview import HubPreview
from finetune_studio.gui.pages.hub_sign_in import SignIn
from finetune_studio.gui.project import Project
from finetune_studio.gui.retelling import words_of
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.uploading import Uploading
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.choice import Select, Switch
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import clear, column, row
from finetune_studio.gui.widgets.line import Line
from finetune_studio.gui.widgets.meter import Track
from finetune_studio.gui.widgets.text import Text

SETTLES = 500  # milliseconds after the last key until the name is looked at
LOOK = "upload"  # the job's name


class HubCard(Card):
    """The upload."""

    def __init__(self, project: Project) -> None:
        super().__init__(name=lambda: tr("Upload to Hugging Face"))
        self._project, self.uploading = project, Uploading(self)
        self._places: list[Path] = []
        self.publication: Publication | None = None
        self.url, self._looked_in = "", ""
        self.uploading.moved.connect(self._show)
        self.uploading.done.connect(self._finish)
        self.uploading.failed.connect(self._tell)
        project.closing.connect(self.uploading.close)
        self.repo = Line(lambda: tr("owner/name, or a name"))
        self.repo.textEdited.connect(lambda _: self._ask_soon())
        self.what = Select([])
        self.what.edited.connect(lambda _: self._choose())
        self.private, self.compatible = Switch(), Switch()
        self.private.setChecked(True)
        self.private.edited.connect(lambda _: self._look())
        self.sign_in = SignIn(project.jobs)
        self.sign_in.signed.connect(self._show)
        self.see = Button(lambda: tr("See what goes up"), "quiet", "file-text")
        self.see.clicked.connect(self._preview)
        self.go = Button(self._verb, "primary")
        self.go.setObjectName("upload")
        self.go.clicked.connect(self._start)
        self.cancel = Button(lambda: tr("Cancel"), "quiet", "x")
        self.cancel.clicked.connect(self.uploading.stop)
        self._track, self._detail = Track(), Text("", "caption", "text2", wrap=True)
        self._below = column(gap=Space.xs)
        self._soon = QTimer(self, singleShot=True, interval=SETTLES)
        self._soon.timeout.connect(self._look)
        self.hold(self._lay())
        self._show()

    def refresh(self, exports: Sequence[Path]) -> None:
        """Suit another run: its result, and its exports that are known here."""
        run = self._project.watch.run
        if run is None or (self._places and self._places[0] == run.path):
            self._show()
            if self._looked_in not in ("", language.current()):
                self._look()
            return
        self._places = [run.path, *exports]
        self.repo.setText(_slug(self._project.name))
        self._offer()
        self._look()

    def offer(self, export: Path) -> None:
        """Offer a new export too; what goes up stays what was chosen."""
        if export not in self._places:
            self._places.append(export)
        self._offer()

    @property
    def order(self) -> Order:
        """Where to, as it stands."""
        return Order(self.repo.text().strip(), public=not self.private.isChecked())

    def _offer(self) -> None:
        options: list[tuple[object, Words]] = [
            (each, (lambda: tr("the run's result")) if place == 0 else each.name)
            for place, each in enumerate(self._places)
        ]
        self.what.offer(options)
        if self.what.value() is None:
            self.what.show_value(self._places[0])

    def _choose(self) -> None:
        self.url = ""  # of what was chosen before
        self._look()

    def _ask_soon(self) -> None:
        self.publication, self.url = None, ""
        self._show()
        self._soon.start()

    def _look(self) -> None:
        """See, without any network, what would go up, and whether it may."""
        run, path = self._project.watch.run, self.what.value()
        self.publication = None
        self._show()  # nothing to press until it is known
        if run is None or not isinstance(path, Path) or self.uploading.busy:
            return
        order, named = self.order, None if path == run.path else run.path
        code = language.current()

        def work() -> Publication:
            return prepare(path, order, code, named)

        self._looked_in = code
        self._project.jobs.run(LOOK, work, self._looked, self._tell)

    def _looked(self, found: Publication) -> None:
        clear(self._below)
        self.publication = found
        self.uploading.given_up = False
        for finding in found.findings:
            self._below.addWidget(FindingBox(finding.level, finding.sentence))
        self._show()

    def _preview(self) -> None:
        if self.publication is not None:
            HubPreview(self, self.publication).exec()

    def _start(self) -> None:
        run, found = self._project.watch.run, self.publication
        path = self.what.value()
        if run is None or found is None or not isinstance(path, Path):
            return
        clear(self._below)
        self.url, self._looked_in = "", ""  # what stands below is the upload's from now on
        compatible = self.compatible.isChecked()
        self.uploading.start(path, found.order, run.path, compatible=compatible)

    def _show(self) -> None:
        busy = self.uploading.busy
        signed = self.sign_in.signed_in
        self.sign_in.setVisible(not busy)
        for field in (self.repo, self.what, self.private, self.compatible):
            field.setEnabled(not busy)
        ready = self.publication is not None and not busy
        self.see.setVisible(not busy)
        self.see.setEnabled(ready)
        self.go.setVisible(not busy)
        self.go.setEnabled(ready and signed)
        self.go.say(self._verb)
        self.cancel.setVisible(busy)
        self._track.setVisible(busy)
        sent = self.uploading.sent
        self._track.show_part(sent.done / max(1, sent.total))
        self._detail.say(self._words)
        self._detail.setVisible(bool(self._detail.plain))
        self.repo.setAccessibleName(tr("Name on the Hub"))
        self.what.setAccessibleName(tr("What goes up"))
        self.private.setAccessibleName(tr("Only I see it"))
        self.compatible.setAccessibleName(tr("Slower, for networks that block the fast way"))

    def _verb(self) -> str:
        return tr("Upload privately") if self.private.isChecked() else tr("Upload for everybody")

    def _words(self) -> str:
        if self.uploading.busy:
            return self._progress()
        if self.url:
            return tr("It is there: {url}").format(url=self.url)
        if self.uploading.given_up:
            return tr(
                "Cancelled: on the Hub all is as it was. The next upload goes on with what is "
                "missing."
            )
        if self.publication is not None:
            found = self.publication.contents
            return tr("{count} files, {size}").format(
                count=len(found.items), size=amounts.size(found.size)
            )
        return ""

    def _progress(self) -> str:
        sent = self.uploading.sent
        if sent.waits:
            told = tr("The Hub does not take it now; the next attempt is in {seconds} s.")
            return told.format(seconds=round(sent.waits))
        if not sent.total:
            phase = i18n.tr(sent.phase) if sent.phase else tr("Asking the Hub what there is")
            return self.uploading.waiting.say(tr("{what} …").format(what=phase))
        done, total = amounts.size(sent.done), amounts.size(sent.total)
        parts = [tr("{done} of {size}").format(done=done, size=total)]
        parts += [f"{amounts.size(sent.speed)}/s"] if sent.speed else []
        if sent.seconds_left is not None and sent.seconds_left >= 1:
            left = amounts.duration(sent.seconds_left)
            parts.append(tr("{time} left").format(time=left))
        return " · ".join([*parts, sent.file] if sent.file else parts)

    def _finish(self, outcome: dict[str, object]) -> None:
        self.url = str(outcome["url"])
        repo, left = outcome["repo"], self.uploading.left_behind
        link = FindingBox(
            "good",
            lambda: tr("Uploaded to {repo}").format(repo=repo),
            "",
            lambda: tr("Open it"),
        )
        link.fix_pressed.connect(lambda: open_outside(self, QUrl(self.url)))
        clear(self._below)
        self._below.addWidget(link)
        if left:
            self._below.addWidget(
                FindingBox(
                    "warning",
                    lambda: tr("Files of another upload are still there, too: {names}").format(
                        names=", ".join(left)
                    ),
                    lambda: tr("Remove them on the Hub, or upload under another name."),
                )
            )
        self._show()

    def _tell(self, error: StudioError) -> None:
        clear(self._below)
        self._below.addWidget(FindingBox("error", *words_of(error)))
        self._show()

    def _lay(self) -> QVBoxLayout:
        sees = row(Text(lambda: tr("Only I see it"), "body", "text2"), None, self.private)
        plain = Text(lambda: tr("Slower, for networks that block the fast way"), "body", "text2")
        what = row(Text(lambda: tr("What goes up"), "body", "text2"), None, self.what)
        name = row(Text(lambda: tr("Name on the Hub"), "body", "text2"), self.repo, gap=Space.m)
        name.setStretch(1, 1)
        return column(
            Text(lambda: tr("Upload to Hugging Face"), "section"),
            name,
            what,
            sees,
            row(plain, None, self.compatible),
            self.sign_in,
            self._track,
            self._detail,
            self._below,
            None,
            # A press of Cancel that comes too late shows what goes up; it uploads nothing.
            row(self.see, self.cancel, None, self.go, gap=Space.s),
            gap=Space.s,
            pad=(16, 12, 16, 14),
        )


def _slug(name: str) -> str:
    """A name that the Hub takes, from the project's."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "my-model"
