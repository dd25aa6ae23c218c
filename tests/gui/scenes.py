"""Every state of the window that a person may meet, made from real files: for tests and eyes.

A scene arranges the window and returns what is to be looked at: the window itself, or a dialog over
it. Runs are recorded ones: the files that a trainer leaves, without the trainer.

python -m tests.gui.scenes OUT [--scene NAME …] [--language ko en] [--theme light dark]
    [--size 1100x700] [--scale 2]
"""

import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QTimer
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QDialog, QScrollArea, QWidget

from finetune_studio import paths
from finetune_studio.catalog.progress import Control, Progress
from finetune_studio.errors import StudioError
from finetune_studio.export.items import Contents
from finetune_studio.export.publish import Publication
from finetune_studio.export.repository import Order
from finetune_studio.gui.alerts import Alert, surprise
from finetune_studio.gui.header import RecipeDialog
from finetune_studio.gui.main_window import MainWindow
from finetune_studio.gui.pages.hub_dialog import HubDialog
from finetune_studio.gui.pages.hub_preview import HubPreview
from finetune_studio.gui.pages.loading_code import CodeDialog
from finetune_studio.gui.pages.longer import Longer
from finetune_studio.gui.pages.model_gate import Gate
from finetune_studio.gui.places import PLACES
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.project import Project
from finetune_studio.gui.steps import STEPS
from finetune_studio.gui.theme import theme
from finetune_studio.gui.turns import turns_of
from finetune_studio.hardware.machine import Machine
from finetune_studio.hardware.nvml import GPU
from finetune_studio.preferences import Preferences
from finetune_studio.recipe import store
from finetune_studio.recipe.demo import demo_recipe
from finetune_studio.runs import events as said
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.kinds import Event

GIB = 2**30
PATIENCE = 240.0  # seconds until what a scene waits for must be there
QWEN = "Qwen/Qwen3-4B-Instruct-2507"
STEPS_IN_ALL = 255


@dataclass
class Stage:
    """Where a scene is set: the window, and a folder for its files."""

    window: MainWindow
    folder: Path

    def wait(self, until: Callable[[], bool] | None = None) -> None:
        """Let the window work until something is so, and nothing is read any more."""
        begun = time.monotonic()
        _turn(0.02)  # what a new page has to do begins with its first turn in the window
        while not (until is None or until()) or self._works:
            assert time.monotonic() < begun + PATIENCE, "the scene never came to be"
            _turn(0.02)
        _turn(0.15)

    @property
    def _works(self) -> bool:
        """Whether more will be known soon, or shown of what is known already."""
        project = self.window.project
        looking = project is not None and project.facts.looking
        return looking or self.window.jobs.busy or turns_of(self.window).busy

    def project(self, changes: dict[str, Any] | None = None) -> None:
        """Open a project with the demo's recipe and some changes."""
        named = {"name": "고객센터 답변 도우미"}
        recipe = store.with_changes(demo_recipe(), named | (changes or {}))
        path = _free(self.folder / "projects", "고객센터 답변 도우미", ".yaml")
        store.save(recipe, path)
        self.window.open_path(str(path))
        assert self.window.project is not None
        self.wait()

    @property
    def open(self) -> Project:
        """The project that is open."""
        assert self.window.project is not None
        return self.window.project

    def page(self, step: str) -> Any:
        """The page of a step."""
        assert self.window.wizard is not None
        return self.window.wizard.page(step)

    def show(self, step: str) -> MainWindow:
        """Show a step of the wizard."""
        assert self.window.wizard is not None
        self.window.wizard.go(step)
        self.wait()
        return self.window

    def follow(self, run: RunFolder) -> MainWindow:
        """Watch a run on the training page."""
        assert self.window.project is not None
        watch = self.window.project.watch
        watch.follow(run)
        self.show("training")
        self.wait(lambda: watch.state.last_time is not None)
        _turn(0.5)
        return self.window

    def dialog(self, opens: Callable[[], object]) -> QDialog:
        """The dialog that something opens; nothing waits for its answer."""
        kept = QDialog.exec
        QDialog.exec = lambda each: each.open() or 0  # type: ignore[method-assign,assignment]
        try:
            opens()
        finally:
            QDialog.exec = kept  # type: ignore[method-assign]
        self.wait(lambda: bool(_dialogs(self.window)))
        return _dialogs(self.window)[-1]


