"""The upload on the page of the results: looked at first, private, to a loopback Hub."""

import pytest
from PySide6.QtCore import Qt

from finetune_studio.errors import WINDOW
from finetune_studio.gui.main_window import MainWindow
from finetune_studio.gui.pages.hub_preview import HubPreview
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.text import Text
from finetune_studio.preferences import Preferences
from tests.catalog.receiving import ReceivingHub
from tests.export.conftest import run, server  # noqa: F401  (fixtures)
from tests.gui.resting import at_rest

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def card(qtbot, run):  # noqa: F811
    """The card of the upload, for a finished run."""
    window = MainWindow(Preferred(Preferences()))
    qtbot.addWidget(window)
    window.resize(1360, 860)
    window.show()

    def opened():
        window.open_path(str(run.path))
        window.wizard.go("results")
        page = window.wizard.page("results")
        qtbot.waitUntil(lambda: not window.project.watch.alive and page._shown != ())
        at_rest(qtbot, lambda: not window.jobs.busy)
        return page.hub

    yield opened
    if window.project is not None:
        window.project.watch.leave()
        window.project.closing.emit()
    window.jobs.close()


def told(card):
    boxes = [each for each in card.findChildren(FindingBox) if each.isVisible()]
    return " ".join(text.plain for box in boxes for text in box.findChildren(Text))


def test_every_field_says_what_it_is(card, server):  # noqa: F811
    hub = card()
    said = [each.plain for each in hub.findChildren(Text) if each.isVisible()]
    assert said.index("Name on the Hub") < said.index("What goes up")


def test_what_it_found_follows_the_language(card, server, qtbot):  # noqa: F811
    hub = card()
    type_name(qtbot, hub, "a--b")
    assert "can be no name" in told(hub)
    hub.window().appearance.use_language("ko")
    qtbot.waitUntil(lambda: "이름" in told(hub) and "can be no name" not in told(hub))
    hub.window().appearance.use_language("en")
    qtbot.waitUntil(lambda: "can be no name" in told(hub))


def type_name(qtbot, card, name):
    card.repo.setFocus()
    card.repo.selectAll()
    qtbot.keyClicks(card.repo, name)
    at_rest(qtbot, lambda: not card._soon.isActive() and not card._project.jobs.busy)


def test_it_is_private_and_named_after_the_project_until_asked_otherwise(card, server):  # noqa: F811
    hub = card()
    assert hub.private.isChecked()
    assert hub.go.text() == "Upload privately"
    assert hub.order.repo == "my-model"
    assert not hub.order.public
    assert hub.go.isEnabled()


def test_what_goes_up_is_shown_beforehand(card, server, qtbot):  # noqa: F811
    hub = card()
    shown = HubPreview(hub, hub.publication)
    qtbot.addWidget(shown)
    files = shown.files.toPlainText()
    assert "adapter_model.safetensors" in files
    assert "README.md" in files
    for name in ("training_args.bin", "optimizer.pt", "notes.txt"):
        assert name not in files
    assert "license" in shown.card.toPlainText()
    assert any("optimizer.pt" in each.plain for each in shown.findChildren(Text))
    assert server.log == []


@pytest.mark.parametrize("name", ["나의 모델", "a/b/c", "-x", "a--b"])
def test_a_name_that_the_hub_refuses_is_told_at_once(card, server, qtbot, name):  # noqa: F811
    hub = card()
    hub.repo.setText(name)
    hub._look()
    qtbot.waitUntil(lambda: bool(told(hub)))
    assert "no name on the Hub" in told(hub)
    assert not hub.go.isEnabled()
    type_name(qtbot, hub, "better")
    qtbot.waitUntil(hub.go.isEnabled)
    qtbot.waitUntil(lambda: "no name" not in told(hub))


def test_an_empty_name_is_called_so(card, server, qtbot):  # noqa: F811
    hub = card()
    hub.repo.selectAll()
    qtbot.keyClick(hub.repo, Qt.Key.Key_Delete)
    at_rest(qtbot, lambda: not hub._soon.isActive() and not hub._project.jobs.busy)
    assert "The name on the Hub is empty." in told(hub)
    assert not hub.go.isEnabled()


def test_without_a_token_it_is_asked_for(card, server, qtbot, monkeypatch):  # noqa: F811
    monkeypatch.delenv("HF_TOKEN")
    hub = card()
    qtbot.waitUntil(hub.sign_in.isVisible)
    assert not hub.go.isEnabled()
    hub.sign_in.field.setText("hf_right")
    qtbot.mouseClick(hub.sign_in._go, LEFT)
    qtbot.waitUntil(hub.go.isEnabled)
    assert hub.sign_in.field.text() == ""


def sign_in(qtbot, hub, token):
    """Type a token, and press the button; the page may be too long to see it at once."""
    hub.sign_in.field.setText(token)
    qtbot.mouseClick(hub.sign_in._go, LEFT)


