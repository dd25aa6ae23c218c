"""The recipe of the demo: Korean questions and answers on the embedded model, in about a minute."""

from finetune_studio import paths
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe

NAME = "demo"
QUESTIONS = (
    "오늘 너무 힘들었어",
    "친구랑 싸웠어",
    "배고프다",
    "여행 가고 싶어",
    "시험 망쳤어",
)


def demo_recipe() -> Recipe:
    """The recipe that the command `demo` and the window's start page train."""
    return store.with_changes(
        Recipe(),
        {
            "name": NAME,
            "data.files": [str(paths.resources() / "samples" / "korean_qa.csv")],
            "licence.data": "mit",  # as resources/licences/samples.json has it
            "method.alpha": 32,
            "training.learning_rate": 2e-3,
            "training.epochs": 3,
            "training.batch_size": 16,
            "training.accumulation": 1,
            "training.sequence_length": 64,
            "evaluation.every": 0.25,
            "evaluation.prompts": list(QUESTIONS),
            "evaluation.sample_tokens": 24,
            "checkpoints.every": 0.25,
        },
    )
