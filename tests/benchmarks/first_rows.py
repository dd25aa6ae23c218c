"""Seconds until the first rows of a large JSONL file are there, beside those of a small one.

Only the file's beginning may be read, so both should take about as long. The large file is written
to the temporary folder and removed; `--gib` says how large it is.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

CHILD = """
import json, sys, time
begun = time.perf_counter()
from finetune_studio.data.shapes import recognise
from finetune_studio.data.sources import first_rows
rows = first_rows([sys.argv[1]], 200)
found = recognise(list(rows[0]), rows)
print(json.dumps({"seconds": round(time.perf_counter() - begun, 3), "rows": len(rows),
                  "shape": found.shape}))
"""


def main() -> None:
    """Print one JSON line a size, and the ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--gib", type=float, default=5.0)
    size = int(parser.parse_args().gib * (1 << 30))
    with tempfile.TemporaryDirectory() as folder:
        seconds = [_seconds(Path(folder) / "rows.jsonl", each) for each in (1 << 20, size)]
        print(json.dumps({"ratio": round(seconds[1] / seconds[0], 2)}))


def _seconds(path: Path, size: int) -> float:
    row = {"question": "오늘 날씨는 어떤가요?", "answer": "맑고 따뜻합니다. " * 20}
    block = (json.dumps(row, ensure_ascii=False) + "\n").encode() * 2000
    with path.open("wb") as file:
        while file.tell() < size:
            file.write(block)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)], check=True, capture_output=True, text=True
    )
    figures = json.loads(done.stdout)
    print(json.dumps({"file_mib": path.stat().st_size >> 20} | figures))
    path.unlink()
    return float(figures["seconds"])


if __name__ == "__main__":
    main()
