"""Every colour, size and duration of the interface. Knows nothing of Qt.

Three families of colour, and each means one thing:
  accent   what the person can press or has chosen        (jjok indigo)
  learned  what training changes: adapter, learned tokens, the tuned model  (celadon)
  given    what training leaves alone: frozen weights, prompt tokens, the base model  (slate)
Status colours never stand alone: an icon or a word says the same.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """The colours of one mode, each as `#RRGGBB`."""

    canvas: str  # window, rail and panel
    surface: str  # the page
    raised: str  # menus, dialogs, toasts, fields
    sunken: str  # wells: bar tracks, code, filter strips
    hover: str
    line: str  # hairlines between things
    edge: str  # borders of controls, 3:1 on the surface
    text: str
    text2: str
    text3: str  # quietest text, still 4.5:1
    accent: str
    on_accent: str
    accent_hover: str
    accent_soft: str
    learned: str  # marks and lines, 3:1
    learned_text: str  # words, 4.5:1
    learned_soft: str
    given: str
    given_soft: str
    ok: str
    ok_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_soft: str
    validation: str  # second plot line
    rate: str  # third plot line
    activations: str  # memory: sand
    optimiser: str  # memory: pale celadon
    shadow: str


LIGHT = Palette(
    canvas="#F4F4F2",
    surface="#FFFFFF",
    raised="#FFFFFF",
    sunken="#F1F1EF",
    hover="#EAEAE7",
    line="#E3E3DF",
    edge="#8C8E92",
    text="#1A1C20",
    text2="#4E5259",
    text3="#666B73",
    accent="#3450C8",
    on_accent="#FFFFFF",
    accent_hover="#2A42AB",
    accent_soft="#E9EDFB",
    learned="#0C8F85",
    learned_text="#08706A",
    learned_soft="#DDF1EE",
    given="#75809A",
    given_soft="#EBEDF2",
    ok="#35701C",
    ok_soft="#E8F2E1",
    warn="#8F5200",
    warn_soft="#FBEEDA",
    bad="#B3261E",
    bad_soft="#FBE7E4",
    validation="#C2551B",
    rate="#6A55B0",
    activations="#B88A3A",
    optimiser="#45A39A",
    shadow="#1A1C20",
)

DARK = Palette(
    canvas="#141518",
    surface="#1A1C1F",
    raised="#24262B",
    sunken="#121316",
    hover="#25282D",
    line="#2C2F35",
    edge="#71767F",
    text="#ECEDEF",
    text2="#B3B7BF",
    text3="#959AA4",
    accent="#8FA4FF",
    on_accent="#10142B",
    accent_hover="#A9B9FF",
    accent_soft="#262D4D",
    learned="#35BDB0",
    learned_text="#5FD0C5",
    learned_soft="#123A38",
    given="#8B95AD",
    given_soft="#2A2E38",
    ok="#8CCB6B",
    ok_soft="#22331B",
    warn="#E9B15A",
    warn_soft="#3A2C14",
    bad="#FF8F85",
    bad_soft="#44201E",
    validation="#F0935B",
    rate="#B3A2F2",
    activations="#B98F45",
    optimiser="#1F7A73",
    shadow="#000000",
)


@dataclass(frozen=True)
class TypeStyle:
    """One role of type: size in pixels, weight, line height in units of the size."""

    pixels: int
    weight: int
    line: float = 1.5  # Hangul needs more air than Latin


TYPE = {
    "display": TypeStyle(28, 700, 1.25),  # one number that matters
    "title": TypeStyle(22, 700, 1.3),  # page
    "section": TypeStyle(15, 600, 1.4),  # card
    "strong": TypeStyle(13, 600),
    "body": TypeStyle(13, 400, 1.55),
    "caption": TypeStyle(12, 400, 1.5),
    "label": TypeStyle(12, 500, 1.4),
    "mono": TypeStyle(12, 400, 1.6),
}


class Space:
    """Distances in pixels; a page uses five of them."""

    hair, xs, s, m, l, xl, xxl = 2, 4, 8, 12, 16, 24, 32  # noqa: E741


class Radius:
    """Of corners, in pixels."""

    chip, control, card, dialog = 4, 6, 10, 12


class Size:
    """Of the parts of the window, in pixels."""

    rail, rail_narrow, panel, header, footer = 224, 64, 280, 52, 60
    narrow_below = 1240  # width of the window under which the rail shows marks only
    control, control_small, row, icon = 32, 26, 46, 16
    label = 112  # of a row of the form
    side = 252  # what stands beside a form or the curves
    start = (1360, 860)
    least = (1100, 700)
    text_measure = 640  # longest line of prose
    page_widest = 1440  # of a page that scrolls; a wider window leaves air at its sides


def luminance(colour: str) -> float:
    """Relative luminance of `#RRGGBB` after WCAG 2, 0 to 1."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two colours, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
