"""How amounts are said: bytes, counts, durations, times, in the language in use."""

import time

from PySide6.QtCore import QDateTime, QLocale

from finetune_studio.gui.language import tr

GB = 1_000_000_000
MB = 1_000_000


def size(count: float) -> str:
    """Bytes in decimal units, as disks are sold: 8.1 GB, 132 MB."""
    if count >= GB:
        return f"{count / GB:.1f} GB"
    if 0 < count < 1000:
        return "< 1 KB"
    return f"{count / MB:.0f} MB" if count >= MB else f"{count / 1000:.0f} KB"


def memory(count: float) -> str:
    """Bytes of memory in binary units, as GPUs are sold: 24 GB."""
    return f"{count / 2**30:.1f} GB".replace(".0 GB", " GB")


def whole(count: float) -> str:
    """A whole number with its thousands apart."""
    return f"{count:,.0f}"


def parameters(count: float) -> str:
    """So many parameters: 33.0 M, 4.02 B."""
    if count >= 1e9:
        return f"{count / 1e9:.2f} B"
    return f"{count / 1e6:.1f} M" if count >= 1e5 else f"{count / 1e3:.1f} K"


def share(part: float) -> str:
    """A share in per cent, finer where it is small: 0.82 %, 54 %."""
    return f"{part * 100:.2f} %" if part < 0.1 else f"{part * 100:.0f} %"


def steps(count: int) -> str:
    """So many steps."""
    return tr("%n step(s)", count).replace(str(count), whole(count), 1)


def epochs(count: float) -> str:
    """So many passes over the rows; the last may be a part of one."""
    return tr("1 epoch") if count == 1 else tr("{count} epochs").format(count=f"{count:g}")


def rows(count: int) -> str:
    """So many rows."""
    return tr("%n row(s)", count).replace(str(count), whole(count), 1)


def sequences(count: int) -> str:
    """So many sequences."""
    return tr("%n sequence(s)", count).replace(str(count), whole(count), 1)


def duration(seconds: float) -> str:
    """A length of time in its two largest units."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return tr("%n second(s)", round(seconds))
    if minutes < 60:
        return tr("%n minute(s)", minutes)
    if minutes < 60 * 48:
        hours = tr("%n hour(s)", minutes // 60)
        return f"{hours} {tr('%n minute(s)', minutes % 60)}" if minutes % 60 else hours
    return tr("%n day(s)", minutes // 1440)


def clock(when: float) -> str:
    """The time of day."""
    moment = QDateTime.fromSecsSinceEpoch(int(when)).time()
    return QLocale().toString(moment, QLocale.FormatType.ShortFormat)


def moment(when: float) -> str:
    """The day and the time, to tell one from another; the time alone where it was today."""
    near, time_of_day = day(when), clock(when)
    return near if near == time_of_day else f"{near} {time_of_day}"


def day(when: float) -> str:
    """The day, by its distance where it is near."""
    then = QDateTime.fromSecsSinceEpoch(int(when)).date()
    today = QDateTime.fromSecsSinceEpoch(int(time.time())).date()
    gone = then.daysTo(today)
    if gone == 0:
        return clock(when)
    if gone == 1:
        return tr("yesterday")
    if 1 < gone < 7:
        return tr("%n day(s) ago", gone)
    return QLocale().toString(then, tr("d MMM"))
