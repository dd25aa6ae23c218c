"""The formats that a tuned model can be written in, and the quantisations of GGUF.

Knows names and sizes, not how anything is written.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import mark, tr

Format = Literal["adapter", "merged", "gguf", "gguf-adapter"]
FORMATS: tuple[Format, ...] = ("adapter", "merged", "gguf", "gguf-adapter")
PRECISIONS = ("bf16", "fp16", "fp32")
USUAL_QUANT = "q8_0"
BASE_FILE = "base.gguf"
"""What the base model is called that lies beside a GGUF adapter."""


@dataclass(frozen=True)
class Quant:
    """A way to store the weights of a GGUF file.

    Attributes:
        name: As `--quant` takes it.
        number: llama.cpp's `llama_ftype` (include/llama.h).
        bits: Bits of a weight where every tensor suits it, scales included: the blocks' bytes in
            ggml-common.h; for mixtures the figure of llama.cpp's tools/quantize/README.md.
        direct: Whether the converter writes it; the others need the quantiser too.
        about: What it is for, in a few words.
    """

    name: str
    number: int
    bits: float
    direct: bool
    about: str


QUANTS = {
    each.name: each
    for each in (
        Quant("f32", 0, 32.0, True, mark("as computed on a processor; twice the usual size")),
        Quant("f16", 1, 16.0, True, mark("as trained, to about three decimal places")),
        Quant("bf16", 32, 16.0, True, mark("as the base models are published")),
        Quant("q8_0", 7, 8.5, True, mark("half the size; hardly a difference")),
        Quant("q6_k", 18, 6.56, False, mark("smaller; little difference for large models")),
        Quant("q5_k_m", 17, 5.70, False, mark("smaller still; measure it")),
        Quant("q5_k_s", 16, 5.57, False, mark("smaller still; measure it")),
        Quant("q5_1", 9, 6.0, False, mark("an older kind; measure it")),
        Quant("q5_0", 8, 5.5, False, mark("an older kind; measure it")),
        Quant("q4_k_m", 15, 4.89, False, mark("the usual choice for large models; measure it")),
        Quant("q4_k_s", 14, 4.67, False, mark("small; measure it")),
        Quant("iq4_nl", 25, 4.5, False, mark("small; measure it")),
        Quant("iq4_xs", 30, 4.46, False, mark("small; measure it")),
        Quant("q4_1", 3, 5.0, False, mark("an older kind; measure it")),
        Quant("q4_0", 2, 4.5, False, mark("an older kind, quick on processors; measure it")),
        Quant("q3_k_m", 12, 4.0, False, mark("very small; expect other answers")),
        Quant("q2_k", 10, 3.16, False, mark("the smallest; expect other answers")),
    )
}


def quant_of(name: str) -> Quant:
    """The quantisation of that name, whatever its case.

    Raises:
        RefusedError: There is none.
    """
    found = QUANTS.get(name.strip().lower().replace("-", "_"))
    if found is None:
        raise RefusedError(
            tr("There is no quantisation “{name}”.").format(name=name),
            hint=tr("Choose one of {names} with --quant.").format(names=", ".join(QUANTS)),
        )
    return found


def gguf_files(folder: Path) -> list[Path]:
    """The GGUF files of an export; the base model beside an adapter is none of them."""
    return sorted(each for each in folder.glob("*.gguf") if each.name != BASE_FILE)


def about(quant: Quant) -> str:
    """What a quantisation is for, in the language in use."""
    return tr(quant.about)
