"""The window: the start page or one project, and what is asked before something is left.

What a project needs is imported when one is opened: the first window must not wait for it.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QByteArray, QEvent, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow
from typing_extensions import override

from finetune_studio import installed, paths
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.gui.alerts import Door
from finetune_studio.gui.appearance import Appearance
from finetune_studio.gui.collecting import Collecting
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.language import tr
from finetune_studio.gui.leaving import (
    ask_to_close,
    ask_to_save,
    ask_what_to_open,
    ask_where_to_save,
    may_end_work,
)
from finetune_studio.gui.pages.start import StartPage
from finetune_studio.gui.places import PLACES, Pages
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.shortcuts import add_shortcuts
from finetune_studio.gui.theme import theme
from finetune_studio.gui.tokens import Size
from finetune_studio.gui.turns import tell_language, turns_of
from finetune_studio.gui.widgets.layout import box, column
from finetune_studio.gui.widgets.notice import Toast

if TYPE_CHECKING:
    from finetune_studio.gui.project import Project
    from finetune_studio.gui.session import Session
    from finetune_studio.gui.wizard import Wizard
    from finetune_studio.gui.work_strip import WorkStrip
    from finetune_studio.runs.folder import RunFolder


class MainWindow(QMainWindow):
    """The one window."""

    def __init__(self, preferred: Preferred) -> None:
        super().__init__()
        theme.dress(self)
        collecting = Collecting(self)  # before any thread is there
        self.preferred, self.jobs = preferred, Jobs(turns=turns_of(self))
        self.jobs.closed.connect(collecting.stop)
        self.door, self.appearance = Door(self), Appearance(preferred, self)
        self.appearance.failed.connect(self.door.tell)
        self.project: Project | None = None
        self.wizard: Wizard | None = None
        self.pages = Pages()
        self.work: WorkStrip | None = None
        self._whole = column(self.pages, gap=0)
        self.setCentralWidget(box(self._whole))
        self.jobs.surprised.connect(self.door.tell)
        preferred.failed.connect(self.door.preferences_lost)
        preferred.write_in(self.jobs)
        self.setWindowTitle("Finetune Studio")
        self.setMinimumSize(*Size.least)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.resize(*Size.start)
        if preferred.value.geometry:
            self.restoreGeometry(QByteArray.fromBase64(preferred.value.geometry.encode()))
        add_shortcuts(self, self._acts())
        self.show_start()

    def show_start(self) -> None:
        """Leave the project and show the start page."""
        if not self._leave_project():
            return
        if self.isVisible():
            self.preferred.change(last="", step="")
        page = StartPage()
        page.demo_asked.connect(self.try_demo, Qt.ConnectionType.QueuedConnection)
        page.place_asked.connect(self.show_place, Qt.ConnectionType.QueuedConnection)
        page.new_asked.connect(self.new_project, Qt.ConnectionType.QueuedConnection)
        page.open_asked.connect(self.ask_what_to_open, Qt.ConnectionType.QueuedConnection)
        page.run_asked.connect(self.open_path, Qt.ConnectionType.QueuedConnection)
        self.appearance.join(page.looks)
        self.pages.show_page(page)
        self.setWindowTitle("Finetune Studio")
        page.setAccessibleName("Finetune Studio")
        chosen = self.preferred.value.runs_folder
        page.start(self.jobs, Path(chosen) if chosen else paths.runs(), self.preferred.value)

    def try_demo(self, model: str = "") -> None:
        """Train the demo: the embedded model on the sample data, or another model's folder."""
        if not installed.can_train():
            self.show_place("setup")
            return
        from finetune_studio.gui.project import demo_session

        try:
            self._open(demo_session(model))
        except StudioError as error:
            self.door.tell(error)
            return
        if self.wizard is not None:
            self.wizard.go("training")
            self.wizard.page("training").begin()

    @property
    def places(self) -> tuple[str, ...]:
        """The pages beside the wizard."""
        return tuple(PLACES)

    def show_place(self, name: str, behind: str = "") -> None:
        """Show a page beside the wizard, over what is open; it leads back to the one behind it."""
        place = PLACES[name](self.preferred, self.jobs)
        queued = Qt.ConnectionType.QueuedConnection
        back = partial(self.show_place, behind) if behind else self.leave_place
        place.left.connect(back, queued)
        place.run_asked.connect(self._open_from_place, queued)
        place.place_asked.connect(partial(self.show_place, behind=name), queued)
        place.language_asked.connect(self.appearance.use_language)
        place.theme_asked.connect(self.appearance.use_theme)
        self.pages.cover(place)

    def leave_place(self) -> None:
        """Go back to what is open."""
        self.pages.uncover()

    def show_help(self) -> None:
        """Show the help for the step that is open."""
        from finetune_studio.gui.pages.help import HelpPage

        topic = self.wizard.current_key if self.wizard is not None else "start"
        self.show_place("help")
        if isinstance(self.pages.cover_now, HelpPage):
            self.pages.cover_now.open(topic)

    def _open_from_place(self, name: str) -> None:
        self.leave_place()
        self.open_path(name)

    def new_project(self) -> None:
        """Begin a project with the recommended recipe."""
        from finetune_studio.gui.project import advised_session

        try:
            self._open(advised_session())
        except StudioError as error:
            self.door.tell(error)

    def ask_what_to_open(self) -> None:
        """Ask for a recipe or a run."""
        if path := ask_what_to_open(self):
            self.open_path(str(path))

    def open_path(self, name: str) -> None:
        """Open a recipe, or a run by its folder; says why where it cannot be."""
        from finetune_studio.gui.project import open_session
        from finetune_studio.runs.folder import RunFolder

        path = Path(name).expanduser().absolute()
        try:
            if path.is_dir():
                self._open_run(RunFolder.open(path))
            else:
                self._open(open_session(path))
        except StudioError as error:
            self.door.tell(error)

    def open_first(self, given: str) -> None:
        """Open what was asked for, or what was open when the window last closed."""
        before = self.preferred.value
        if given:
            self.open_path(given)
        elif before.last and Path(before.last).is_file():
            step = before.step
            self.open_path(before.last)
            if self.wizard is not None and self.wizard.current == 0:  # no run goes on
                self.wizard.go(step)

    def save(self) -> None:
        """Save the recipe, under a name that is asked for where it has none."""
        if self.project is None:
            return
        session = self.project.session
        path = session.path or ask_where_to_save(self)
        if path is None:
            return
        try:
            session.save(path)
        except StudioError as error:
            self.door.tell(error)
        else:
            self.toast("circle-check", "ok", tr("Saved"))

    def toast(self, glyph: str, tone: str, words: str) -> None:
        """Say something in passing."""
        Toast(self, glyph, tone, words).rise(Size.footer + 16)

    def _open_run(self, run: "RunFolder") -> None:
        from finetune_studio.gui.drafts import project_of
        from finetune_studio.gui.project import open_session, session_of_run

        project = project_of(run, self.preferred.value.runs)
        self._open(open_session(project) if project else session_of_run(run), run)

    def _open(self, session: "Session", run: "RunFolder | None" = None) -> None:
        if not self._leave_project():
            return
        from finetune_studio.gui.project import Project
        from finetune_studio.gui.wizard import Wizard
        from finetune_studio.gui.work_strip import WorkStrip

        project = Project(session, self.jobs, self.preferred)
        project.failed.connect(self.door.tell)
        if self.work is None:
            self.work = WorkStrip(self.jobs)
            self._whole.addWidget(self.work)
        session.file_changed.connect(self._name_window)
        self.project, self.wizard = project, Wizard(project)
        self.wizard.home_asked.connect(self.show_start, Qt.ConnectionType.QueuedConnection)
        self.wizard.place_asked.connect(self.show_place, Qt.ConnectionType.QueuedConnection)
        self.wizard.help_asked.connect(self.show_help, Qt.ConnectionType.QueuedConnection)
        self.wizard.header.save_asked.connect(self.save)
        self.appearance.join(self.wizard.header.looks)
        self.pages.show_page(self.wizard)
        self._name_window()
        project.facts.start()
        known = self.preferred.value
        recent = known.with_recent(session.path) if session.path else known
        # Kept now, not when the window closes: it may be killed.
        self.preferred.become(recent.changed(last=str(session.path or "")))
        self.wizard.went.connect(lambda key: self.preferred.change(step=key))
        followed = run or project.last_run()
        if followed is not None:
            self._take_up(project, followed, asked=run is not None)

    def _take_up(self, project: "Project", run: "RunFolder", *, asked: bool) -> None:
        """Follow a run that is there; one that is live, or was asked for, is shown at once."""
        from finetune_studio.runs.process import is_alive

        try:
            live = is_alive(run)
            project.watch.follow(run)
        except RefusedError as error:
            self.door.tell(error)
            return
        if self.wizard is not None and (live or asked):
            self.wizard.go("training")

    def _name_window(self) -> None:
        if self.project is not None:
            star = "[*]"
            name = self.project.name or tr("Untitled")
            self.setWindowTitle(f"{name}{star} · Finetune Studio")
            if self.wizard is not None:
                self.wizard.setAccessibleName(name)
            self.setWindowModified(self.project.session.modified)

    def _leave_project(self) -> bool:
        """Whether what is open may be left; it is then closed."""
        project = self.project
        if project is None:
            return True
        if focused := self.focusWidget():
            focused.clearFocus()  # what was typed and not left yet counts, too
        if not self._settled(project) or not may_end_work(self, self.wizard):
            return False
        try:
            project.close()
        except StudioError as error:
            self.door.tell(error)
            return False
        self.project = self.wizard = None
        return True

    def _settled(self, project: "Project") -> bool:
        session = project.session
        if session.saves_itself or not session.modified:
            return True
        answer = ask_to_save(self)
        if answer == "save":
            self.save()
            return not session.modified
        return answer == "drop"

    def _may_close(self) -> bool:
        """Whether the window may go while a run or other work goes on."""
        if self.work is not None and not self.work.may_go(self):
            return False
        project = self.project
        if project is None or not project.watch.alive:
            return True
        answer = ask_to_close(self)
        if answer == "stop":
            project.watch.stop("stop-and-save")
            project.watch.ended.connect(self.close, Qt.ConnectionType.QueuedConnection)
        return answer == "leave"

    def _acts(self) -> dict[str, Callable[[], None]]:
        """What the window does on a key, by its name."""
        return {
            "new": self.new_project,
            "open": self.ask_what_to_open,
            "save": self.save,
            "undo": partial(self._turn, "undo"),
            "redo": partial(self._turn, "redo"),
            "help": self.show_help,
            "history": lambda: self.show_place("history"),
            "preferences": lambda: self.show_place("preferences"),
        }

    def _turn(self, way: Literal["undo", "redo"]) -> None:
        if self.project is not None:
            getattr(self.project.session, way)()

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LanguageChange:
            tell_language(self)
            return True
        return super().event(event)

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_close():
            event.ignore()
            return
        step = self.wizard.current_key if self.wizard is not None else ""
        path = self.project.session.path if self.project is not None else None
        if not self._leave_project():
            event.ignore()
            return
        geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        self.preferred.change(geometry=geometry, last=str(path or ""), step=step)
        self.jobs.close()
        event.accept()
