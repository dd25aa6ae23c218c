"""Texts that resources keep in both languages, such as licence sentences.

Interface text is translated by `tr`; these stand in data files in Korean and English side by side.
"""

from collections.abc import Mapping
from typing import Any

from finetune_studio.i18n import tr

LANGUAGES = ("en", "ko")


def language() -> str:
    """The language in use, `en` or `ko`: a translation translates "en" as its own code."""
    named = tr("en")
    return named if named in LANGUAGES else "en"


def worded(texts: Mapping[str, Any]) -> str:
    """The text in the language in use.

    Raises:
        KeyError: The resource lacks that language.
    """
    return str(texts[language()])
