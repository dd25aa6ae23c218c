"""llama.cpp's own converter, run as it is: `python -m finetune_studio.engine.convert SCRIPT ...`.

It knows a tokenizer's way of dividing words by a hash over its own test text, which a tokenizer of
one's own is not among. Then the way is read from tokenizer.json (pretokenizer.py); whether it was
right is proven afterwards by tokens (export.py), never assumed.
"""

import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

from finetune_studio.export import llama
from finetune_studio.export.pretokenizer import READ_AS, known_as, settled


def main(arguments: list[str]) -> None:
    """Run one of llama.cpp's scripts with its own arguments."""
    script = Path(arguments[0])
    sys.path[:0] = [str(script.parent / "gguf-py"), str(script.parent)]
    sys.path.append(str(llama.packages()))
    os.environ["NO_LOCAL_GGUF"] = "1"  # its own gguf-py is in the path already
    from conversion import base

    recognise = base.TextModel.get_vocab_base_pre

    def recognise_or_read(self: Any, tokenizer: Any) -> str:
        file = Path(self.dir_model) / "tokenizer.json"
        read = known_as(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None
        try:
            hashed = str(recognise(self, tokenizer))
        except NotImplementedError:
            if read is None:
                raise
            hashed = ""
        name = settled(hashed, read) if hashed else str(read)
        if name != hashed:
            print(f"{READ_AS} {name}", flush=True)  # noqa: T201
        return name

    base.TextModel.get_vocab_base_pre = recognise_or_read
    sys.argv = [str(script), *arguments[1:]]
    runpy.run_path(str(script), run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
