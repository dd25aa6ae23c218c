"""Searching the Hub: what is told of each model, however odd the answer."""

import pytest

from finetune_studio.catalog.search import look_up, search
from finetune_studio.errors import RefusedError, StudioError
from tests.catalog.test_download import cache, point_to, server

__all__ = ["cache", "point_to", "server"]

BASE = {"downloads": 12, "gated": False, "config": {"model_type": "llama"}, "private": False}


def row(name, **more):
    weights = {"parameters": {"BF16": 1000}, "total": 1000}
    return {"id": name, "tags": ["license:mit"], "safetensors": weights, **BASE, **more}


def test_what_matters_is_told(server):
    server.found = [
        row("a/first", lastModified="2026-05-04T00:00:00.000Z", gated="manual"),
        row("b/second", tags=[], downloads=None),
    ]
    first, second = search("")
    assert (first.id, first.licence, first.gated, first.downloads) == (
        "a/first",
        "mit",
        "manual",
        12,
    )
    assert (first.parameters, first.weight_bytes, first.updated) == (1000, 2000, "2026-05-04")
    assert first.obstacle == ""
    assert first.as_dict()["commercial"] == "yes"
    assert (second.licence, second.downloads, second.gated) == ("unknown", 0, "")
    assert second.as_dict()["commercial"] == "unknown"


@pytest.mark.parametrize(
    ("odd", "says"),
    [
        ({"safetensors": None}, "no safetensors"),
        ({"config": {"model_type": "newest_thing"}}, "no code for the model type “newest_thing”"),
        ({"config": {"model_type": "vit"}}, "writes no text"),
        ({"config": {"model_type": "llama", "quantization_config": {}}}, "quantised already"),
    ],
)
def test_what_cannot_be_trained_is_said_beforehand(server, odd, says):
    server.found = [row("a/odd", **odd)]
    assert says in search("odd")[0].obstacle


@pytest.mark.parametrize("odd", [{"config": None}, {"tags": None}, {"gated": "perhaps"}])
def test_missing_and_strange_fields_do_no_harm(server, odd):
    server.found = [row("a/odd", **odd)]
    assert search("")[0].id == "a/odd"


def test_a_licence_nobody_knows_is_unknown_and_still_named(server):
    server.found = [row("a/odd", tags=["license:my-own-terms"])]
    found = search("")[0]
    assert (found.licence, found.licence_named) == ("unknown", "my-own-terms")


def test_ten_thousand_results_come_at_once(server):
    server.found = [row(f"a/m{n}") for n in range(10_000)]
    assert len(search("", limit=10_000)) == 10_000
    assert len(server.seen) == 10  # a page has a thousand
    assert len(search("m9999", limit=10)) == 1


def test_one_model_is_looked_up(server):
    assert look_up("maker/model").id == "maker/model"
    with pytest.raises(RefusedError, match="no model nobody/none"):
        look_up("nobody/none")


@pytest.mark.parametrize("trouble", ["portal", "silent"])
def test_a_hub_in_trouble_is_a_sentence(server, trouble, monkeypatch):
    from finetune_studio.catalog import connection

    setattr(server, trouble, True)
    monkeypatch.setattr(connection, "ANSWER", 0.4)
    with pytest.raises(StudioError) as caught:
        search("x")
    assert caught.value.hint
