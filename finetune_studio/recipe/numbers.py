"""How small numbers are written, in fields and in sentences: 2e-4, 0.05. Knows no setting."""


def short(value: float) -> str:
    """A small number as people write it: 2e-4, 0.05, 1.5e-5."""
    if not value:
        return "0"
    if abs(value) >= 0.01:
        return f"{value:.3g}"
    mantissa, _, power = f"{value:.2e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"
