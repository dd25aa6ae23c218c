"""Proves that the installed PyTorch computes here: a real product on every GPU, as JSON.

`python -m finetune_studio.engine.prove` prints `{"version", "cuda", "devices": [{"name", "ok",
"error"}]}` and ends with 0 where every device computed what the processor did.
"""

import json
import sys
from typing import Any

SIDE = 512
"""Rows of the matrices: large enough that a library's real kernels are used."""


def prove() -> dict[str, Any]:
    """A product on the processor, then the same on each GPU."""
    import torch

    torch.manual_seed(0)
    left, right = torch.randn(SIDE, SIDE), torch.randn(SIDE, SIDE)
    expected = left.double() @ right.double()
    devices = [_product("cpu", "CPU", left, right, expected)]
    for index in range(torch.cuda.device_count()):
        name = torch.cuda.get_device_name(index)
        devices.append(_product(f"cuda:{index}", name, left, right, expected))
    return {"version": torch.__version__, "cuda": torch.version.cuda or "", "devices": devices}


def _product(device: str, name: str, left: Any, right: Any, expected: Any) -> dict[str, Any]:
    try:
        made = (left.to(device) @ right.to(device)).double().cpu()
    except RuntimeError as error:
        return {"name": name, "ok": False, "error": str(error).strip().splitlines()[0]}
    worst = float((made - expected).abs().max())
    ok = worst < 0.05 * SIDE**0.5  # TF32 keeps 10 bits of each factor
    return {"name": name, "ok": ok, "error": "" if ok else f"wrong by {worst:.3g}"}


if __name__ == "__main__":
    found = prove()
    print(json.dumps(found))  # noqa: T201
    sys.exit(not all(each["ok"] for each in found["devices"]))