def _dialogs(window: MainWindow) -> list[QDialog]:
    return [each for each in window.findChildren(QDialog) if each.isVisible()]


def _turn(seconds: float) -> None:
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def _free(folder: Path, name: str, suffix: str = "") -> Path:
    """A path in a folder that nothing has yet."""
    folder.mkdir(exist_ok=True)
    tries = (folder / f"{name}{f' {n}' if n > 1 else ''}{suffix}" for n in range(1, 1000))
    return next(each for each in tries if not each.exists())


# Recorded runs


def begin(steps: int = STEPS_IN_ALL, **in_use: Any) -> Iterator[Event]:
    """The first words of a trainer."""
    at = time.time() - 4000
    device = {"device": "cuda", "device_name": "NVIDIA GeForce RTX 4090"}
    yield said.Phase(name="loading", time=at)
    yield said.Started(recipe_hash="h", asked={}, in_use=device | in_use, versions={}, time=at + 20)
    yield said.Phase(name="training", time=at + 30)
    yield said.Progress(step=0, steps=steps, epoch=0.0, seconds_left=None, time=at + 30)


def train(
    until: int,
    steps: int = STEPS_IN_ALL,
    *,
    loss: Callable[[int], float] | None = None,
    held: Callable[[int], float] | None = None,
    every: int = 32,
) -> Iterator[Event]:
    """The steps of a run, measured now and then."""
    at, best = time.time() - 3900, math.inf
    curve = loss or (lambda n: 2.2 + 2.6 * math.exp(-n / 60) + 0.25 * math.sin(n * 2.3))
    aside = held or (lambda n: 2.5 + 2.4 * math.exp(-n / 45))
    for n in range(1, until + 1):
        now = at + n * 4
        rate = 2e-4 * min(1.0, n / 8) * 0.5 * (1 + math.cos(math.pi * n / steps))
        yield said.Metrics(
            step=n,
            loss=curve(n),
            learning_rate=rate,
            grad_norm=1.4 + 0.3 * math.sin(n),
            tokens_per_second=12_480.0,
            token_accuracy=0.3 + 0.3 * n / steps,
            time=now,
        )
        left = (steps - n) * 4.0
        yield said.Progress(step=n, steps=steps, epoch=3 * n / steps, seconds_left=left, time=now)
        if n % every == 0 or n == until == steps:
            value = aside(n)
            best = min(best, value)
            yield said.Evaluated(step=n, metrics={"loss": value, "perplexity": 9.0}, time=now)
            answer = "주문하신 상품은 내일 오후에 도착할 예정이에요. 문 앞에 놓아 드릴까요?"
            yield said.Sample(step=n, prompt="배송이 언제 오나요?", text=answer, time=now)
            yield said.Checkpoint(
                step=n,
                path=f"checkpoints/{n}",
                best=value == best,
                sha256="0" * 64,
                time=now,
            )
    yield said.Memory(
        used=int(7.9 * GIB), total=24 * GIB, utilisation=97.0, temperature=71.0, time=now
    )


def record(
    folder: Path, name: str, events: Iterator[Event] | list[Event], *, alive: bool = False
) -> RunFolder:
    """A run's folder as a trainer left it; one that is `alive` is this process."""
    run = RunFolder.create(_free(folder, name), name)
    store.save(demo_recipe(), run.recipe)
    run.events.write_text("".join(f"{said.to_json(each)}\n" for each in events), encoding="utf-8")
    run.log.write_text("loading …\nstep 1  loss 4.81\n", encoding="utf-8")
    pid = os.getpid() if alive else 2**22 - 3
    started = psutil.Process().create_time() if alive else 1.0
    run.note(pid=pid, process_created=started)
    return run


def whole(events: Iterator[Event]) -> Iterator[Event]:
    """A run that came to its end."""
    yield said.Sample(step=0, prompt="배송이 언제 오나요?", text="더 좋은것 같다", time=time.time())
    yield from begin()
    yield from events
    yield said.Finished(step=STEPS_IN_ALL)


# Scenes


def _start(stage: Stage) -> QWidget:
    stage.wait()
    return stage.window


