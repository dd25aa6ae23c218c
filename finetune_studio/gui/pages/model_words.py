"""How facts of models are said: licences, Korean, what fits. Knows no widget."""

from finetune_studio.catalog.licences import licence
from finetune_studio.gui import amounts
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.model_rows import Row

NONE = "–"
SHORT = {
    "apache-2.0": "Apache-2.0",
    "mit": "MIT",
    "gemma": "Gemma",
    "hyperclovax-seed": "HyperCLOVA X",
    "cc-by-nc-4.0": "CC BY-NC 4.0",
    "cc-by-nc-sa-4.0": "CC BY-NC-SA",
    "llama3": "Llama 3",
    "llama3.1": "Llama 3.1",
    "llama3.2": "Llama 3.2",
    "llama3.3": "Llama 3.3",
    "kanana": "Kanana",
    "kanana-open": "Kanana Open",
    "exaone-1.1-nc": "EXAONE 1.1 NC",
    "exaone-1.2-nc": "EXAONE 1.2 NC",
    "lfm1.0": "LFM Open 1.0",
    "qwen": "Qwen",
    "qwen-research": "Qwen Research",
}
"""Names short enough for a cell; others have their SPDX identifier or their own name."""
TONES = {"yes": "ok", "conditional": "warn", "no": "bad", "unknown": "plain"}
METHODS = (("full", "Full"), ("lora", "LoRA"), ("qlora", "QLoRA"))
MARKS = {
    "fits": ("ok", "check"),
    "tight": ("warn", "triangle-alert"),
    "does-not-fit": ("text3", "x"),
}


def licence_short(key: str) -> str:
    """A licence in a cell."""
    found = licence(key)
    if found.key == "unknown":
        return tr("unknown")
    return SHORT.get(found.key) or found.spdx or found.name


def commercial(key: str) -> str:
    """Whether it may be used commercially, in a word or two."""
    return {
        "yes": tr("commercial use allowed"),
        "conditional": tr("commercial use on conditions"),
        "no": tr("no commercial use"),
        "unknown": tr("commercial use not confirmed"),
    }[licence(key).commercial]


def korean(level: str) -> str:
    """How well a model knows Korean, in a word."""
    return {
        "native": tr("native"),
        "official": tr("official"),
        "none": tr("none"),
        "": tr("unknown"),
    }[level]


def korean_long(level: str, *, adapted: bool) -> str:
    """The same as a sentence."""
    if level == "native" and adapted:
        return tr("Korean was added to another maker's model")
    return {
        "native": tr("Trained for Korean"),
        "official": tr("Its maker names Korean among its languages"),
        "none": tr("Its maker does not name Korean"),
        "": tr("Nobody says how well it knows Korean"),
    }[level]


def verdict(name: str) -> str:
    """Whether something fits, in a word."""
    return {
        "fits": tr("Fits"),
        "tight": tr("Tight"),
        "does-not-fit": tr("Does not fit"),
    }[name]


def too_slow() -> str:
    """Said of a model that the processor would take too long for."""
    return tr("too slow without a GPU")


def context(tokens: int) -> str:
    """How much a model reads: 32k, 1M."""
    if not tokens:
        return NONE
    if tokens >= 1_000_000:
        return f"{tokens / 2**20:.0f}M"
    return f"{tokens / 1024:.0f}k" if tokens >= 1024 else str(tokens)


def billions(count: int) -> str:
    """Parameters in a cell."""
    if not count:
        return NONE
    return f"{count / 1e9:.1f} B" if count >= 1e8 else amounts.parameters(count)


def read_out(row: Row) -> str:
    """A row for those who cannot see it."""
    fits = [f"{name} {verdict(row.fits[key])}" for key, name in METHODS if row.fits]
    fits += [too_slow()] if row.slow else []
    parts = [
        row.name,
        row.maker,
        billions(row.parameters),
        f"{licence_short(row.licence)}: {commercial(row.licence)}",
        tr("Korean: {level}").format(level=korean(row.korean)),
        tr("on disk") if row.on_disk else "",
        tr("asks for permission") if row.gated == "yes" else "",
        *fits,
    ]
    return ", ".join(filter(None, parts))