def test_who_is_signed_in_can_take_another_token(card, server, qtbot, monkeypatch):  # noqa: F811
    monkeypatch.delenv("HF_TOKEN")
    server.tokens["hf_other"] = "lee"
    server.roles["hf_right"] = "read"
    hub = card()
    sign_in(qtbot, hub, "hf_right")
    qtbot.waitUntil(lambda: "as kim" in hub.sign_in._who.plain)
    qtbot.waitUntil(lambda: "This token may only read." in told(hub))  # shown a turn later
    assert hub.sign_in.field.isVisible()
    sign_in(qtbot, hub, "hf_wrong")
    qtbot.waitUntil(lambda: "does not accept this token" in told(hub))
    hub.window().appearance.use_language("ko")
    qtbot.waitUntil(lambda: "이 토큰을 받지 않아요" in told(hub))
    hub.window().appearance.use_language("en")
    sign_in(qtbot, hub, "hf_other")
    qtbot.waitUntil(lambda: "as lee" in hub.sign_in._who.plain)
    assert not hub.sign_in.field.isVisible()
    qtbot.mouseClick(hub.sign_in.other, LEFT)
    assert hub.sign_in.field.isVisible()


def test_a_token_of_the_session_is_told_and_not_exchanged(card, server):  # noqa: F811
    hub = card()
    assert "HF_TOKEN" in hub.sign_in._who.plain
    assert not hub.sign_in.other.isVisible()


def test_a_cancelled_upload_says_that_nothing_has_changed(card, qtbot, monkeypatch, tmp_path):
    with ReceivingHub() as receiving:
        receiving.tokens["hf_right"] = "kim"
        receiving.held = 1
        online(monkeypatch, receiving, tmp_path)
        hub = card()
        qtbot.mouseClick(hub.go, LEFT)
        qtbot.waitUntil(lambda: hub.uploading.sent.phase != "", timeout=240_000)
        qtbot.mouseClick(hub.cancel, LEFT)
        qtbot.waitUntil(lambda: not hub.uploading.busy, timeout=60_000)
        qtbot.waitUntil(lambda: hub._detail.plain.startswith("Cancelled: "))
        receiving.gate.set()
        type_name(qtbot, hub, "better")
        qtbot.waitUntil(lambda: "files" in hub._detail.plain)


def online(monkeypatch, hub_server, tmp_path):
    """What the upload's own process needs to find the loopback Hub."""
    for name, value in {
        "HF_ENDPOINT": hub_server.url,
        "HF_HUB_OFFLINE": "0",
        "HF_TOKEN": "hf_right",
        "HF_HOME": str(tmp_path / "hf"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "HF_HUB_DISABLE_XET": "1",
    }.items():
        monkeypatch.setenv(name, value)


def test_a_late_cancel_does_not_press_upload(card, server):  # noqa: F811
    hub, places = card(), []
    for shown, busy in ((hub.cancel, True), (hub.go, False)):
        hub.cancel.setVisible(busy)
        hub.see.setVisible(not busy)
        hub.go.setVisible(not busy)
        hub.layout().activate()
        places.append(shown.geometry())
    assert all(each.isValid() for each in places)
    assert not places[0].intersects(places[1])


def test_one_press_uploads_exactly_that_and_says_where_it_is(card, qtbot, monkeypatch, tmp_path):
    with ReceivingHub() as receiving:
        receiving.tokens["hf_right"] = "kim"
        online(monkeypatch, receiving, tmp_path)
        hub = card()
        seen = {item.name for item in hub.publication.contents.items}
        qtbot.mouseClick(hub.go, LEFT)
        assert hub.cancel.isVisible()
        qtbot.waitUntil(lambda: not hub.uploading.busy, timeout=240_000)
        qtbot.waitUntil(lambda: "Uploaded to kim/my-model" in told(hub))
        assert set(receiving.files("kim/my-model")) - {".gitattributes"} == seen
        assert receiving.repos["kim/my-model"].private
        assert hub.url.endswith("kim/my-model")
        assert "still there" not in told(hub)
        type_name(qtbot, hub, "another")  # of which that is not said
        assert hub.url == ""
        assert "It is there" not in hub._detail.plain


def test_a_model_that_stays_there_from_before_is_told(card, qtbot, monkeypatch, tmp_path):
    with ReceivingHub() as receiving:
        receiving.tokens["hf_right"] = "kim"
        online(monkeypatch, receiving, tmp_path)
        push_file(receiving, "old-Q8_0.gguf", monkeypatch)
        hub = card()
        qtbot.mouseClick(hub.go, LEFT)
        qtbot.waitUntil(lambda: "still there, too: old-Q8_0.gguf" in told(hub), timeout=240_000)


def push_file(receiving, name, monkeypatch):
    """Put one file into the repository by plain huggingface_hub."""
    from huggingface_hub import HfApi, constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    api = HfApi(receiving.url, token="hf_right")
    api.create_repo("kim/my-model", private=True)
    api.upload_file(path_or_fileobj=b"old", path_in_repo=name, repo_id="kim/my-model")


def test_a_refusal_of_the_hub_is_a_sentence(card, qtbot, monkeypatch, tmp_path):
    with ReceivingHub() as receiving:
        receiving.tokens["hf_right"] = "kim"
        receiving.roles["hf_right"] = "read"
        monkeypatch.setenv(WINDOW, "1")  # as the window sets it for itself
        online(monkeypatch, receiving, tmp_path)
        hub = card()
        qtbot.mouseClick(hub.go, LEFT)
        qtbot.waitUntil(lambda: "only read" in told(hub), timeout=240_000)
        assert receiving.repos == {}
        assert hub.go.isVisible()
        hub.window().appearance.use_language("ko")  # told by a process that spoke English
        qtbot.waitUntil(lambda: "읽기만" in told(hub) and "only read" not in told(hub))
        assert "token of the kind" not in told(hub)
