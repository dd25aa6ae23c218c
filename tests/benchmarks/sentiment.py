"""Sentiment: the demo model, fine-tuned, against TF-IDF with logistic regression on the same rows.

Rows are reviews of films that the demo model never read, as many good as bad. Films of the test are
not in training. Needs the film reviews beside the checkout, and scikit-learn (extra `dev`).

    python -m tests.benchmarks.sentiment [--set training.epochs=3]
"""

import argparse
import hashlib
import json
import sys
import tempfile
import time
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score

from finetune_studio.engine.train import main as train_run
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.events import EventReader, Failed
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.state import fold

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
TRAIN, TEST = 20_000, 5_000
TESTED = 77  # of 256: the share of the films that is tested on
NAMES = {0: "부정", 1: "긍정"}
Rows = list[tuple[str, str]]


def main() -> None:
    """Print one JSON line with both accuracies."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--set", action="append", default=[], dest="changes")
    options = parser.parse_args()
    train, test = _rows(options.data)
    found = {"train_rows": len(train), "test_rows": len(test)}
    found |= {"tfidf": _tfidf(train, test), "demo_model": _demo(train, test, options.changes)}
    print(json.dumps(found))


def _rows(data: Path) -> tuple[Rows, Rows]:
    """Training rows, and balanced test rows of other films, all from films held out before."""
    sys.path.insert(0, str(ROOT / "packaging"))
    from demo_corpus import held_out, order, reviews

    kept = [r for r in reviews(data) if r.label is not None and held_out(r.film)]
    kept = sorted(kept, key=lambda review: order(review.key))
    halves: tuple[Rows, Rows] = ([], [])
    for each in kept:
        half = hashlib.sha256(f"half:{each.film}".encode()).digest()[0] < TESTED
        halves[half].append((each.text, NAMES[each.label]))
    learned = {text for text, _ in halves[0]}
    test = [row for row in halves[1] if row[0] not in learned]
    return _balanced(halves[0], TRAIN), _balanced(test, TEST)


def _balanced(rows: Rows, count: int) -> Rows:
    return [row for name in NAMES.values() for row in _of(rows, name)[: count // 2]]


def _of(rows: Rows, label: str) -> Rows:
    return [row for row in rows if row[1] == label]


def _tfidf(train: Rows, test: Rows) -> dict[str, float]:
    begun = time.perf_counter()
    words = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), min_df=2, sublinear_tf=True)
    model = LogisticRegression(max_iter=1000, C=4.0)
    model.fit(words.fit_transform([text for text, _ in train]), [name for _, name in train])
    guesses = model.predict(words.transform([text for text, _ in test]))
    truth = [name for _, name in test]
    return {
        "accuracy": accuracy_score(truth, guesses),
        "macro_f1": f1_score(truth, guesses, average="macro"),
        "seconds": time.perf_counter() - begun,
    }


def _demo(train: Rows, test: Rows, changes: list[str]) -> dict[str, float]:
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for name, rows in (("train", train), ("test", test)):
            files[name] = Path(folder) / f"{name}.jsonl"
            lines = (json.dumps({"text": t, "label": n}, ensure_ascii=False) for t, n in rows)
            files[name].write_text("\n".join(lines) + "\n", encoding="utf-8")
        recipe = store.with_changes(
            Recipe(),
            {
                "task.kind": "classify",
                "method.kind": "full",
                "data.files": [str(files["train"])],
                "data.validation_files": [str(files["test"])],
                "training.learning_rate": 3e-4,
                "training.epochs": 2,
                "training.batch_size": 32,
                "training.accumulation": 1,
                "training.sequence_length": 128,
                "training.weight_decay": 0.01,
                "training.warmup_ratio": 0.05,
                "evaluation.every": 1_000_000,  # measured at the end alone: nothing is chosen by it
                "evaluation.max_rows": TEST,
                "evaluation.batch_size": 64,
                "evaluation.early_stopping.enabled": False,
                "checkpoints.every": 1_000_000,
            }
            | store.parse_changes(changes),
        )
        run = RunFolder.create(Path(folder) / "run")
        store.save(recipe, run.recipe)
        train_run([str(run.path)])
        state = fold(EventReader(run.events).read())
    if isinstance(state.outcome, Failed):
        raise SystemExit(f"{state.outcome.title} {state.outcome.detail}")
    last = state.evaluations[-1].metrics
    return {
        "accuracy": last["accuracy"],
        "macro_f1": last["macro_f1"],
        "seconds": time.perf_counter() - begun,
    }


if __name__ == "__main__":
    main()
