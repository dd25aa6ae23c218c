"""Time and memory of `data check` on a million rows, beside reading the same lines as JSON alone.

Rows are Korean and English questions with answers of 20 to 400 characters; 1 in 50 repeats an
earlier one, 1 in 50 nearly does, and 1 in 100 has a fault of its own. Figures to hold on two cores:
60 seconds and 1.5 GB.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

KOREAN = (  # noqa: SIM905 - words are read better so
    "오늘 날씨 가 정말 좋아서 친구 와 함께 공원 에 갔다 배송 은 언제 도착 하나요 환불 규정 을 "
    "알려 주세요 회원 가입 방법 이 궁금합니다 결제 가 되지 않아요 상담원 연결 부탁드립니다 "
    "영업 시간 은 아홉시 부터 여섯시 까지 입니다 주문 번호 를 확인 해 드리겠습니다 감사합니다"
).split()
ENGLISH = (  # noqa: SIM905
    "the parcel will arrive tomorrow please check your order number and call our support team "
    "if anything is missing we are happy to help you with a refund or an exchange at any time"
).split()
FAULTS = (
    "<p>안녕&nbsp;하세요</p>",
    "연락처는 010-1234-5678 입니다",
    "메일은 someone@example.com 입니다",
    "Ã©tÃ© à la plage",
    "보이지\u200b않는 글자",
    "하다",
)
CHILD = """
import json, resource, sys, time
from finetune_studio.data.check import Closely, examine
begun = time.perf_counter()
report = examine([sys.argv[1]], closely=Closely())
print(json.dumps({
    "rows": report.rows,
    "seconds": round(time.perf_counter() - begun, 1),
    "cpu_seconds": round(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]), 1),
    "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    "findings": {finding.code: finding.count for finding in report.findings},
}))
"""


def main() -> None:
    """Print the figures as one JSON line each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    count = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        write(path, count)
        print(json.dumps({"file_mib": path.stat().st_size >> 20}))
        alone = _lines_alone(path)
        print(json.dumps({"json_lines_alone_seconds": round(alone, 1)}))
        done = subprocess.run(
            [sys.executable, "-c", CHILD, str(path)],
            check=True,
            capture_output=True,
            text=True,
            env=_environment(folder),
        )
        figures = json.loads(done.stdout)
        print(json.dumps(figures | {"times_json_alone": round(figures["seconds"] / alone, 1)}))


def write(path: Path, count: int, seed: int = 0) -> None:
    """Write rows as JSON Lines, the same for the same seed."""
    dice = random.Random(seed)
    kept: list[dict[str, Any]] = []
    with path.open("w", encoding="utf-8") as out:
        for number in range(count):
            row = _row(dice, number)
            if kept and dice.random() < 0.04:
                row = dict(dice.choice(kept))
                if dice.random() < 0.5:
                    row["answer"] += dice.choice(("!", " 네", "."))
            elif len(kept) < 10_000:
                kept.append(row)
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def _row(dice: random.Random, number: int) -> dict[str, Any]:
    words = KOREAN if dice.random() < 0.8 else ENGLISH
    ask = " ".join(dice.choices(words, k=dice.randint(4, 12)))
    answer = " ".join(dice.choices(words, k=dice.randint(5, 80)))
    if dice.random() < 0.01:
        answer += " " + dice.choice(FAULTS)
    return {"id": number, "question": f"{ask}?", "answer": f"{answer}."}


def _lines_alone(path: Path) -> float:
    begun = time.perf_counter()
    with path.open(encoding="utf-8") as file:
        for line in file:
            json.loads(line)
    return time.perf_counter() - begun


def _environment(folder: str) -> dict[str, str]:
    import os

    return os.environ | {"FINETUNE_STUDIO_HOME": f"{folder}/home"}


if __name__ == "__main__":
    main()