def _start_with_runs(stage: Stage) -> QWidget:
    root = paths.runs()
    root.mkdir(parents=True, exist_ok=True)
    record(root, "고객센터 답변 도우미", whole(train(STEPS_IN_ALL)))
    stopped = said.Stopped(step=120, reason="asked")
    record(root, "사내 규정 질의응답", [*begin(), *train(120), stopped])
    record(root, "제품 설명 쓰기", [*begin(), *train(70)])
    record(root, "리뷰 감성 분류", [*begin(), *train(90)], alive=True)
    stage.window.show_start()
    stage.wait()
    return stage.window


def _start_with_gpu(stage: Stage) -> QWidget:
    stage.wait()
    page = stage.window.pages.currentWidget()
    gpu = GPU("NVIDIA GeForce RTX 4090", 0, 24 * GIB, int(22.8 * GIB), (8, 9), "580.95.05")
    machine = Machine(
        (gpu,), "580.95.05", 64 * GIB, 46 * GIB, 412 * GIB, 16, "Linux 6.8", "", True, (13, 0)
    )
    page._machine.show_machine(machine)  # type: ignore[attr-defined,union-attr]
    _turn(0.2)
    return stage.window


def _step(key: str, changes: dict[str, Any] | None = None) -> Callable[[Stage], QWidget]:
    def scene(stage: Stage) -> QWidget:
        stage.project(changes)
        return stage.show(key)

    return scene


def _fresh(key: str) -> Callable[[Stage], QWidget]:
    def scene(stage: Stage) -> QWidget:
        stage.window.new_project()
        return stage.show(key)

    return scene


def _advanced(key: str) -> Callable[[Stage], QWidget]:
    def scene(stage: Stage) -> QWidget:
        stage.window.preferred.change(advanced=True)
        stage.project()
        return stage.show(key)

    return scene


def _on_gpu(key: str, gpu: str, changes: dict[str, Any]) -> Callable[[Stage], QWidget]:
    def scene(stage: Stage) -> QWidget:
        stage.window.preferred.change(gpu=gpu)
        stage.project(changes)
        return stage.show(key)

    return scene


def _run(events: Callable[[], Any], *, alive: bool = False) -> Callable[[Stage], QWidget]:
    def scene(stage: Stage) -> QWidget:
        stage.project()
        return stage.follow(record(stage.folder, "실행", events(), alive=alive))

    return scene


def _stopping(stage: Stage) -> QWidget:
    stage.project()
    stage.follow(record(stage.folder, "실행", [*begin(), *train(150)], alive=True))
    assert stage.window.project is not None
    watch = stage.window.project.watch
    watch.stopping = True
    watch.moved.emit()
    _turn(0.3)
    return stage.window


def _results(stage: Stage) -> QWidget:
    stage.project()
    stage.follow(record(stage.folder, "실행", whole(train(STEPS_IN_ALL))))
    return stage.show("results")


def _getting(stage: Stage) -> QWidget:
    """llama.cpp is being built, seen from the start page."""
    from finetune_studio.export.fetching import Course
    from finetune_studio.gui.getting_llama import GettingLlama
    from finetune_studio.i18n import tr

    stage.project()
    getting = GettingLlama.of(stage.window.jobs)
    getting._course = Course(getting._told.emit, getting._far.emit)
    getting._hear(tr("Building it: 5 minutes on two cores …"))
    getting._see(0.41)
    stage.window.show_start()
    stage.wait()
    getting._course = None
    return stage.window


def _exported(stage: Stage) -> QWidget:
    """Every format written and judged, in a folder whose path is long."""
    stage.project()
    run = record(stage.folder, "실행", whole(train(STEPS_IN_ALL)))
    run.result.mkdir()
    about = {"task": "chat", "method": "lora", "base": "demo", "labels": []}
    (run.result / "studio.json").write_text(json.dumps(about), encoding="utf-8")
    stage.follow(run)
    stage.show("results")
    assert stage.window.wizard is not None
    page: Any = stage.window.wizard.page("results")
    verdicts = {"adapter": "green", "merged": "amber", "gguf": "red"}
    for name, line in page.exports.lines.items():
        place = f"/home/kim/모델/우리 상담실/2026년 11월/내보낸 것/우리 말투-{name}-q4_k_m"
        files = [{"name": f"model-{n:05}-of-00004.safetensors", "bytes": 5 * GIB} for n in (1, 2)]
        line.exporting.report = {"path": place, "files": files}
        line.exporting.written.emit(line.exporting.report)
        reasons = ["The likeliest next token is another one at 7.5% of all places."]
        line.exporting.judged.emit({"verdict": verdicts[name], "reasons": reasons})
        line.exporting.moved.emit()
    _turn(0.3)
    scrolled: Any = page.findChild(QScrollArea)
    scrolled.ensureWidgetVisible(page.exports)
    _turn(0.5)
    return stage.window


