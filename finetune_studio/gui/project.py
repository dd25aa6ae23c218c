"""What is open in the window: a session, what is known about it, its run, the preferences."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from finetune_studio import paths
from finetune_studio.gui.facts import Facts
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.language import tr
from finetune_studio.gui.naming import SelfNamed
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.session import Session
from finetune_studio.gui.watch import Watch
from finetune_studio.gui.watched import WatchedQuestions
from finetune_studio.preferences import Preferences
from finetune_studio.recipe import store
from finetune_studio.recipe.advice import with_advised
from finetune_studio.recipe.demo import demo_recipe
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.folder import RunFolder

SUFFIX = ".yaml"


def folder() -> Path:
    """Where the projects lie that this program keeps."""
    return paths.data() / "projects"


class Project(QObject):
    """One open project, for as long as it is open.

    Attributes:
        failed: A StudioError that belongs to no control.
        closing: It is being left; what runs for it ends.
    """

    failed = Signal(object)
    closing = Signal()

    def __init__(self, session: Session, jobs: Jobs, preferred: Preferred) -> None:
        super().__init__()
        self.session, self.jobs = session, jobs
        self._preferred, self._naming = preferred, SelfNamed(session)
        self.facts = Facts(session, jobs, lambda: preferred.value.gpu)
        self._watched = WatchedQuestions(session, self.facts)
        preferred.changed.connect(self.facts.plan.follow_gpu)
        self.facts.plan.measuring.failed.connect(self.failed)
        self.watch = Watch(jobs)
        session.failed.connect(self.failed)
        self.watch.failed.connect(self.failed)

    @property
    def preferences(self) -> Preferences:
        """What the person prefers now."""
        return self._preferred.value

    @property
    def name(self) -> str:
        """How the project is called: by itself, or by its file."""
        path = self.session.path
        return self.session.recipe.name or (path.stem if path else "")

    def prefer(self, **values: Any) -> None:
        """Remember a preference."""
        self._preferred.change(**values)

    def remember_run(self, run: RunFolder) -> None:
        """Remember that this run is the project's newest."""
        if self.session.path is not None:
            known = dict(self.preferences.runs) | {str(self.session.path): str(run.path)}
            recent = {path: known[path] for path in self.preferences.recent if path in known}
            self.prefer(runs=recent | {str(self.session.path): str(run.path)})

    def last_run(self) -> RunFolder | None:
        """The project's newest run, where it is still there."""
        found = self.preferences.runs.get(str(self.session.path))
        return RunFolder(Path(found)) if found and (Path(found) / "run.json").is_file() else None

    def runs_folder(self) -> Path:
        """Where new runs go."""
        chosen = self.preferences.runs_folder
        return Path(chosen) if chosen else paths.runs()

    def close(self) -> None:
        """Save what saves itself, and follow no run any more; the run goes on.

        Raises:
            StudioError: The disk refuses.
        """
        self.watch.leave()
        self._preferred.changed.disconnect(self.facts.plan.follow_gpu)
        self.facts.leave()
        self.closing.emit()
        self.session.leave()


def new_session(recipe: Recipe, name: str) -> Session:
    """A session for a new project under a name that is free; it has saved itself once.

    Raises:
        StudioError: The disk refuses.
    """
    stem = "".join(" " if each in '<>:"/\\|?*' else each for each in name).strip(" .") or "project"
    tries = (folder() / f"{stem}{f' {n}' if n > 1 else ''}{SUFFIX}" for n in range(1, 100_000))
    path = next(each for each in tries if not each.exists())
    named = store.with_changes(recipe, {"name": path.stem})
    session = Session(named, path, saves=True)
    session.save()
    return session


def demo_session(model: str = "") -> Session:
    """A session for the demo: the embedded model on the sample data, or another model's folder.

    Raises:
        StudioError: The disk refuses.
    """
    changes = {"model.source": model} if model else {}
    return new_session(store.with_changes(demo_recipe(), changes), tr("Demo"))


def advised_session() -> Session:
    """A session for a new project, with what is advised where nothing is decided.

    Raises:
        StudioError: The disk refuses.
    """
    return new_session(with_advised(Recipe()), tr("New project"))


def open_session(path: Path) -> Session:
    """A session for a recipe's file; a project of ours saves itself, any other file waits.

    Raises:
        RefusedError: It is no recipe.
    """
    ours = path.resolve().parent == folder().resolve()
    return Session(store.load(path), path, saves=ours)


def session_of_run(run: RunFolder) -> Session:
    """A session for what a run was asked to do; the run's own file is not touched.

    Raises:
        RefusedError: The run has no recipe that can be read.
    """
    return Session(store.load(run.recipe))
