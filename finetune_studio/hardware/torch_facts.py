"""What the installed torch can do, asked of a child process: torch is never imported here."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

TIMEOUT = 120  # seconds; a first import from a cold disk takes tens of them

_ASK = """
import json, os
facts = {"visible_devices": os.environ.get("CUDA_VISIBLE_DEVICES")}
try:
    import torch
except ModuleNotFoundError as error:
    facts = None if error.name == "torch" else {**facts, "error": str(error)}
except Exception as error:
    facts["error"] = f"{type(error).__name__}: {error}"
else:
    facts["version"] = torch.__version__
    facts["cuda"] = torch.version.cuda or ""
    facts["hip"] = torch.version.hip or ""
    facts["cuda_available"] = torch.cuda.is_available()
    ask = getattr(torch._C, "_cuda_getArchFlags", lambda: "")
    facts["architectures"] = (ask() or "").split()
print("\\n" + json.dumps(facts))
"""


@dataclass(frozen=True)
class TorchFacts:
    """What torch said of itself.

    Attributes:
        version: Such as `2.13.0+cu130`; empty where importing it failed.
        cuda: The CUDA version it was built for; empty in a CPU-only build.
        hip: The ROCm version it was built for.
        architectures: The GPU code inside, such as `sm_80`, `sm_90`, `compute_90`.
        cuda_available: Whether it can use a GPU now.
        visible_devices: The environment's CUDA_VISIBLE_DEVICES; None where it is not set.
        error: Why importing failed; empty where it did not.
    """

    version: str = ""
    cuda: str = ""
    hip: str = ""
    architectures: tuple[str, ...] = ()
    cuda_available: bool = False
    visible_devices: str | None = None
    error: str = ""


def ask_torch(python: str = sys.executable, timeout: float = TIMEOUT) -> TorchFacts | None:
    """Ask the torch of `python`; None where it is not installed there."""
    try:
        answer = subprocess.run(
            [python, "-c", _ASK], capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        return TorchFacts(error=f"no answer within {timeout:g} s")
    except OSError as error:
        return TorchFacts(error=f"{python}: {error.strerror}")
    return _parse(answer.stdout, answer.stderr, answer.returncode)


def _parse(out: bytes, err: bytes, code: int) -> TorchFacts | None:
    lines = out.decode("utf-8", "replace").strip().splitlines()
    if code or not lines:
        said = err.decode("utf-8", "replace").strip().splitlines()
        return TorchFacts(error=said[-1] if said else f"the process ended with {code}")
    facts: dict[str, Any] | None = json.loads(lines[-1])
    if facts is None:
        return None
    return TorchFacts(**{**facts, "architectures": tuple(facts.get("architectures", ()))})


def has_code_for(architectures: tuple[str, ...], capability: tuple[int, int]) -> bool:
    """Whether a build with these architectures runs on a GPU of this compute capability.

    Compiled code (`sm_80`) runs on the same major version from its minor one on; `a` code only on
    its own GPU; `f` code on its family; PTX (`compute_90`) on everything newer.
    Source: CUDA C++ Programming Guide, Application Compatibility.
    """
    return any(_runs(name, capability) for name in architectures)


def _runs(name: str, capability: tuple[int, int]) -> bool:
    kind, _, number = name.partition("_")
    digits = number.rstrip("abcdefghijklmnopqrstuvwxyz")
    if not digits.isdigit():
        return False
    built = (int(digits[:-1] or 0), int(digits[-1]))
    if number.endswith("a"):
        return built == capability
    if kind == "compute":
        return built <= capability
    return built[0] == capability[0] and built[1] <= capability[1]
