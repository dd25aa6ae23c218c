"""One row of any shape to what a task learns from: a conversation, a text, a labelled text.

Each function returns the content, or a code from `REASONS` that says why the row cannot be used.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from finetune_studio.data.columns import to_text
from finetune_studio.data.values import is_missing, texts_in_turn, turns_of
from finetune_studio.i18n import mark

REASONS = {
    "no-conversation": mark("there is no conversation in the row"),
    "unknown-role": mark("a turn has a role other than system, user, assistant and tool"),
    "calls-tool": mark("a turn calls a tool, which cannot be learned yet"),
    "not-learned": mark(
        "an answer is marked as not to be learned (weight 0), which is not possible yet"
    ),
    "not-text": mark("a turn holds something that is not text"),
    "empty-turn": mark("a turn is empty"),
    "no-answer": mark("there is no answer to learn"),
    "no-question": mark("there is no question or prompt"),
    "no-text": mark("there is no text in the row"),
    "no-label": mark("there is no label in the row"),
}
USER = ("user", "human", "prompter", "question", "instruction", "사용자", "유저", "고객", "질문")
ASSISTANT = (
    "assistant", "gpt", "bot", "chatgpt", "model", "ai", "bard", "bing", "chatbot", "answer",
    "output", "어시스턴트", "챗봇", "상담사", "답변", "response",
)  # fmt: skip
SYSTEM = ("system", "developer", "시스템")
TOOL = ("tool", "function", "observation", "ipython", "tool_response")
SPEAKERS = {
    name: role
    for role, spoken in (
        ("user", USER),
        ("assistant", ASSISTANT),
        ("system", SYSTEM),
        ("tool", TOOL),
    )
    for name in spoken
}
CALLS = ("tool_calls", "function_call")
"""A turn's keys that call a tool, and with `tool_call` the roles that do."""
THOUGHTS = ("reasoning_content", "reasoning", "thinking")
"""A turn's keys that keep what is thought apart from what is said."""
ROLE_KEYS = ("role", "from", "speaker", "역할", "화자")
CONTENT_KEYS = ("content", "value", "text", "parts", "내용", "발화")

Messages = list[dict[str, str]]
Row = Mapping[str, Any]


def conversation(row: Row) -> Messages | str:
    """From the roles `messages` or `conversations` (and `system`)."""
    said = row.get("messages", row.get("conversations"))
    turns = turns_of(said) or texts_in_turn(said)
    if not turns:
        return "no-conversation"
    made = normalised(turns)
    if isinstance(made, str):
        return made
    if made[0]["role"] != "system":
        made = _system(row) + made
    return made if any(turn["role"] == "assistant" for turn in made) else "no-answer"


def before_empty(value: Any) -> Any:
    """The turns up to the last answer before the first empty turn; all where none is left so."""
    turns = turns_of(value)
    kept = 0
    for place, turn in enumerate(turns or ()):
        role = _role(turn)
        content = _content(_first(turn, CONTENT_KEYS))
        if content is not None and not content.strip() and role != "system":
            return turns[:kept] if turns and kept else value
        kept = place + 1 if role == "assistant" else kept
    return value


def normalised(turns: Sequence[Any]) -> Messages | str:
    """Turns with the roles system, user, assistant and tool, and contents that are text."""
    made: Messages = []
    for turn in turns:
        role = _role(turn)
        content = _content(_first(turn, CONTENT_KEYS))
        if role == "assistant" and content is not None:
            content = _with_thoughts(turn, content)
        problem = _problem(turn, role, content)
        if problem:
            return problem
        if role and content and content.strip():
            made.append({"role": role, "content": content})
    return made or "no-conversation"


def _problem(turn: Mapping[str, Any], role: str | None, content: str | None) -> str:
    """Why a turn cannot be used; empty for one that can, or that says nothing as the system."""
    if any(turn.get(key) for key in CALLS) or _spoken_by(turn) in (*CALLS, "tool_call"):
        return "calls-tool"
    if role is None:
        return "unknown-role"
    if content is None:
        return "not-text"
    if not content.strip():
        return "" if role == "system" else "empty-turn"
    return "not-learned" if role == "assistant" and turn.get("weight") == 0 else ""


