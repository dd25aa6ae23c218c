"""A place on the Hub for a model: its name, who may write there, whether it is there already.

What can be refused before the first byte goes up is refused here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from finetune_studio.catalog import access, connection
from finetune_studio.errors import RefusedError, remedy
from finetune_studio.export.hub_failures import failure
from finetune_studio.i18n import tr

PART = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?")
LONGEST = 96
"""Characters of a name without its owner. Source: huggingface_hub, validate_repo_id."""
PATIENT = 120.0
"""Seconds that the Hub may take to answer; a commit of many large files takes long."""


@dataclass(frozen=True)
class Order:
    """What the person asked for.

    Attributes:
        repo: The name, with or without its owner.
        public: Whether everybody may see it; otherwise it is private.
        branch: The branch to write to; empty for the main one.
        pull_request: Whether to propose the change instead of making it.
    """

    repo: str
    public: bool = False
    branch: str = ""
    pull_request: bool = False


@dataclass(frozen=True)
class Place:
    """A repository that can be written to.

    Attributes:
        repo: Its whole name, `owner/name`.
        exists: Whether it was there before.
        private: Whether only its owner sees it.
        head: The commit that the upload builds on; empty where there is none.
        files: What lies in it.
    """

    repo: str
    exists: bool
    private: bool
    head: str = ""
    files: tuple[str, ...] = ()


def check_name(repo: str) -> None:
    """Refuse a name that the Hub would, before anything is asked.

    Raises:
        RefusedError: It is none; the error says what a name may hold.
    """
    if not repo:
        raise RefusedError(
            tr("The name on the Hub is empty."),
            hint=tr("Give it one: owner/name, or the name alone."),
        )
    parts = repo.split("/")
    wrong = ""
    if len(parts) > 2 or not all(parts):
        wrong = tr("It is owner/name, or the name alone.")
    elif not all(PART.fullmatch(part) for part in parts):
        wrong = tr("It may hold Latin letters, digits, - _ and ., and begins and ends with none.")
    elif "--" in repo or ".." in repo or repo.endswith((".git", ".ipynb")):
        wrong = tr("It may hold neither -- nor .., nor end in .git.")
    elif len(parts[-1]) > LONGEST:
        wrong = tr("It may have up to {count} characters.").format(count=LONGEST)
    if wrong:
        raise RefusedError(
            tr("“{name}” can be no name on the Hub.").format(name=repo),
            wrong,
            remedy(
                tr("Choose another with --repo, such as {name}."),
                tr("Choose another, such as {name}."),
            ).format(name=_suggested(repo)),
        )


def check_branch(branch: str) -> None:
    """Refuse a branch name that git would.

    Raises:
        RefusedError: It is none.
    """
    wrong = re.search(r"[\s~^:?*\[\\\x00-\x1f]|\.\.|//|@\{|^[-/.]|[/.]$|\.lock$", branch)
    if wrong or branch.startswith("refs/"):
        raise RefusedError(
            tr("“{name}” can be no branch.").format(name=branch),
            hint=tr("Use letters, digits, - and _."),
        )


def _suggested(repo: str) -> str:
    owner, _, name = repo.rpartition("/")
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:LONGEST] or "my-model"
    return f"{owner}/{plain}" if PART.fullmatch(owner) else plain


def find(client: Any, order: Order) -> Place:
    """Whose name it is, whether that account may write there, and what is there.

    Raises:
        RefusedError: There is no token, it may only read, the place is somebody else's, or it is
            public and that was not asked for.
        StudioError: The Hub cannot be asked.
    """
    if not access.token():
        raise RefusedError(
            tr("There is no token for the Hub."),
            hint=remedy(
                tr("Sign in with `finetune-studio models login`, with a token that may write."),
                tr("Sign in here with a token that may write."),
            ),
        )
    try:
        account = client.whoami()
    except Exception as error:  # noqa: BLE001  (its cause may quote the token, so it ends here)
        raise failure(order.repo, error) from None
    owner, _, name = order.repo.rpartition("/")
    repo = f"{owner or account.get('name')}/{name}"
    refuse_role(account, repo.split("/")[0])
    return _looked_up(client, repo, order)


def refuse_role(account: Mapping[str, Any], owner: str) -> None:
    """Refuse a token that may not write to that owner's repositories.

    Raises:
        RefusedError: It may not.
    """
    about = (account.get("auth") or {}).get("accessToken") or {}
    remedy = tr("Make a token of the kind “write” at {page}, then sign in again.").format(
        page=connection.page("settings/tokens")
    )
    if about.get("role") == "read" or not _may_write(about.get("fineGrained"), owner):
        raise RefusedError(
            tr("This token may only read."),
            tr("It does not let this program write to {owner}.").format(owner=owner),
            remedy,
        )
    names = [account.get("name"), *(each.get("name") for each in account.get("orgs") or [])]
    if owner.casefold() not in [str(name).casefold() for name in names if name]:
        raise RefusedError(
            tr("{owner} is another account.").format(owner=owner),
            tr("This token belongs to {name}.").format(name=account.get("name")),
            tr("Use {name} as the owner, or sign in with the other account.").format(
                name=account.get("name")
            ),
        )


def _may_write(rights: Any, owner: str) -> bool:
    """Whether a fine-grained token may write there; others are not asked."""
    if not isinstance(rights, Mapping) or "scoped" not in rights:
        return True
    for scope in rights.get("scoped") or []:
        entity = scope.get("entity") or {}
        named = str(entity.get("name") or "").split("/")[-1 if "/" not in owner else 0]
        mine = owner.casefold() in (named.casefold(), str(entity.get("name") or "").split("/")[0])
        if mine and "repo.write" in (scope.get("permissions") or []):
            return True
    return False


def _looked_up(client: Any, repo: str, order: Order) -> Place:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    try:
        about = client.model_info(repo, timeout=PATIENT)
    except GatedRepoError as error:
        raise failure(repo, error) from error
    except RepositoryNotFoundError:
        return Place(repo, False, not order.public)
    except Exception as error:
        raise failure(repo, error) from error
    if not about.private and not order.public:
        raise RefusedError(
            tr("{repo} is there already, and everybody can see it.").format(repo=repo),
            tr("What you upload there is public at once."),
            remedy(
                tr("Add --public if that is meant, or choose another name."),
                tr("Switch off “Only I see it” if that is meant, or choose another name."),
            ),
        )
    files = tuple(each.rfilename for each in about.siblings or ())
    return Place(repo, True, bool(about.private), about.sha or "", files)
