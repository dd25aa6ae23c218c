"""Whether an idea is in use, and why: the answer that `started` carries. Knows no idea."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Asked = Literal["auto", "on", "off"]


@dataclass(frozen=True)
class Choice:
    """One idea's answer.

    Attributes:
        used: Whether it is in use.
        why: What decided, in a few words; what stood in the way where it is not.
    """

    used: bool
    why: str

    def __bool__(self) -> bool:
        """Whether it is in use."""
        return self.used


def choose(asked: Asked, obstacle: str, *, worth: str = "") -> Choice:
    """Decide on an idea.

    Args:
        asked: What the recipe says.
        obstacle: What makes it impossible here; empty where nothing does.
        worth: Why `auto` leaves it although it would be possible; empty where it takes it.
    """
    if asked == "off":
        return Choice(False, "the recipe says off")
    if obstacle:
        return Choice(False, obstacle)
    if asked == "auto" and worth:
        return Choice(False, worth)
    return Choice(True, "as asked" if asked == "on" else "auto")


@dataclass
class Ideas:
    """The answers of a run, gathered while it is set up."""

    choices: dict[str, Choice] = field(default_factory=dict)

    def note(self, idea: str, choice: Choice) -> Choice:
        """Keep an answer, the latest of an idea; returns it."""
        self.choices[idea] = choice
        return choice

    def told(self) -> dict[str, Any]:
        """As `started` carries them: `{idea: {"used", "why"}}`."""
        return {idea: asdict(choice) for idea, choice in self.choices.items()}
