"""Where a Hub token is kept, and that nobody else reads it."""

import stat
import sys

import pytest

from finetune_studio.catalog import access
from finetune_studio.errors import RefusedError, StudioError
from tests.catalog.loopback import Hub
from tests.catalog.test_download import point_to


class Safe:
    """A keyring in memory, beside the real one's interface."""

    def __init__(self, locked=False):
        self.kept, self.locked = {}, locked

    def get_password(self, service, user):
        return self.kept.get((service, user))

    def set_password(self, service, user, secret):
        if self.locked:
            raise RuntimeError("locked")
        self.kept[service, user] = secret

    def delete_password(self, service, user):
        del self.kept[service, user]


@pytest.fixture
def server(monkeypatch, tmp_path):
    from huggingface_hub import constants
    from huggingface_hub.utils import close_session

    for name in (*access.VARIABLES, "HF_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(access, "_keyring", lambda: None)
    with Hub() as running:
        point_to(running.url, monkeypatch)
        running.tokens["hf_right"] = "kim"
        yield running
        close_session()


def test_without_a_keyring_the_hub_file_is_used_and_readable_by_its_owner_alone(server, tmp_path):
    assert (access.token(), access.place()) == (None, "")
    account = access.sign_in(" hf_right\n")
    assert (account.name, account.role) == ("kim", "read")
    file = tmp_path / "home" / "token"
    assert file.read_text() == "hf_right"
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (access.token(), access.place()) == ("hf_right", "file")
    assert [each.name for each in file.parent.iterdir()] == ["token"]
    access.sign_out()
    assert (access.token(), access.place()) == (None, "")


def test_a_keyring_keeps_it_out_of_files(server, tmp_path, monkeypatch):
    safe = Safe()
    monkeypatch.setattr(access, "_keyring", lambda: safe)
    access.sign_in("hf_right")
    assert (access.token(), access.place()) == ("hf_right", "keyring")
    assert not (tmp_path / "home").exists()
    access.sign_out()
    assert access.token() is None


def test_a_locked_keyring_leaves_the_file(server, tmp_path, monkeypatch):
    monkeypatch.setattr(access, "_keyring", lambda: Safe(locked=True))
    access.sign_in("hf_right")
    assert (tmp_path / "home" / "token").read_text() == "hf_right"


def test_the_environment_is_believed_first(server, monkeypatch):
    access.sign_in("hf_right")
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    assert (access.token(), access.place()) == ("hf_other", "environment")


def test_a_wrong_token_is_refused_unkept_and_unsaid(server, tmp_path):
    with pytest.raises(RefusedError, match="does not accept") as caught:
        access.sign_in("hf_wrong")
    assert "hf_wrong" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("word", ["", "  ", "hf_a b", "비밀"])
def test_what_is_no_token_is_not_sent(server, word):
    with pytest.raises(RefusedError, match="no token"):
        access.sign_in(word)
    assert server.seen == []


def test_a_hub_that_is_away_keeps_nothing(server, tmp_path):
    server.portal = True
    with pytest.raises(StudioError, match="in the Hub's place"):
        access.sign_in("hf_right")
    assert not (tmp_path / "home").exists()


def test_a_place_that_cannot_be_written_is_said(server, tmp_path):
    (tmp_path / "home").write_text("a file in the folder's place")
    with pytest.raises(StudioError, match="could not be kept"):
        access.sign_in("hf_right")
    assert access.token() is None


def test_this_machine_has_a_keyring_or_none(monkeypatch):
    import keyring
    from keyring.backends import fail, null

    before = keyring.get_keyring()
    try:
        for backend in (fail.Keyring(), null.Keyring()):
            keyring.set_keyring(backend)
            assert access._keyring() is None
    finally:
        keyring.set_keyring(before)
