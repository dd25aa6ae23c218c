"""What a finding says: its values, in the number that they have."""

import pytest

from finetune_studio import i18n
from finetune_studio.recipe.findings import Finding


def said(text, count, **values):
    return Finding("advice", "code", "data.files", text, {"count": count, **values}).sentence


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("{count} rows are left out: {why}.", "1 row is left out: why."),
        ("{count} rows hold HTML.", "1 row holds HTML."),
        ("{count} rows have no letter.", "1 row has no letter."),
        ("{count} answers seem cut off.", "1 answer seems cut off."),
        ("{count} rows were left out.", "1 row was left out."),
        ("{count} of the rows are equal.", "1 of the rows are equal."),
        ("It has {count} rows.", "It has 1 rows."),
    ],
)
def test_one_row_is_told_as_one(text, one):
    assert said(text, 1, why="why") == one
    assert said(text, 2, why="why") == text.format(count=2, why="why")


def test_another_language_keeps_its_own_words():
    i18n.install(lambda text: {"{count} rows are left out.": "{count}행이 빠져요."}[text])
    try:
        assert said("{count} rows are left out.", 1) == "1행이 빠져요."
    finally:
        i18n.install(None)
