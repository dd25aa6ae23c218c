"""The list of models with 10,000 rows: shown, searched, filtered and sorted; beside Qt's own proxy.

python -m tests.benchmarks.catalogue_page [ROWS]
"""

import os
import random
import statistics
import sys
import time
from dataclasses import replace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
TIMES = 7


def main() -> None:
    """Print the median milliseconds of each, with the table painted again."""
    from PySide6.QtCore import QSortFilterProxyModel, Qt
    from PySide6.QtWidgets import QApplication

    from finetune_studio.gui import language
    from finetune_studio.gui.pages.model_list import ModelList
    from finetune_studio.gui.pages.model_rows import Wanted, arrange
    from finetune_studio.gui.pages.model_table import Models
    from finetune_studio.gui.theme import theme

    app = QApplication(sys.argv[:1])
    theme.start(app, "light")
    language.use("en")
    rows = _rows(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    page = ModelList()
    page.resize(900, 700)
    page.show()
    table = page.table

    def painted(work):
        work()
        page.grab()

    print(f"{len(rows):,} rows, painted, median of {TIMES}")
    tell("first sight", lambda: painted(lambda: page.show_rows(rows)))
    tell("search", lambda: painted(lambda: table.show_wanted(Wanted(text="instruct 1"))))
    tell("search off", lambda: painted(lambda: table.show_wanted(Wanted())))
    tell("filter", lambda: painted(lambda: table.show_wanted(Wanted(commercial=True))))
    table.show_wanted(Wanted())
    orders = iter([True, False] * TIMES)
    ours = tell("sort", lambda: painted(lambda: table.show_sorted("name", descending=next(orders))))

    class Proxy(QSortFilterProxyModel):
        def lessThan(self, left, right):
            return rows[left.row()].name.casefold() < rows[right.row()].name.casefold()

    source, proxy = Models(), Proxy()
    source.show_rows(arrange(rows, "parameters", descending=True))
    proxy.setSourceModel(source)
    turns = iter([Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder] * TIMES)
    theirs = tell("sort by QSortFilterProxyModel", lambda: proxy.sort(0, next(turns)))
    print(f"ours / QSortFilterProxyModel: {ours / theirs:.2f}")


def tell(name: str, work) -> float:
    """The median milliseconds of some work, printed."""
    took = []
    for _ in range(TIMES):
        start = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - start))
    found = statistics.median(took)
    print(f"{name:<32}{found:8.1f} ms   longest {max(took):.1f}")
    return found


def _rows(count: int) -> list:
    """The catalogue's rows over and over, each under its own name, in no order."""
    from finetune_studio.gui.pages.model import catalogue

    known = catalogue("RTX 4090 24GB")
    made = [
        replace(
            known[n % len(known)],
            source=f"maker{n % 97}/model-{n}-instruct",
            name=f"model-{n}",
            entry=None,
        )
        for n in range(count)
    ]
    random.Random(1).shuffle(made)
    return made


if __name__ == "__main__":
    main()
