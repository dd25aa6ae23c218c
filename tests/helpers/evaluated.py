"""Evaluations as they come out, with round figures."""

from typing import Any

from finetune_studio.evaluation.result import Evaluation

PROBE = ("accuracy", "accuracy_ko", "accuracy_en", "perplexity_ko", "perplexity_en")


def chat(tuned: str = "네, 그래요.", changes: dict[str, Any] | None = None) -> Evaluation:
    """A conversation's, better by one nat."""
    before = {"loss": 2.0, "perplexity": 7.39, "token_accuracy": 0.4}
    after = {"loss": 1.0, "perplexity": 2.72, "token_accuracy": 0.7}
    before |= {"chrf": 10.0, "rouge_l": 0.2, "exact_match": 0.0}
    after |= {"chrf": 30.0, "rouge_l": 0.5, "exact_match": 0.1}
    scores = {"chrf": (10.0, 30.0), "rouge_l": (0.2, 0.5), "exact_match": (0.0, 0.0)}
    return _made(
        "chat",
        before,
        after,
        changes or {},
        answered=1,
        answers=[
            {
                "row": 3,
                "prompt": "정말 그래요?",
                "reference": "네.",
                "base": "",
                "tuned": tuned,
                "scores": scores,
            }
        ],
    )


def classified() -> Evaluation:
    """A classification's."""
    bins = [
        {"low": n / 10, "high": (n + 1) / 10, "rows": n, "confidence": n / 10, "accuracy": n / 10}
        for n in range(10)
    ]
    guesses = {"confusion": [[5, 2], [1, 7]], "calibration_error": 0.05, "bins": bins}
    return _made(
        "classify",
        {"loss": 0.7, "accuracy": 0.5, "macro_f1": 0.5},
        {"loss": 0.3, "accuracy": 0.8, "macro_f1": 0.8},
        {},
        classes={"labels": ["나쁨", "좋음"], "majority": 0.6, "base": guesses, "tuned": guesses},
        forgetting={"why": "no text"},
    )


def _made(
    task: str,
    before: dict[str, float],
    after: dict[str, float],
    changes: dict[str, Any],
    **more: Any,
) -> Evaluation:
    moved = {
        name: {"value": after[name] - value, "low": after[name] - value - 0.01,
               "high": after[name] - value + 0.01}
        for name, value in before.items()
    }  # fmt: skip
    known = dict.fromkeys(PROBE, 0.5)
    same = {name: {"value": 0.0, "low": -0.1, "high": 0.1} for name in PROBE}
    probe = {"questions": 120, "base": known, "tuned": known, "changes": same, "verdict": "kept"}
    document = {
        "task": task,
        "run": "내 실행",
        "model": "demo",
        "method": "lora",
        "rows": 30,
        "held_out": 30,
        "base": before,
        "tuned": after,
        "changes": moved | changes,
        "forgetting": probe,
        "contamination": {"rows": 30, "exact": 0, "near": 0},
    }
    return Evaluation.model_validate(document | more)