def _with_thoughts(turn: Mapping[str, Any], said: str) -> str:
    """An answer with its thoughts before it, as models that think write them."""
    thought = _first(turn, THOUGHTS)
    if not isinstance(thought, str) or not thought.strip() or "</think>" in said:
        return said
    return f"<think>\n{thought.strip()}\n</think>\n\n{said.lstrip()}" if said.strip() else said


def exchange(row: Row, ask: str, answer: str) -> Messages | str:
    """From a question and its answer, each a text or itself a list of turns."""
    asked, answered = row.get(ask), row.get(answer)
    if is_missing(answered) or answered == []:
        return "no-answer"
    if is_missing(asked) or asked == []:
        return "no-question"
    parts = [_system(row)]
    for value, role in ((asked, "user"), (answered, "assistant")):
        turns = turns_of(value)
        made = normalised(turns) if turns else _spoken(role, value)
        if isinstance(made, str):
            return made
        parts.append(made)
    if all(turn["role"] != "assistant" for turn in parts[-1]):
        return "no-answer"
    return [turn for part in parts for turn in part]


def alpaca(row: Row) -> Messages | str:
    """From `instruction`, `input`, `output` and `system`."""
    asked = [row.get(role) for role in ("instruction", "input")]
    said = [part for part in asked if not is_missing(part) and part != []]
    joined = "\n\n".join(str(to_text(part)) for part in said)
    return exchange({**row, "instruction": joined}, "instruction", "output")


def question(row: Row) -> Messages | str:
    """From `context`, `question`, `answer` and `system`."""
    if is_missing(row.get("context")) or is_missing(row.get("question")):
        return exchange(row, "question", "answer")
    asked = f"{to_text(row['context'])}\n\n{to_text(row['question'])}"
    return exchange({**row, "question": asked}, "question", "answer")


def prompt(row: Row) -> Messages | str:
    """From `prompt`, `completion` and `system`."""
    return exchange(row, "prompt", "completion")


def text(row: Row) -> str | None:
    """From `text`; None where it is missing."""
    value = row.get("text")
    return None if is_missing(value) else to_text(value)


def label(row: Row) -> str | None:
    """From `label`, without blanks around it; None where it is missing."""
    value = row.get("label")
    return None if is_missing(value) else str(to_text(value)).strip()


CHATS: dict[str, Callable[[Row], Messages | str]] = {
    "messages": conversation,
    "sharegpt": conversation,
    "alpaca": alpaca,
    "question-answer": question,
    "prompt-completion": prompt,
}


def _role(turn: Mapping[str, Any]) -> str | None:
    return SPEAKERS.get(_spoken_by(turn))


def _spoken_by(turn: Mapping[str, Any]) -> str:
    return str(_first(turn, ROLE_KEYS)).strip().casefold()


def _first(turn: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    return next((turn[key] for key in keys if turn.get(key) is not None), "")


def _content(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, list):  # parts, as vision models take them
        texts = [part.get("text") if isinstance(part, Mapping) else part for part in value]
        known = [each for each in texts if isinstance(each, str)]
        return "".join(known) if len(known) == len(texts) else None
    return to_text(value) if isinstance(value, (int, float, bool)) else None


def _spoken(role: str, value: Any) -> Messages | str:
    if isinstance(value, Mapping) and "text" in value:
        value = value["text"]  # answers with the places where they stand
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        value = next((each for each in value if each.strip()), "")  # several answers: the first
    content = _content(value)
    if content is None:
        return "not-text"
    if not content.strip():
        return "no-answer" if role == "assistant" else "no-question"
    return [{"role": role, "content": content}]


def _system(row: Row) -> Messages:
    value = row.get("system")
    if isinstance(value, Mapping):  # Gemini's: a turn of its own
        value = _first(value, CONTENT_KEYS)
    said = _content(value) if isinstance(value, list) else None  # parts, as Bedrock has them
    text = str(to_text(value)) if said is None else said
    return [] if is_missing(value) or is_missing(text) else [{"role": "system", "content": text}]
