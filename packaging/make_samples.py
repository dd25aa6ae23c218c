"""Write the Korean samples of resources/samples/ from their sources, the same bytes each time.

Usage: python packaging/make_samples.py DATA_FOLDER [OUT_FOLDER]

The English sample is written by hand and lies there already. Reviews come from held-out films
alone (demo_corpus.py). Rows that are rude, or that may name a person, are left out.
"""

import csv
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from demo_corpus import Review, clean, held_out, order, reviews

SAMPLES = Path(__file__).resolve().parent.parent / "resources" / "samples"
QUESTIONS = 1500
REVIEWS_PER_LABEL = 1500
RAW_REVIEWS = 400
LABELS = {1: "긍정", 0: "부정"}

RUDE = re.compile(
    "시발|씨발|씨바|시바|ㅅㅂ|ㅆㅂ|ㅂㅅ|병신|병맛|븅신|새끼|쉐끼|색히|새키|지랄|ㅈㄹ|좆|존나|졸라|죤나|ㅈㄴ|개같|개쓰레기|개쓰래기"
    "|미친|닥쳐|꺼져|꺼지|쓰레기|쓰래기|엿같|등신|또라이|돌아이|놈|년들|썅|빨갱이|홍어|일베|짱깨|쪽바리|쪽발|왜놈"
    "|게이|레즈|창녀|걸레|섹스|야동|강간|자살|자위|변태|베충|메갈|한남|김치녀|된장녀|좌빨|좌좀|수꼴|대통령|정치"
    "|알바|초딩|급식|장애|뒤져|뒤지|뒈|죽여|죽고|처먹|쳐먹|쳐만|쳐보|아가리|주둥이|개독|목사|대가리|빡대|애미|에미|애비|니미|후장|똥|씹|섹|색기|십새|기집|빤스|팬티|벗|노출|야한|몸매"
    "|빡[치쳐차침]|ㅁㅊ|젠장|호구|OO|에로|성폭|흑인|조선족|북한|종북|좌파|우파|전라도|경상도|천안함|천암함"
    "|노무현|이명박|박근혜|문재인|유영철|오원춘|죽이고 싶"
)
PERSONAL = re.compile(r"\d{4,}|@|http|www|[가-힣]{2,4}\s?(씨|님|배우|감독)")
HANGUL = re.compile("[가-힣]")


def suitable(text: str, shortest: int, longest: int) -> bool:
    """Whether a text is fit to show: mostly Hangul, of a middling length, not rude."""
    hangul = len(HANGUL.findall(text))
    return (
        shortest <= len(text) <= longest
        and hangul >= 0.6 * len(text)
        and not RUDE.search(text)
        and not PERSONAL.search(text)
    )


def questions(path: Path) -> list[tuple[str, str]]:
    """Daily-life question-answer pairs in which no question and no answer comes twice.

    Args:
        path: ChatbotData.csv with columns Q, A and label (0: daily life).
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["label"].strip() == "0"]
    pairs = [(clean(row["Q"]), clean(row["A"])) for row in rows]
    pairs.sort(key=lambda pair: order("\t".join(pair)))
    asked: set[str] = set()
    answered: set[str] = set()
    chosen = []
    for question, answer in pairs:
        fit = not RUDE.search(question + answer) and HANGUL.search(question)
        if fit and question not in asked and answer not in answered:
            chosen.append((question, answer))
        asked.add(question)
        answered.add(answer)
    return chosen[:QUESTIONS]


def candidates(every: Iterable[Review]) -> Iterator[Review]:
    """Suitable reviews of held-out films, no text twice, shuffled the same way each time."""
    seen = set()
    for review in sorted(every, key=lambda review: order(review.key)):
        if held_out(review.film) and review.text not in seen and suitable(review.text, 15, 120):
            seen.add(review.text)
            yield review


def divide(every: Iterable[Review]) -> tuple[list[Review], list[Review]]:
    """Choose the labelled reviews, as many of each label, and the raw ones, none in both."""
    labelled: dict[int, list[Review]] = {0: [], 1: []}
    raw: list[Review] = []
    for review in candidates(every):
        if review.label is None:
            raw.append(review)
        elif len(labelled[review.label]) < REVIEWS_PER_LABEL:
            labelled[review.label].append(review)
    both = sorted(labelled[0] + labelled[1], key=lambda review: order(f"mixed:{review.key}"))
    return both, raw[:RAW_REVIEWS]


def write_csv(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Write a CSV file in UTF-8 with line feeds."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_samples(shared: Path, out: Path) -> None:
    """Write every Korean sample and the licence of the chat data.

    Args:
        shared: The folder with `chatbot_ko/` and `nsmc/`.
        out: Where the samples go.
    """
    out.mkdir(parents=True, exist_ok=True)
    chat = shared / "chatbot_ko"
    write_csv(out / "korean_qa.csv", ("질문", "답변"), questions(chat / "ChatbotData.csv"))
    licence = out / "korean_qa.LICENSE"
    shutil.copyfile(chat / "LICENSE", licence)
    licence.chmod(0o644)
    labelled, raw = divide(reviews(shared))
    rows = [(r.text, LABELS[r.label], r.film) for r in labelled if r.label is not None]
    write_csv(out / "korean_sentiment.csv", ("리뷰", "감정", "영화"), rows)
    text = "".join(f"{review.text}\n" for review in raw)
    (out / "korean_text.txt").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("Usage: python packaging/make_samples.py DATA_FOLDER [OUT_FOLDER]")
    write_samples(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else SAMPLES)
