"""The base model and the tuned one, in the memory of one where that can be.

An adapter is switched off for the base model. A full fine-tuning is another model than its base:
each is loaded when it is asked for, and the other one let go first, unless both are to stay.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from peft import PeftModel

from finetune_studio.engine import halves
from finetune_studio.engine.device import release
from finetune_studio.engine.quick import quicken
from finetune_studio.engine.tuned import Tuned
from finetune_studio.recipe.methods import Full


class Sides:
    """Both models of a run."""

    def __init__(self, tuned: Tuned, *, both: bool = False, answers: bool = False) -> None:
        """Load nothing yet.

        Args:
            tuned: The run.
            both: Whether both stay in memory where they are two: quicker to and fro.
            answers: Whether they are only to answer, as fast as they can; see `halves` and, on a
                GPU, `quick`. A processor would record steps for longer than an answer takes.
        """
        self._tuned, self._both, self._answers = tuned, both, answers
        self._adapted = not isinstance(tuned.recipe.method, Full)
        self._loaded: dict[bool, Any] = {}
        self._quick: set[tuple[int, bool]] = set()

    @contextmanager
    def side(self, base: bool) -> Iterator[Any]:
        """The base model, or the tuned one, ready to answer while this is entered."""
        model = self._model(base)
        off = base and isinstance(model, PeftModel)
        with model.disable_adapter() if off else nullcontext():
            self._quicken(model, off)
            yield model

    def free(self) -> None:
        """Let go of what is loaded, and of the GPU's memory."""
        self._loaded.clear()
        self._quick.clear()
        release()

    def _quicken(self, model: Any, off: bool) -> None:
        """Once for each model, and for each of its adapter's two states."""
        on_gpu = next(model.parameters()).device.type == "cuda"
        if self._answers and on_gpu and (id(model), off) not in self._quick:
            self._quick.add((id(model), off))
            quicken(model)

    def _model(self, base: bool) -> Any:
        wanted = base and not self._adapted
        if wanted not in self._loaded:
            if not self._both:
                self.free()
            model = self._tuned.base() if wanted else self._tuned.model()
            if self._answers and halves.serves(model):
                halves.keep_halves(model)
            self._loaded[wanted] = model
        return self._loaded[wanted]