def _newer(stage: Stage) -> QWidget:
    """A run that a newer version of the program made."""
    run = record(stage.folder, "실행", [*begin(), *train(20)])
    text = run.recipe.read_text(encoding="utf-8").replace("version: 1", "version: 99")
    run.recipe.write_text(text, encoding="utf-8")
    return stage.dialog(lambda: stage.window.open_path(str(run.path)))


def _failed(title: str, detail: str, hint: str) -> Callable[[], list[Event]]:
    return lambda: [*begin(), *train(70), said.Failed(title=title, detail=detail, hint=hint)]


MEMORY_GONE = _failed(
    "GPU 메모리가 모자라요.",
    "CUDA out of memory. Tried to allocate 2.32 GiB. GPU 0 has a total capacity of 23.99 GiB "
    "of which 1.08 GiB is free.",
    "배치 크기를 줄이거나 더 짧게 자르세요.",
)


def _noticed() -> list[Event]:
    text = "The GPU ran out of memory; it goes on with batches of 4 rows, 4 times added up."
    notice = said.Notice(level="warning", code="smaller-batch", text=text)
    return [*begin(), notice, *train(150)]


def _model(place: str) -> Callable[[Stage], QWidget]:
    def scene(stage: Stage) -> QWidget:
        stage.project()
        window = stage.show("model")
        assert window.wizard is not None
        window.wizard.page("model").go(place)  # type: ignore[attr-defined]
        stage.wait()
        return window

    return scene


def _looked(source: str) -> Callable[[Stage], QWidget]:
    def scene(stage: Stage) -> QWidget:
        stage.project()
        window = stage.show("model")
        assert window.wizard is not None
        window.wizard.page("model").list.table.look_at(source)  # type: ignore[attr-defined]
        stage.wait()
        return window

    return scene


def _download(*, paused: bool = False) -> Callable[[Stage], QWidget]:
    def scene(stage: Stage) -> QWidget:
        window = _looked(QWEN)(stage)
        assert isinstance(window, MainWindow)
        assert window.wizard is not None
        download = window.wizard.page("model").download  # type: ignore[attr-defined]
        download.model, download._control = QWEN, Control()
        for number, done in ((1, 4.97e9), (2, 1.2e9)):
            name = f"model-0000{number}-of-00002.safetensors"
            told = Progress(
                file=name,
                file_done=int(done),
                file_size=int(4.97e9),
                done=int(5.1e9),
                total=int(8.05e9),
                speed=84e6,
                phase="checking" if number == 1 else "downloading",
            )
            download._hear(told)
        if paused:
            download.pause()
        _turn(0.3)
        return window

    return scene


def _download_failed(stage: Stage) -> QWidget:
    window = _looked(QWEN)(stage)
    assert isinstance(window, MainWindow)
    assert window.wizard is not None
    error = StudioError(
        "The connection to the Hub broke off.",
        "huggingface.co: the name could not be resolved.",
        "Check the connection; what came is kept, and the download goes on from there.",
    )
    window.wizard.page("model")._download_failed(QWEN, error)  # type: ignore[attr-defined]
    _turn(0.3)
    return window


def _gate(stage: Stage) -> QWidget:
    stage.project()
    stage.show("model")
    gate = Gate(stage.window, stage.window.jobs, "meta-llama/Llama-3.1-8B-Instruct")
    gate.open()
    stage.wait()
    return gate


def _gate_refused(stage: Stage) -> QWidget:
    gate = _gate(stage)
    assert isinstance(gate, Gate)
    gate._refuse(
        StudioError(
            "The Hub does not let this account in yet.",
            "meta-llama/Llama-3.1-8B-Instruct",
            "Accept the licence on the model's page with the same account, then ask again.",
        )
    )
    _turn(0.2)
    return gate


def _place(name: str) -> Callable[[Stage], QWidget]:
    def scene(stage: Stage) -> QWidget:
        stage.window.show_place(name)
        stage.wait()
        return stage.window

    return scene


