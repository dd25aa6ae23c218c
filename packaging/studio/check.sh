# Every check of the code, then the tests; all of them run, and one that fails makes the end fail.

failed=''

check() { # NAME COMMAND...
  name=$1
  shift
  say "== $name"
  "$@" || failed="$failed $name"
}

check_everything() { # OPTION OF PYTEST...
  cd "$ROOT" || return 1
  export QT_QPA_PLATFORM=offscreen
  bin=$VENV/bin
  check ruff "$bin/python" -m ruff check .
  check ruff-format "$bin/python" -m ruff format --check .
  check mypy "$bin/python" -m mypy
  check lint-imports "$bin/python" -c "from importlinter.cli import lint_imports_command as lint; lint()"
  report=$VENV/studio/tests.xml
  rm -f "$report"
  [ $# -gt 0 ] || set -- -n auto --dist=worksteal # all of them, on every processor
  check pytest "$bin/python" -m pytest --junitxml="$report" "$@"
  "$bin/python" "$ROOT/packaging/studio/skipped.py" "$report"
  if [ -n "$failed" ]; then
    say "Failed:$failed"
    return 1
  fi
  say "Everything passed."
}
