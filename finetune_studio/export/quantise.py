"""llama.cpp's quantiser: `python -m finetune_studio.export.quantise IN OUT NUMBER THREADS`.

A process of its own: the call blocks, cannot be interrupted, and ends the process where llama.cpp
asserts. It prints llama.cpp's own words; `Heard` makes sense of them.
"""

import ctypes
import re
import sys
from dataclasses import dataclass, field

from finetune_studio.export import llama

TENSOR = re.compile(r"\[\s*(\d+)/\s*(\d+)\]")
FELL_BACK = re.compile(r"falling back to\s+(\S+)")
BITS = re.compile(r"quant size .*\(([\d.]+) BPW\)")
SAID = 20  # last lines that are kept for the reason of a failure


@dataclass
class Heard:
    """What the quantiser said.

    Attributes:
        tensors: How many there are.
        done: How many were written.
        fallbacks: How many got another type than asked for, by the type they got.
        bits: Bits of a weight in the end; 0 while unknown.
        lines: Its last words.
    """

    tensors: int = 0
    done: int = 0
    fallbacks: dict[str, int] = field(default_factory=dict)
    bits: float = 0.0
    lines: list[str] = field(default_factory=list)

    def hear(self, line: str) -> None:
        """Take in one line."""
        if found := TENSOR.search(line):
            self.done, self.tensors = int(found[1]), int(found[2])
        if found := FELL_BACK.search(line):
            self.fallbacks[found[1]] = self.fallbacks.get(found[1], 0) + 1
        if found := BITS.search(line):
            self.bits = float(found[1])
        self.lines = [*self.lines, line.rstrip()][-SAID:]

    def as_dict(self) -> dict[str, object]:
        """What a report keeps of it."""
        fell = sum(self.fallbacks.values())
        return {
            "tensors": self.tensors,
            "fallbacks": fell,
            "fallback_types": self.fallbacks,
            "bits_per_weight": self.bits,
        }


def main(arguments: list[str]) -> int:
    """Quantise one file; 0 where it worked."""
    source, target, number, threads = arguments
    llama.runtime()
    import llama_cpp

    say = llama_cpp.llama_log_callback(_say)
    llama_cpp.llama_log_set(say, ctypes.c_void_p(0))
    asked = llama_cpp.llama_model_quantize_default_params()
    asked.ftype, asked.nthread = int(number), int(threads)
    paths = (source.encode("utf-8"), target.encode("utf-8"))
    return int(llama_cpp.llama_model_quantize(*paths, ctypes.byref(asked)))


def _say(level: int, text: bytes, data: ctypes.c_void_p) -> None:
    sys.stdout.write(text.decode("utf-8", "replace"))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