def _history(stage: Stage) -> QWidget:
    _start_with_runs(stage)
    return _place("history")(stage)


def _comparison(stage: Stage) -> QWidget:
    from finetune_studio.gui.widgets.choice import Tick

    _history(stage)
    for each in stage.window.findChildren(Tick)[:3]:
        each.click()
    stage.window.pages.cover_now.compare.click()  # type: ignore[union-attr]
    stage.wait()
    _turn(0.3)
    return stage.window


def _ask(name: str) -> Callable[[Stage], QWidget]:
    def scene(stage: Stage) -> QWidget:
        from finetune_studio.gui.leaving import ask_to_close, ask_to_save

        stage.project()
        asks = {"close": ask_to_close, "save": ask_to_save}[name]
        return stage.dialog(lambda: asks(stage.window))

    return scene


def _cancel(stage: Stage) -> QWidget:
    stage.project()
    stage.follow(record(stage.folder, "실행", [*begin(), *train(150)], alive=True))
    assert stage.window.wizard is not None
    page = stage.window.wizard.page("training")
    return stage.dialog(page._status.cancel.click)  # type: ignore[attr-defined]


def _recipe(stage: Stage) -> QWidget:
    stage.project()
    assert stage.window.project is not None
    project = stage.window.project
    return stage.dialog(lambda: RecipeDialog(stage.window, project).exec())


def _longer(stage: Stage) -> QWidget:
    stage.project()
    run = record(stage.folder, "실행", whole(train(STEPS_IN_ALL)))
    stage.follow(run)
    return stage.dialog(lambda: Longer(stage.window, run).open())


def _code(stage: Stage) -> QWidget:
    stage.project()
    run = record(stage.folder, "실행", whole(train(STEPS_IN_ALL)))
    return stage.dialog(lambda: CodeDialog(stage.window, [run.path]).exec())


def _upload(stage: Stage) -> QWidget:
    stage.project()
    contents = Contents(items=(), left_out=("optimizer.pt", "trainer_state.json"))
    order = Order("minseo-lab/helpdesk-lora")
    going = Publication(order, contents, "# helpdesk-lora\n\nA model card.\n", ())
    return stage.dialog(lambda: HubPreview(stage.window, going).exec())


def _hub_data(stage: Stage) -> QWidget:
    stage.project()
    stage.show("dataset")
    return stage.dialog(lambda: HubDialog(stage.window, stage.window.jobs).exec())


def _alert(stage: Stage) -> QWidget:
    stage.wait()
    error = StudioError(
        "The recipe could not be saved.",
        "/home/minseo/문서/아주 긴 폴더 이름/프로젝트/레시피.yaml: No space left on device",
        "Free space on the disk, or save it elsewhere.",
    )
    return stage.dialog(lambda: Alert(stage.window, error).open())


def _surprise(stage: Stage) -> QWidget:
    stage.wait()
    try:
        json.loads("{")
    except ValueError as error:
        known = surprise(error)
    return stage.dialog(lambda: Alert(stage.window, known).open())


def _before(stage: Stage) -> QWidget:
    stage.project()
    return stage.show("training")


