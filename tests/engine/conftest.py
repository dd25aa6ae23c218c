"""A tiny model, made once."""

import pytest

from tests.helpers.tiny import make_model


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """The folder of a tiny model with a chat template."""
    return make_model(tmp_path_factory.mktemp("models") / "작은 모델")
