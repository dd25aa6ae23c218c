"""Everything about an upload that is decided before the network: card, files, licences.

The preview shows it; the upload sends exactly that.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune_studio import speech
from finetune_studio.errors import RefusedError, remedy
from finetune_studio.export import about
from finetune_studio.export.card import Export, card
from finetune_studio.export.contents import collect
from finetune_studio.export.facts import Facts, gather, read_json
from finetune_studio.export.formats import gguf_files
from finetune_studio.export.items import Contents
from finetune_studio.export.repository import Order, check_branch, check_name
from finetune_studio.export.verdict import kept
from finetune_studio.i18n import tr
from finetune_studio.recipe.findings import Finding
from finetune_studio.runs.folder import RunFolder


@dataclass(frozen=True)
class Publication:
    """What is to be published.

    Attributes:
        order: Where to.
        contents: The files.
        card: The text of the card.
        findings: What the licences say of it; none of them stops it.
    """

    order: Order
    contents: Contents
    card: str
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """As `push --dry-run --json` prints it."""
        return {
            "repo": self.order.repo,
            "private": not self.order.public,
            "branch": self.order.branch or "main",
            "pull_request": self.order.pull_request,
            **self.contents.as_dict(),
            "bytes": self.contents.size,
            "findings": [finding.as_dict() for finding in self.findings],
            "card": self.card,
        }


def prepare(
    path: Path, order: Order, language: str | None = None, named: Path | None = None
) -> Publication:
    """Look at a run or an export and decide what of it is published.

    Args:
        path: The run or the export.
        order: Where to.
        language: The card's language; None for the one that is spoken.
        named: The run that an export came from, where that is not known.

    Raises:
        RefusedError: The name is none, there is no model, a licence forbids it, or a file names a
            folder of this machine.
    """
    check_name(order.repo)
    if order.branch:
        check_branch(order.branch)
    language = language or speech.language()
    folder, run, export = _opened(path, order.repo, named, language)
    facts = gather(run)
    findings = _permitted(facts, order.repo)
    text = card(facts, export, language)
    contents = collect(folder, text, facts.base, [str(run.path), *_places(facts)])
    return Publication(order, contents, text, findings)


def _opened(
    path: Path, repo: str, named: Path | None, language: str
) -> tuple[Path, RunFolder, Export]:
    """The folder with the files, the run behind it, and what the card is about."""
    if (path / "run.json").exists() or not (path / about.ABOUT).is_file():
        return _of_run(RunFolder.open(path), repo)
    said = about.read(path)
    run = about.run_of(path, said, named)
    files = tuple(each.name for each in gguf_files(path))
    return path, run, Export(str(said.get("format")), files, said, kept(path, language), repo)


def _of_run(run: RunFolder, repo: str) -> tuple[Path, RunFolder, Export]:
    if not run.result.is_dir():
        raise RefusedError(
            tr("This run has no result yet."),
            str(run.path),
            remedy(
                tr("Let it finish, or go on with `finetune-studio train RUN --resume`."),
                tr("Let it finish, or go on with it on the page Training."),
            ),
        )
    said = read_json(run.result / about.ABOUT)
    form = "merged" if said.get("method") == "full" else "adapter"
    return run.result, run, Export(form, about=said, repo=repo)


def _permitted(facts: Facts, repo: str) -> tuple[Finding, ...]:
    """What the licences say; a conflict stops the upload.

    Raises:
        RefusedError: They forbid it, or want another name.
    """
    found = facts.licences.before_upload(repo)
    errors = [finding for finding in found if finding.level == "error"]
    if errors:
        raise RefusedError(
            tr("The licences do not allow this upload."),
            " ".join(finding.sentence for finding in errors),
            tr("Choose another name, or other data or another base model."),
        )
    return tuple(found)


def _places(facts: Facts) -> list[str]:
    """Folders that the recipe names, which are nobody else's business."""
    sources = [facts.recipe.model.source, *facts.recipe.data.files]
    return [name for name in sources if Path(name).is_absolute()]