SCENES: dict[str, Callable[[Stage], QWidget]] = {
    "start": _start,
    "start-runs": _start_with_runs,
    "start-gpu": _start_with_gpu,
    "start-getting": _getting,
    **{f"fresh-{each.key}": _fresh(each.key) for each in STEPS},
    **{f"demo-{each.key}": _step(each.key) for each in STEPS},
    "advanced-method": _advanced("method"),
    "advanced-settings": _advanced("hyperparameters"),
    "data-missing": _step("dataset", {"data.files": ["/nowhere/data.csv"]}),
    "method-gpu": _on_gpu("method", "RTX 4090 24GB", {"model.source": QWEN}),
    "method-short": _on_gpu("method", "RTX 3080 10GB", {"model.source": QWEN}),
    "settings-wrong": _step(
        "hyperparameters",
        {"training.learning_rate": 2e-2, "training.epochs": 30, "training.sequence_length": 4096},
    ),
    "model-hub": _model("hub"),
    "model-folder": _model("folder"),
    "model-kept": _model("kept"),
    "model-demo": _model("demo"),
    "model-licence": _looked("LGAI-EXAONE/EXAONE-4.0-1.2B"),
    "model-download": _download(),
    "model-paused": _download(paused=True),
    "model-broken": _download_failed,
    "gate": _gate,
    "gate-refused": _gate_refused,
    "run-before": _before,
    "run-loading": _run(lambda: list(begin())[:1], alive=True),
    "run-going": _run(lambda: [*begin(), *train(150)], alive=True),
    "run-paused": _run(lambda: [*begin(), *train(150), said.Phase(name="paused")], alive=True),
    "run-stopping": _stopping,
    "run-noticed": _run(_noticed, alive=True),
    "run-overfits": _run(
        lambda: [*begin(), *train(200, held=lambda n: 2.5 + abs(n - 96) / 90, every=16)],
        alive=True,
    ),
    "run-diverges": _run(
        lambda: [*begin(), *train(120, loss=lambda n: 4 - n / 40 if n < 60 else 2.5 + n / 20)],
        alive=True,
    ),
    "run-done": _run(lambda: whole(train(STEPS_IN_ALL))),
    "run-done-later": _run(
        lambda: whole(train(STEPS_IN_ALL, held=lambda n: 3.4 + abs(n - 192) / 4000))
    ),
    "run-stopped": _run(lambda: [*begin(), *train(90), said.Stopped(step=90, reason="asked")]),
    "run-failed": _run(MEMORY_GONE),
    "run-died": _run(lambda: [*begin(), *train(70)]),
    "run-newer": _newer,
    "results": _results,
    "results-exported": _exported,
    **{f"place-{name}": _place(name) for name in PLACES},
    "history": _history,
    "comparison": _comparison,
    "ask-close": _ask("close"),
    "ask-save": _ask("save"),
    "ask-cancel": _cancel,
    "recipe": _recipe,
    "longer": _longer,
    "code": _code,
    "hub-data": _hub_data,
    "upload": _upload,
    "alert": _alert,
    "surprise": _surprise,
}
DIALOGS = {
    "Ask": "ask-close",
    "Alert": "alert",
    "CodeDialog": "code",
    "Gate": "gate-refused",
    "HubDialog": "hub-data",
    "HubPreview": "upload",
    "Longer": "longer",
    "RecipeDialog": "recipe",
}
"""The scene of each kind of dialog; steps and places have theirs by their names."""


def strike(window: MainWindow) -> None:
    """End a window without its questions."""
    for each in _dialogs(window):
        each.reject()
    if window.project is not None:
        window.project.close()
    window.jobs.close()
    window.hide()


# Pictures of them


def picture(window: MainWindow, seen: QWidget) -> QPixmap:
    """The window as it stands, with the dialog that lies over it."""
    made = window.grab()
    if seen is not window:
        painter = QPainter(made)
        over = seen.grab()
        left, top = (window.width() - seen.width()) // 2, (window.height() - seen.height()) // 2
        painter.drawPixmap(left, top, over)
        painter.end()
    return made


def shoot(name: str, asked: argparse.Namespace, code: str, mode: str) -> Path:
    """Arrange one scene in a home of its own, and take its picture."""
    with tempfile.TemporaryDirectory(prefix="scene-") as place:
        os.environ["FINETUNE_STUDIO_HOME"] = place
        window = MainWindow(Preferred(Preferences()))
        window.resize(*(int(part) for part in asked.size.split("x")))
        window.appearance.use_language(code)
        window.appearance.use_theme(mode)
        window.show()
        stage = Stage(window, Path(place))
        seen = SCENES[name](stage)
        path: Path = asked.out / f"{name}-{mode}-{code}.png"
        picture(window, seen).save(str(path))
        strike(window)
        window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return path


def main() -> None:
    """Take the pictures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scene", nargs="+", default=list(SCENES))
    parser.add_argument("--language", nargs="+", default=["ko"], choices=["ko", "en"])
    parser.add_argument("--theme", nargs="+", default=["light"], choices=["light", "dark"])
    parser.add_argument("--size", default="1360x860")
    parser.add_argument("--scale", default="1")
    asked = parser.parse_args()
    os.environ["QT_SCALE_FACTOR"] = asked.scale
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    app = QApplication([])
    theme.start(app, "light")
    asked.out.mkdir(parents=True, exist_ok=True)
    for name in asked.scene:
        for code in asked.language:
            for mode in asked.theme:
                sys.stdout.write(f"{shoot(name, asked, code, mode)}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
