"""The set-up page in the real window, with real uv and an index on this machine."""

import shutil

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs_window: Qt's libraries are not installed")

from PySide6.QtCore import Qt

from finetune_studio import installed
from finetune_studio.gui import language
from finetune_studio.gui.main_window import MainWindow
from finetune_studio.gui.pages.setup import SetupPage
from finetune_studio.gui.pages.setup_plan import SetupPlan
from finetune_studio.gui.pages.setup_progress import SetupProgress
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.setting_up import SettingUp
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.preferences import Preferences
from finetune_studio.setup.claim import claimed
from tests.gui.conftest import dressed, leaves_nothing, translations  # noqa: F401  (fixtures)

LONG = 60_000  # milliseconds; the machine may be busy


@pytest.fixture
def window(kit, qtbot):
    made = MainWindow(Preferred(Preferences()))
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close()


def opened(window, qtbot):
    window.show_place("setup")
    return window.pages.cover_now, SettingUp.of(window.jobs)


def reaches(job, phase, qtbot):
    qtbot.waitUntil(lambda: job.phase in (phase, "failed"), timeout=LONG)
    assert job.phase == phase, job.error


def press(page, name, qtbot):
    def there():
        return [each for each in page.findChildren(Button, name) if each.isVisible()]

    qtbot.waitUntil(lambda: bool(there()), timeout=LONG)
    assert there()[0].isEnabled()
    qtbot.mouseClick(there()[0], Qt.MouseButton.LeftButton)


def said(page, qtbot):
    """The finding that stands on the page."""
    qtbot.waitUntil(lambda: bool(shown(page, FindingBox)), timeout=LONG)
    return shown(page, FindingBox)[0].accessibleName()


def shown(page, kind):
    return [each for each in page.findChildren(kind) if each.isVisible()]


def test_the_demo_leads_here_and_the_page_makes_it_trainable(window, home, qtbot):
    window.try_demo()
    assert window.wizard is None
    page, job = window.pages.cover_now, SettingUp.of(window.jobs)
    job.choose(build="cpu")
    reaches(job, "ready", qtbot)
    assert "KB" in page.findChild(Button, "start").text()
    press(page, "start", qtbot)
    assert shown(page, SetupProgress)
    assert not shown(page, SetupPlan)
    reaches(job, "done", qtbot)
    assert installed.can_train()
    assert "ready" in said(page, qtbot)
    assert not shown(page, SetupProgress)


def test_pause_shows_itself_and_goes_on(window, kit, qtbot):
    page, job = opened(window, qtbot)
    job.choose(build="cpu")
    reaches(job, "ready", qtbot)
    kit.torch_index.slow.clear()
    job.start()
    qtbot.waitUntil(lambda: job.told is not None and job.told.step == "fetch", timeout=LONG)
    press(page, "pause", qtbot)
    assert job.paused
    assert "Go on" in page.findChild(Button, "pause").text()
    kit.torch_index.slow.set()
    press(page, "pause", qtbot)
    reaches(job, "done", qtbot)


def test_stop_for_now_keeps_what_came_and_try_again_finishes(window, kit, home, qtbot):
    page, job = opened(window, qtbot)
    job.choose(build="cpu")
    reaches(job, "ready", qtbot)
    kit.torch_index.slow.clear()
    job.start()
    downloads = home / "setup-work" / "downloads"
    qtbot.waitUntil(lambda: any(downloads.glob("peft*.whl")), timeout=LONG)
    press(page, "cancel", qtbot)
    kit.torch_index.slow.set()
    reaches(job, "failed", qtbot)
    assert "cancelled" in said(page, qtbot)
    kit.index.asked.clear()
    job.look()
    reaches(job, "ready", qtbot)
    assert job.plan.download < sum(wheel.size for wheel in job.plan.wheels)
    job.start()
    reaches(job, "done", qtbot)
    assert not kit.index.asked


def test_leaving_the_page_and_coming_back_finds_it_running(window, kit, qtbot):
    _, job = opened(window, qtbot)
    job.choose(build="cpu")
    reaches(job, "ready", qtbot)
    kit.torch_index.slow.clear()
    job.start()
    window.leave_place()
    again, same = opened(window, qtbot)
    assert same is job
    qtbot.waitUntil(lambda: bool(shown(again, SetupProgress)), timeout=LONG)
    kit.torch_index.slow.set()
    reaches(job, "done", qtbot)


def test_closing_the_window_ends_it_and_keeps_what_came(window, kit, home, qtbot):
    _, job = opened(window, qtbot)
    job.choose(build="cpu")
    reaches(job, "ready", qtbot)
    kit.torch_index.slow.clear()
    job.start()
    downloads = home / "setup-work" / "downloads"
    qtbot.waitUntil(lambda: any(downloads.glob("peft*.whl")), timeout=LONG)
    kit.torch_index.slow.set()
    window.close()
    with claimed(home):  # nobody holds it any more
        assert not job.running or job.told is not None


def test_another_folder_is_used_and_a_full_one_gets_our_own_inside(window, tmp_path, qtbot):
    page, job = opened(window, qtbot)
    reaches(job, "ready", qtbot)
    busy = tmp_path / "D 드라이브"
    busy.mkdir()
    (busy / "photo.jpg").touch()
    page.findChild(SetupPlan).use_folder(busy)
    assert job.folder == busy / "Finetune Studio"
    reaches(job, "ready", qtbot)
    assert job.plan.request.folder == busy / "Finetune Studio"


def test_too_little_room_is_said_and_the_button_waits(window, home, monkeypatch, qtbot):
    free = shutil.disk_usage(home)._replace(free=100_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    page, job = opened(window, qtbot)
    reaches(job, "ready", qtbot)
    assert not page.findChild(Button, "start").isEnabled()
    assert "Too little room" in page.findChild(SetupPlan)._room.plain


def test_a_failure_is_said_in_both_languages_with_a_way_on(window, monkeypatch, qtbot):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    page, job = opened(window, qtbot)
    reaches(job, "failed", qtbot)
    assert "network" in said(page, qtbot)
    language.use("ko")
    page, job = opened(window, qtbot)
    reaches(job, "failed", qtbot)
    assert "인터넷" in said(page, qtbot)


def test_what_is_ready_can_be_repaired_and_changed_from_the_preferences(window, home, qtbot):
    _, job = opened(window, qtbot)
    job.choose(build="cpu")
    reaches(job, "ready", qtbot)
    job.start()
    reaches(job, "done", qtbot)
    window.show_place("preferences")
    button = window.findChild(Button, "setup")
    with qtbot.waitSignal(window.pages.cover_now.place_asked):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: isinstance(window.pages.cover_now, SetupPage))
    page = window.pages.cover_now
    next((home / "environment").rglob("prove.py")).unlink()
    press(page, "repair", qtbot)
    reaches(job, "done", qtbot)
    assert next((home / "environment").rglob("prove.py"))


def test_a_copy_without_an_installer_shows_the_command(window, monkeypatch, qtbot):
    monkeypatch.delenv(installed.PROGRAM)
    monkeypatch.setattr(installed, "can_train", lambda: False)
    page, _ = opened(window, qtbot)
    assert not shown(page, SetupPlan)
    assert any("pip install" in each.text() for each in page.findChildren(type(page._plan._room)))
