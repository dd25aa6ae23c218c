"""Uploads to a Hub on the loopback: what goes up, what is refused, what happens when it breaks."""

import argparse
import hashlib
import json
import logging
import os
import subprocess
import sys
import time

import pytest

from finetune_studio import i18n, speech
from finetune_studio.catalog import connection
from finetune_studio.commands import push as command
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.export import hub, repository, transport
from finetune_studio.export.about import fingerprint
from finetune_studio.export.hub_failures import is_passing
from finetune_studio.export.items import Contents, Item
from finetune_studio.export.publish import prepare
from finetune_studio.export.repository import Order, check_branch, check_name
from finetune_studio.export.verdict import judge
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.catalog.receiving import ReceivingHub
from tests.export.conftest import WEIGHTS
from tests.helpers.command import COMMAND, call, environment, refusal

SENT = {
    "README.md",
    "adapter_config.json",
    "adapter_model.safetensors",
    "studio.json",
    "tokenizer.json",
}


@pytest.fixture
def hasty(monkeypatch):
    """No waiting between attempts, ours and those of the Hub's client."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


def publish(run, repo="my-model", **order):
    """Upload a run; what came of it and what was told meanwhile."""
    told = []
    publication = prepare(run.path, Order(repo, **order), "en")
    return upload(publication, told.append), told


def upload(publication, tell):
    return hub.send(hub.opened(publication.order, tell), publication.contents, tell)


# What goes up


def test_only_what_belongs_to_the_model_goes_up_and_no_path_of_this_machine(run, server):
    done, _ = publish(run)
    files = server.files("kim/my-model")
    assert set(files) - {".gitattributes"} == SENT
    assert files["adapter_model.safetensors"] == WEIGHTS
    assert json.loads(files["adapter_config.json"])["base_model_name_or_path"] == "기본 모델"
    assert json.loads(files["studio.json"])["base"] == "기본 모델"
    assert server.repos["kim/my-model"].private
    assert done["repo"] == "kim/my-model"
    assert done["commit"] == server.repos["kim/my-model"].branches["main"].sha
    for each in done["files"]:
        assert hashlib.sha256(files[each["name"]]).hexdigest() == each["sha256"]
    assert not server.wrong
    for content in files.values():
        assert str(run.path.parent).encode() not in content


def test_the_preview_shows_exactly_what_goes_up(run, server):
    publication = prepare(run.path, Order("my-model"), "ko")
    document = publication.as_dict()
    assert {each["name"] for each in document["files"]} == SENT
    assert document["left_out"] == ["notes.txt", "optimizer.pt", "training_args.bin"]
    assert document["private"]
    assert "라이선스" in document["card"]
    assert not server.seen
    upload(publication, lambda _: None)
    up = server.files("kim/my-model")
    assert {each["name"]: each["bytes"] for each in document["files"]} == {
        name: len(content) for name, content in up.items() if name in SENT
    }
    assert up["README.md"].decode() == document["card"]


def test_a_file_that_names_a_folder_of_this_machine_is_refused(run, monkeypatch, tmp_path):
    secret = {"chat_template": "x", "cache": str(run.path / "checkpoints")}
    (run.result / "tokenizer_config.json").write_text(json.dumps(secret))
    with pytest.raises(RefusedError, match=r"tokenizer_config\.json"):
        prepare(run.path, Order("my-model"))
    monkeypatch.setenv("HOME", str(tmp_path / "home" / "kim"))
    config = {"x": str(tmp_path / "home" / "kim" / "data.csv")}
    (run.result / "tokenizer_config.json").write_text(json.dumps(config))
    with pytest.raises(RefusedError, match=r"names a folder of this machine"):
        prepare(run.path, Order("my-model"))


def test_a_run_without_a_result_has_nothing_to_publish(run, tmp_path):
    with pytest.raises(RefusedError, match="not a run"):
        prepare(tmp_path, Order("my-model"))
    (run.result / "adapter_model.safetensors").unlink()
    with pytest.raises(RefusedError, match="no weights"):
        prepare(run.path, Order("my-model"))


# Names and licences, before anything is asked


@pytest.mark.parametrize(
    "name",
    [
        "내-모델",
        "a/b/c",
        "/x",
        "x/",
        "-x",
        "x.",
        "a--b",
        "a..b",
        "x.git",
        "a b",
        "x" * 97,
        "ab\n",
    ],
)
def test_a_name_that_the_hub_refuses_is_refused_here(run, server, name):
    with pytest.raises(RefusedError, match="can be no name on the Hub"):
        prepare(run.path, Order(name))
    assert not server.seen


def test_an_empty_name_is_called_so(run, server):
    with pytest.raises(RefusedError, match="name on the Hub is empty"):
        prepare(run.path, Order(""))
    assert not server.seen


@pytest.mark.parametrize("name", ["my-model", "kim/Llama-3_tuned.v2", "x", "_x"])
def test_other_names_pass_here_and_in_the_hub_client(name):
    from huggingface_hub.utils import validate_repo_id

    check_name(name)
    validate_repo_id(name)


@pytest.mark.parametrize("name", ["a b", "a..b", "-x", "x.lock", "refs/pr/1", "가\n나", "a~1"])
def test_branches_that_git_refuses_are_refused(name):
    with pytest.raises(RefusedError, match="can be no branch"):
        check_branch(name)


def licensed(run, model, data):
    """The run, with other licences in its recipe."""
    changes = {"licence.model": model, "licence.data": data, "model.source": "maker/model"}
    store.save(store.with_changes(Recipe(), changes), run.recipe)
    return run


def test_licences_that_forbid_it_stop_the_upload(run, server):
    with pytest.raises(RefusedError, match="do not allow this upload"):
        prepare(licensed(run, "apache-2.0", "cc-by-nd-4.0").path, Order("my-model"))
    with pytest.raises(RefusedError, match="Llama"):
        prepare(licensed(run, "llama3.1", "cc-by-4.0").path, Order("my-model"))
    publication = prepare(run.path, Order("Llama-mine"))
    assert "Built with Llama" in publication.card
    assert "license: llama3.1" in publication.card
    assert not server.seen


def test_an_unknown_licence_is_said_and_does_not_stop_it(run):
    publication = prepare(licensed(run, "unknown", "unknown").path, Order("my-model"))
    assert {each.code for each in publication.findings} == {
        "licence-model-unknown",
        "licence-data-unknown",
    }


# Who may write


def refused(run, server, **order):
    """The refusal of an upload that must change nothing on the Hub."""
    with pytest.raises(RefusedError) as told:
        publish(run, **order)
    assert not server.log
    assert "hf_" not in str(told.value)
    return str(told.value)


def test_without_a_token_or_with_a_wrong_one_nothing_begins(run, server, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert "does not accept the token" in refused(run, server)
    monkeypatch.delenv("HF_TOKEN")
    assert "no token" in refused(run, server)


def test_a_token_that_may_only_read_is_refused_before_the_upload(run, server):
    server.roles["hf_right"] = "read"
    assert "may only read" in refused(run, server)


def test_fine_grained_rights_are_read(run, server):
    scope = {"entity": {"type": "user", "name": "kim"}, "permissions": ["repo.content.read"]}
    server.rights["hf_right"] = {"scoped": [scope], "global": []}
    assert "may only read" in refused(run, server)
    scope["permissions"] = ["repo.write"]
    publish(run)


def test_another_account_is_refused_and_an_organisation_of_ones_own_is_not(run, server):
    assert "lee is another account" in refused(run, server, repo="lee/my-model")
    server.orgs = ["lab"]
    done, _ = publish(run, "lab/my-model")
    assert done["repo"] == "lab/my-model"


# What is there already


def test_the_same_again_changes_nothing_and_sends_nothing(run, server):
    publish(run)
    before = list(server.log)
    done, told = publish(run)
    commits = server.repos["kim/my-model"].branches["main"].commits
    assert len(commits) == 1
    assert done["commit"] == server.repos["kim/my-model"].branches["main"].sha
    assert not [route for route, _ in server.log[len(before) :] if route in ("storage", "commit")]
    assert told[-1]["progress"]["done"] == told[-1]["progress"]["total"]


def test_an_existing_place_is_updated_and_old_models_in_it_are_named(run, server):
    server.put("kim/my-model", {"model.safetensors": b"old", "README.md": b"old"})
    _, told = publish(run)
    files = server.files("kim/my-model")
    assert files["model.safetensors"] == b"old"
    assert files["README.md"] != b"old"
    assert {"notice": "left-behind", "file": "model.safetensors"} in told


def test_a_public_place_is_written_to_only_when_that_was_asked(run, server):
    server.put("kim/my-model", {}, private=False)
    assert "everybody can see it" in refused(run, server)
    publish(run, public=True)
    publish(run, "kim/other", public=True)
    assert not server.repos["kim/other"].private


def test_a_branch_is_made_and_main_stays_as_it_is(run, server):
    server.put("kim/my-model", {"old.txt": b"old"})
    publish(run, branch="실험/v2")
    publish(run, branch="실험/v2")
    assert set(server.files("kim/my-model")) == {"old.txt"}
    assert set(server.files("kim/my-model", "실험/v2")) >= SENT
    assert len(server.repos["kim/my-model"].branches["실험/v2"].commits) == 1


def test_a_pull_request_changes_nothing_until_it_is_merged(run, server):
    server.put("kim/my-model", {"old.txt": b"old"})
    done, _ = publish(run, pull_request=True)
    assert done["url"].endswith("/discussions/1")
    assert set(server.files("kim/my-model")) == {"old.txt"}
    assert set(server.repos["kim/my-model"].pulls[0]) >= SENT


def test_a_change_meanwhile_is_not_overwritten(run, server, monkeypatch):
    server.put("kim/my-model", {"README.md": b"old"})
    real = hub.find

    def found(client, order):
        place = real(client, order)
        server.repos["kim/my-model"].branches["main"].sha = "f" * 40
        return place

    monkeypatch.setattr(hub, "find", found)
    with pytest.raises(StudioError, match="was changed meanwhile"):
        publish(run)
    assert server.files("kim/my-model") == {"README.md": b"old"}


# What breaks


@pytest.mark.parametrize(
    ("route", "status", "said", "words", "refuses"),
    [
        ("create", 403, "You don't have the rights", "does not let this account", True),
        ("create", 401, "Invalid credentials in Authorization header", "accept the token", True),
        ("preupload", 403, "Forbidden", "does not let this account", True),
        ("batch", 403, "Private storage limit reached", "does not let this account", True),
        ("storage", 403, "", "does not let this account", True),
        ("commit", 403, "", "does not let this account", True),
        ("commit", 409, "", "was changed meanwhile", False),
        ("commit", 412, "A commit has happened since", "was changed meanwhile", False),
        ("commit", 413, "", "no room", True),
        ("create", 429, "", "asks to wait 5 min", False),
        ("commit", 429, "", "asks to wait 5 min", False),
        ("create", 500, "", "error 500", False),
        ("create", 503, "", "error 503", False),
        ("info", 500, "", "error 500", False),
        ("validate-yaml", 400, "bad card", "refused what was sent", True),
    ],
)
def test_every_answer_of_the_hub_is_a_sentence(
    run, server, hasty, route, status, said, words, refuses
):
    headers = {"ratelimit": '"api";r=0;t=300'} if status == 429 else {}
    server.troubles[route] = [(status, said, headers)]
    with pytest.raises(StudioError) as told:
        publish(run)
    assert words in str(told.value)
    assert isinstance(told.value, RefusedError) == refuses
    assert "hf_right" not in str(told.value)


@pytest.mark.parametrize("route", ["preupload", "batch", "storage", "verify", "commit"])
def test_a_fault_of_the_hub_that_passes_is_waited_for(run, server, hasty, route):
    server.troubles[route] = [(503,), (502,)]
    publish(run)
    assert server.files("kim/my-model")["adapter_model.safetensors"] == WEIGHTS


@pytest.mark.parametrize("route", ["preupload", "batch", "storage", "commit"])
def test_a_connection_that_is_cut_is_made_again(run, server, hasty, route):
    server.breaks[route] = 1
    publish(run)
    assert server.files("kim/my-model")["adapter_model.safetensors"] == WEIGHTS


def test_a_connection_that_is_always_cut_is_told(run, server, hasty):
    server.breaks["storage"] = 1000
    with pytest.raises(StudioError, match="connection to the Hub broke"):
        publish(run)
    assert "adapter_model.safetensors" not in server.files("kim/my-model")


def test_a_lost_answer_makes_no_second_commit(run, server, hasty):
    server.loses["commit"] = 1
    done, _ = publish(run)
    branch = server.repos["kim/my-model"].branches["main"]
    assert branch.commits == [hub.MESSAGE]
    assert done["commit"] == branch.sha


def test_a_lost_answer_makes_no_second_pull_request(run, server, hasty):
    server.put("kim/my-model", {})
    server.loses["commit"] = 1
    with pytest.raises(StudioError, match="connection to the Hub broke"):
        publish(run, pull_request=True)
    assert len(server.repos["kim/my-model"].pulls) == 1


def test_large_files_go_up_in_parts(run, server):
    server.part_size = 100_000
    publish(run)
    assert server.files("kim/my-model")["adapter_model.safetensors"] == WEIGHTS
    assert not server.wrong


def test_a_guest_network_is_told_from_the_hub(run, server):
    server.portal = True
    with pytest.raises(StudioError, match="Something else answered"):
        publish(run)


def test_a_silent_hub_is_not_waited_for_for_ever(run, server, monkeypatch):
    server.silent = True
    monkeypatch.setattr(hub, "PATIENT", 0.5)
    with pytest.raises(StudioError, match="connection to the Hub broke"):
        publish(run)


def test_nobody_there_and_switched_off_are_told(run, server, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(StudioError, match="connection to the Hub broke"):
        publish(run)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(RefusedError, match="switched off"):
        publish(run)


def test_a_gated_place_is_told(run, server):
    server.faults["kim/my-model"] = (403, "GatedRepo")
    with pytest.raises(RefusedError, match="whom its maker has let in"):
        publish(run)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionError("HTTP status client error (403 Forbidden)"), "storage refused"),
        (ConnectionError("Request failed with status code: 503"), "error 503"),
        (ConnectionError("invalid peer certificate: UnknownIssuer"), "certificate is not trusted"),
        (ConnectionError("dns error hf_abcdef"), "connection to the Hub broke"),
        (OSError(28, "No space left on device"), "disk is full"),
        (FileNotFoundError(2, "gone", "model.safetensors"), "went away"),
    ],
)
def test_what_the_storage_client_says_in_words_alone_is_understood(error, words):
    from finetune_studio.export.hub_failures import failure

    told = str(failure("kim/my-model", error))
    assert words in told
    assert "hf_abcdef" not in told
    assert not is_passing(error)


# Progress: names of the Hub's client that are not public


def test_progress_comes_with_its_speed_and_only_grows(run, server):
    server.pace = 0.05
    (run.result / "adapter_model.safetensors").write_bytes(WEIGHTS * 60)
    _, told = publish(run)
    progress = [each["progress"] for each in told if "progress" in each]
    done = [each["done"] for each in progress]
    assert len(done) > 3
    assert done == sorted(done)
    assert done[-1] == progress[-1]["total"]
    assert max(each["speed"] for each in progress) > 0
    assert not logging.getLogger("huggingface_hub").handlers[1:]


# The command


def online(server, tmp_path):
    """The environment of a command that asks the loopback Hub."""
    plain = {name: value for name, value in environment().items() if name not in transport.STRICT}
    found = plain | {"HF_ENDPOINT": server.url, "HF_HUB_OFFLINE": "0", "HF_TOKEN": "hf_right"}
    return found | {
        "HF_HOME": str(tmp_path / "hf"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }


def run_command(server, tmp_path, *arguments):
    return subprocess.run(
        [*COMMAND, "push", *map(str, arguments)],
        env=online(server, tmp_path),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("more", [["--compatible"], []])
def test_the_command_uploads_with_and_without_xet(run, tmp_path, more):
    with ReceivingHub() as server:
        server.tokens["hf_right"] = "kim"
        done = run_command(server, tmp_path, run.path, "--repo", "my-model", "--json", *more)
        assert done.returncode == 0, done.stderr + done.stdout
        told = json.loads(done.stdout)
        assert told["repo"] == "kim/my-model"
        assert {each["name"] for each in told["files"]} == SENT
        weights = next(each for each in told["files"] if "safetensors" in each["name"])
        assert weights["sha256"] == hashlib.sha256(WEIGHTS).hexdigest()
        assert "hf_right" not in done.stdout + done.stderr
        assert bool(server.blocks) == (not more)
        assert server.sent("storage") == (len(WEIGHTS) if more else 0)
        if not more:
            assert WEIGHTS in b"".join(map(chunks, server.blocks.values()))
        assert "telemetry" not in [route for route, _ in server.log]


def chunks(block):
    """The bytes in a block of Xet whose chunks are not compressed.

    Each has a header of 8 bytes: a version, the length in 3 bytes, the compression, and the length
    again, before it was compressed.
    """
    found, place = b"", 0
    while place + 8 <= len(block) and block[place] == 0:
        length = int.from_bytes(block[place + 1 : place + 4], "little")
        assert block[place + 4] == 0
        found += block[place + 8 : place + 8 + length]
        place += 8 + length
    return found


def test_a_dry_run_asks_nobody_and_a_refusal_is_one_sentence(run, tmp_path):
    with ReceivingHub() as server:
        shown = run_command(server, tmp_path, run.path, "--repo", "my-model", "--dry-run")
        assert shown.returncode == 0, shown.stderr
        assert "adapter_model.safetensors" in shown.stdout
        assert "training_args.bin" in shown.stdout.split("Stays here")[1]
        assert not server.seen
    done = call("push", run.path, "--repo", "나쁜 이름", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["title"]


def test_no_token_stands_on_the_command_line_of_the_child(run, monkeypatch):
    parser = argparse.ArgumentParser()
    command.add_options(parser)
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    options = parser.parse_args([str(run.path), "--repo", "a/b", "--public", "--branch", "x"])
    assert not [word for word in command.command(options) if "hf_" in word]
    for name in transport.STRICT:
        monkeypatch.delenv(name, raising=False)
    assert "HF_HUB_DISABLE_XET" not in command.environment(compatible=False)
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/company.pem")
    assert command.environment(compatible=False)["HF_HUB_DISABLE_XET"] == "1"


def test_where_xet_hashes_nobody_does_it_before(monkeypatch):
    monkeypatch.delenv("HF_HUB_DISABLE_XET", raising=False)
    assert transport.by_xet()
    for word in ("1", "true", "YES"):
        monkeypatch.setenv("HF_HUB_DISABLE_XET", word)
        assert not transport.by_xet()
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "0")
    assert transport.by_xet()


@pytest.mark.parametrize(("spoken", "written"), [("ko", "en"), ("en", "ko")])
def test_a_card_tells_the_verdict_in_its_own_language(run, tmp_path, spoken, written):
    """Made in the one language, published in a card of the other, in both directions."""
    export = tmp_path / "export"
    export.mkdir()
    about = {"task": "chat", "method": "lora", "format": "merged", "base": "x"}
    about["run"] = fingerprint(run.result)
    (export / "studio.json").write_text(json.dumps(about))
    (export / "model.safetensors").write_bytes(b"x")
    found = {"mean_kl": 0.1, "top1_match": 0.9, "greedy_match": 0.2, "perplexity_ratio": 1.1}
    found |= {"token_ids_equal": True, "prompt_equal": True}
    speech.speak(spoken)
    verdict, reasons = judge(found)
    report = found | {"verdict": verdict, "reasons": reasons}
    (export / "verify.json").write_text(json.dumps(report))
    try:
        card = prepare(export, Order("my-model"), written, run.path).card
    finally:
        i18n.install(None)
    with speech.speaking(written):
        expected = judge(found)[1]
    assert len(expected) == 4
    for mine, other in zip(expected, reasons, strict=True):
        assert mine in card
        assert other not in card


def uploader(server, tmp_path, run, repo="my-model"):
    """The upload's own process, which waits to be told what goes up."""
    options = argparse.Namespace(
        path=run.path, repo=repo, public=False, branch="", pull_request=False, card=None
    )
    return subprocess.Popen(
        command.command(options),
        env=online(server, tmp_path) | transport.upload_variables(compatible=True),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def test_the_child_asks_the_hub_and_changes_nothing_before_it_is_told(run, tmp_path):
    with ReceivingHub() as server:
        server.tokens["hf_right"] = "kim"
        child = uploader(server, tmp_path, run)
        deadline = time.monotonic() + 60
        while len(server.seen) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(server.seen) == 2  # whose token it is, and what is there
        time.sleep(0.5)
        assert not server.log
        told = prepare(run.path, Order("my-model"), "en").contents
        child.stdin.write(told.to_line() + "\n")
        child.stdin.flush()
        out = child.stdout.read()
        assert child.wait(60) == 0, out
        child.communicate()
        assert set(server.files("kim/my-model")) - {".gitattributes"} == SENT


def test_a_child_whose_starter_ends_before_it_tells_ends_too(run, tmp_path):
    with ReceivingHub() as server:
        server.tokens["hf_right"] = "kim"
        child = uploader(server, tmp_path, run)
        child.communicate(timeout=60)
        assert child.returncode == 130
        assert not server.log


def test_what_forbids_the_upload_comes_before_what_the_hub_says(run, tmp_path):
    with ReceivingHub() as server:  # which knows no token
        done = run_command(server, tmp_path, licensed(run, "mit", "cc-by-nd-4.0").path, "--repo=x")
        assert "do not allow this upload" in refusal(done)
        done = run_command(server, tmp_path, run.path, "--repo", "Llama/../x")
        assert "can be no name on the Hub" in refusal(done)
        done = run_command(server, tmp_path, licensed(run, "mit", "cc0-1.0").path, "--repo=x")
        assert "does not accept the token" in refusal(done)
        assert not server.log


def test_what_goes_up_is_told_whole_on_one_line(tmp_path):
    odd = tmp_path / os.fsdecode(b"\xff \n") / "가중치.gguf"
    items = (Item("README.md", 7, content="가\n".encode()), Item("가중치.gguf", 3, source=odd))
    told = Contents(items, ("optimizer.pt",))
    assert Contents.of_line(told.to_line()) == told
    assert told.to_line().isascii()
    assert "\n" not in told.to_line()


def test_the_upload_begins_without_what_only_the_checks_need():
    code = "import sys, finetune_studio.engine.push, finetune_studio.export.hub, huggingface_hub\n"
    code += "huggingface_hub.HfApi()\n"
    code += "print([n for n in ('pydantic', 'jinja2', 'torch', 'pyarrow') if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_killed_upload_leaves_no_half_commit_and_goes_on_where_it_was(run, tmp_path):
    (run.result / "model-00001-of-00002.safetensors").write_bytes(os.urandom(200_000))
    (run.result / "model-00002-of-00002.safetensors").write_bytes(os.urandom(20_000_000))
    arguments = [*COMMAND, "push", str(run.path), "--repo", "my-model", "--json", "--compatible"]
    with ReceivingHub() as server:
        server.tokens["hf_right"] = "kim"
        server.held = 1_000_000
        child = subprocess.Popen(arguments, env=online(server, tmp_path), stdout=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while len(server.blobs) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        child.terminate()
        child.communicate(timeout=60)
        assert child.returncode
        assert not server.repos["kim/my-model"].branches["main"].commits
        kept = set(server.blobs)
        server.gate.set()
        time.sleep(1)  # the upload's own process ends with the one that started it
        assert not server.repos["kim/my-model"].branches["main"].commits
        sent = server.sent("storage")
        done = run_command(server, tmp_path, *arguments[len(COMMAND) + 1 :])
        assert done.returncode == 0, done.stderr
        assert len(server.files("kim/my-model")) == len(SENT) + 3
        again = server.sent("storage") - sent
        assert again == sum(len(each) for oid, each in server.blobs.items() if oid not in kept)
        assert not server.wrong


def test_the_hub_may_answer_slowly_where_a_commit_takes_long():
    assert repository.PATIENT > connection.ANSWER
