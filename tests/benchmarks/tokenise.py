"""Memory and time of tokenising: 10,000 and 100,000 rows, each in a process of its own.

Rows go through an Arrow file that is mapped into memory, so the peak must not follow the rows.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

SIZES = (10_000, 100_000)
CHILD = """
import json, resource, sys, time
from pathlib import Path
from finetune_studio import paths
from finetune_studio.engine.dataset import prepare
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe

recipe = store.with_changes(Recipe(), {"data.files": [sys.argv[1]], "data.split.validation": 0.01})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
begun = time.perf_counter()
data = prepare(recipe, paths.resources() / "models" / "demo", lambda *_, **__: None)
print(json.dumps({
    "rows": data.rows,
    "seconds": round(time.perf_counter() - begun, 2),
    "peak_mib_before": before // 1024,
    "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
}))
"""


def main() -> None:
    """Print one JSON line a size."""
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            path = Path(folder) / f"{size}.jsonl"
            with path.open("w", encoding="utf-8") as out:
                for number in range(size):
                    row = {
                        "question": f"{number}번째 질문입니다. 오늘 날씨가 어떤가요?",
                        "answer": f"{number}번째 답변입니다. " + "맑고 따뜻합니다. " * (number % 9),
                    }
                    out.write(json.dumps(row, ensure_ascii=False) + "\n")
            subprocess.run([sys.executable, "-c", CHILD, str(path)], check=True)


if __name__ == "__main__":
    main()
