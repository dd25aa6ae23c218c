# Every check of the code, then the tests; all of them run, and one that fails makes the end fail.

failed=''

check() { # NAME COMMAND...
  name=$1
  shift
  say "== $name"
  "$@" || failed="$failed $name"
}

# Where processes of the tests stood or broke that did not end well: their files are left over.
show_traces() {
  for trace in "$FINETUNE_STUDIO_TRACES"/*; do
    [ -s "$trace" ] || continue
    say "== A process of the tests did not end well. Its test, and where it stood:"
    head -n 120 "$trace" >&2
  done
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
  export FINETUNE_STUDIO_TRACES="$VENV/studio/traces" FINETUNE_STUDIO_TEST_LIMIT=300 # seconds
  rm -rf "$FINETUNE_STUDIO_TRACES"
  mkdir -p "$FINETUNE_STUDIO_TRACES" || return 1
  check pytest "$bin/python" -m pytest --junitxml="$report" "$@"
  show_traces
  "$bin/python" "$ROOT/packaging/studio/skipped.py" "$report"
  if [ -n "$failed" ]; then
    say "Failed:$failed"
    return 1
  fi
  say "Everything passed."
}
