"""The build's own step: translations are compiled before they are packed, editable installs too."""

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileTranslations(BuildHookInterface):
    """Makes resources/i18n/*.qm with nothing but Python."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile them; an sdist carries the sources alone."""
        path = Path(self.root) / "packaging" / "translations.py"
        spec = importlib.util.spec_from_file_location("translations", path)
        if spec is None or spec.loader is None:
            raise FileNotFoundError(path)
        translations = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(translations)
        for made in translations.release():
            build_data["artifacts"].append(str(made.relative_to(self.root)))
