"""The last lines of a log as they are shown: what is said to programmers alone is counted."""

from finetune_studio.runs.log import last_lines, without_warnings

WARNING = (
    "/site/transformers/modeling_utils.py:3312: FutureWarning: `is_gradient` is deprecated\n"
    "  warnings.warn(\n"
)


def test_warnings_of_libraries_are_left_out_and_counted(tmp_path):
    log = tmp_path / "trainer.log"
    log.write_text(f"one\n{WARNING}two\n  indented\n{WARNING}", encoding="utf-8")
    assert without_warnings(last_lines(log, 10)) == (["one", "two", "  indented"], 2)
    assert len(last_lines(log, 10)) == 7  # the file keeps them


def test_what_failed_is_no_warning():
    lines = [
        "Traceback (most recent call last):",
        '  File "C:\\a.py", line 3, in <module>',
        "ValueError: no rows: 3",
        "C:\\lib\\torch\\a.py:12: UserWarning: slow",
        "  warn()",
        "Out of memory",
    ]
    assert without_warnings(lines) == ([*lines[:3], lines[5]], 1)


def test_a_warning_without_its_source_takes_nothing_with_it():
    assert without_warnings(["<string>:1: DeprecationWarning: old", "next"]) == (["next"], 1)
