"""Counts the tests that a run skipped by the named mark that skipped them.

Reads the JUnit report that pytest wrote; knows nothing of the tests.
"""

import re
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path


def count(report: Path) -> Counter[str]:
    """How many tests each mark skipped; `other` for those without a named mark."""
    skips = ET.parse(report).getroot().iter("skipped")
    reasons = [each.get("message", "") for each in skips if each.get("type") == "pytest.skip"]
    named = [re.search(r"\bneeds_\w+", reason) for reason in reasons]
    return Counter(each.group() if each else "other" for each in named)


def main() -> None:
    """Print the counts of the report that the first argument names."""
    report = Path(sys.argv[1])
    if not report.is_file():  # pytest was only asked to list, or could not start
        return
    counts = count(report)
    print("Skipped tests: " + (", ".join(f"{k} {n}" for k, n in counts.most_common()) or "none"))


main()
