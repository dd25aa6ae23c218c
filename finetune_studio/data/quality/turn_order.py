"""The order of a conversation's turns: first the system, then a question, an answer, and so on.

Chat templates refuse other orders, or write them wrongly without a word.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finetune_studio.data.quality.flat import Texts

Array = np.ndarray[Any, Any]
SYSTEM, USER, ASSISTANT, TOOL = range(4)
ROLES = pa.array(["system", "user", "assistant", "tool"])


def coded(roles: Any) -> Array:
    """Each turn's role as one of the four numbers above."""
    return np.asarray(pc.index_in(roles, ROLES).to_numpy(zero_copy_only=False), dtype=np.int8)


def out_of_order(texts: Texts) -> Array:
    """Flags rows: two turns of one side in a row, answer first, question last, late system."""
    roles = coded(texts.roles)
    same_row = texts.rows[1:] == texts.rows[:-1]
    first = np.concatenate([[True], ~same_row])[: len(roles)]
    last = np.concatenate([~same_row, [True]])[: len(roles)]
    before = np.concatenate([[-1], roles[:-1]])[: len(roles)]
    opens = first | (before == SYSTEM)
    again = ~first & (roles == before) & np.isin(roles, (USER, ASSISTANT))
    late = ~first & (roles == SYSTEM)
    answer_first = opens & (roles == ASSISTANT)
    unanswered = last & (roles == USER)
    return texts.any_row(again | late | answer_first | unanswered)


def ordered(turns: list[dict[str, str]]) -> list[dict[str, str]]:
    """The turns in order: turns of one side joined, what has no counterpart left out.

    Returns:
        An empty list where no question with its answer is left.
    """
    system = [turn["content"] for turn in turns if turn["role"] == "system"]
    made: list[dict[str, str]] = []
    for turn in turns:
        role, content = turn["role"], turn["content"]
        if role == "system" or (not made and role != "user"):
            continue
        if made and role == made[-1]["role"] and role in ("user", "assistant"):
            made[-1] = {"role": role, "content": f"{made[-1]['content']}\n\n{content}"}
        else:
            made.append({"role": role, "content": content})
    while made and made[-1]["role"] == "user":
        made.pop()
    if not any(turn["role"] == "assistant" for turn in made):
        return []
    start = [{"role": "system", "content": "\n\n".join(system)}] if system else []
    return start + made
