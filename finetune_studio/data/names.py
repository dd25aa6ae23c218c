"""The column names that people give to the roles of a row, in Korean and English.

Names are compared without case, blanks, hyphens and underscores, in normal form C.
"""

import re
import unicodedata

MESSAGES = (
    "messages",
    "conversations",
    "conversation",
    "dialogue",
    "dialog",
    "turns",
    "chat",
    "contents",
    "대화",
)
INSTRUCTION = (
    "instruction", "instructions", "지시", "지시문", "명령", "명령어", "지시사항", "작업",
)  # fmt: skip
QUESTION = (
    "question", "questions", "q", "query", "user", "human", "ask", "problem", "질문", "문의",
    "질의", "물음", "문제", "사용자", "고객", "고객질문", "질문내용", "문의내용", "question_text",
)  # fmt: skip
PROMPT = ("prompt", "prompts", "프롬프트", "입력문", "요청", "source", "before", "context_prompt")
COMPLETION = ("completion", "completions", "완성", "생성", "target_text", "targets", "after")
SUMMARY = ("summary", "highlights", "tldr", "요약", "요약문", "summary_text")
ANSWER = (
    "answer", "answers", "a", "reply", "assistant", "bot", "response", "responses", "solution",
    "답변", "답", "대답", "응답", "회신", "정답", "해답", "상담사", "답변내용", "answer_text",
)  # fmt: skip
OUTPUT = ("output", "outputs", "출력", "결과", "출력문", "response_text")
INPUT = ("input", "inputs", "입력", "추가입력")
CONTEXT = ("context", "passage", "paragraph", "문맥", "지문", "맥락", "배경", "참고", "본문")
ASKING = (
    "instruction", "prompt", "question", "query", "input", "inputs", "지시", "질문", "문의",
    "프롬프트", "입력",
)  # fmt: skip
"""Names that always stand for what is asked, never for a source, an author or a heading."""
WORKED = ("solution", "풀이", "해설")
SYSTEM = (
    "system", "system_prompt", "system_message", "systemprompt", "system_instruction",
    "시스템", "시스템프롬프트",
)  # fmt: skip
TEXT = (
    "text", "texts", "sentence", "sentences", "review", "reviews", "document", "documents",
    "content", "contents", "body", "article", "comment", "comments", "utterance", "paragraph",
    "passage", "description", "abstract", "story", "tweet", "post", "message", "review_text",
    "review_body", "data", "raw", "문장", "리뷰", "본문", "내용", "댓글", "텍스트", "문서", "글",
    "기사", "후기", "발화", "원문", "리뷰내용", "설명", "뉴스", "의견", "title", "headline",
    "제목",
)  # fmt: skip
HEADING = ("title", "headline", "제목")
LABEL = (
    "label", "labels", "sentiment", "class", "category", "target", "emotion", "rating", "stars",
    "score", "topic", "intent", "tag", "polarity", "감정", "라벨", "레이블", "분류", "카테고리",
    "평점", "별점", "감성", "주제", "의도", "유형", "구분", "등급", "태그", "긍부정",
)  # fmt: skip
JUDGED = (
    "good", "is_good", "liked", "like", "thumbs_up", "is_preferred", "desirable", "helpful",
    "좋음", "좋아요", "선호", "선호여부", "만족", "만족여부", "채택여부", "도움됨",
)  # fmt: skip
"""Names of columns that say of an answer whether it is a good one."""
CHOSEN = ("chosen", "preferred", "chosen_response", "better", "선호", "선택", "채택")
REJECTED = (
    "rejected",
    "dispreferred",
    "rejected_response",
    "worse",
    "비선호",
    "거절",
    "기각",
    "미채택",
)


BY_ROLE = {
    "messages": MESSAGES,
    "conversations": MESSAGES,
    "tools": ("tools",),
    "instruction": INSTRUCTION + PROMPT + QUESTION,
    "input": INPUT + CONTEXT,
    "output": OUTPUT + ANSWER + COMPLETION,
    "system": SYSTEM,
    "prompt": PROMPT + INSTRUCTION + QUESTION + INPUT,
    "completion": COMPLETION + ANSWER + OUTPUT,
    "question": QUESTION + INSTRUCTION + PROMPT,
    "answer": ANSWER + OUTPUT + COMPLETION,
    "context": CONTEXT,
    "text": TEXT,
    "label": LABEL,
    "chosen": CHOSEN,
    "rejected": REJECTED,
}
"""The usual names of each role, the likeliest first."""


_WORD = re.compile(r"[\s_\-./]+|(?<=[a-z])(?=[A-Z])")
"""What stands between two words of a name; in camelCase nothing does."""


def plain(name: str) -> str:
    """A column's name as it is compared."""
    return re.sub(r"[\s_\-./]+", "", unicodedata.normalize("NFC", name)).casefold()


def known(name: str) -> bool:
    """Whether a column of this name has a usual role."""
    return plain(name) in _KNOWN


def find(columns: list[str], names: tuple[str, ...]) -> str | None:
    """The column that bears the first of the names; None where there is none."""
    by_name = {plain(column): column for column in reversed(columns)}
    return next((by_name[plain(name)] for name in names if plain(name) in by_name), None)


_KNOWN = frozenset(plain(name) for usual in BY_ROLE.values() for name in usual)


def ending(columns: list[str], names: tuple[str, ...]) -> list[str]:
    """The columns whose name ends in one of the names, as its last word: "Customer question".

    Korean compounds are written together as well: "손님질문". Names of one letter are passed over.
    """
    whole = {plain(name) for name in names if len(name) > 1}
    korean = tuple(name for name in whole if not name.isascii())
    return [
        column
        for column in columns
        if plain(_WORD.split(column.strip())[-1]) in whole or plain(column).endswith(korean)
    ]
