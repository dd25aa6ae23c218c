# Every check of the code, and the tests; all of them run, and one that fails makes the end fail.

failed=''

check() { # NAME COMMAND...
  name=$1
  shift
  say "== $name"
  "$@" || failed="$failed $name"
}

# begin NAME COMMAND..., end NAME: one that runs beside the others; what it said is shown at its end.
begin() {
  name=$1
  shift
  mkdir -p "$VENV/studio" || return 1
  "$@" >"$VENV/studio/$name.txt" 2>&1 &
  eval "begun_$name=$!"
}

end() {
  say "== $1"
  eval "wait \"\$begun_$1\"" || failed="$failed $1"
  cat "$VENV/studio/$1.txt" >&2
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
  begin mypy "$bin/python" -m mypy # a minute of one processor, which the tests leave free
  check ruff "$bin/python" -m ruff check .
  check ruff-format "$bin/python" -m ruff format --check .
  check lint-imports "$bin/python" -c "from importlinter.cli import lint_imports_command as lint; lint()"
  report=$VENV/studio/tests.xml
  rm -f "$report"
  all=$([ $# -gt 0 ] || echo yes)
  [ $# -gt 0 ] || set -- -n auto --dist=worksteal # all of them, on every processor
  export FINETUNE_STUDIO_TRACES="$VENV/studio/traces" FINETUNE_STUDIO_TEST_LIMIT=300 # seconds
  rm -rf "$FINETUNE_STUDIO_TRACES"
  mkdir -p "$FINETUNE_STUDIO_TRACES" || return 1
  check pytest "$bin/python" -m pytest --junitxml="$report" "$@"
  if [ -n "$all" ] && has nvidia-smi; then # GPUs are hidden from all other tests
    check pytest-gpu "$bin/python" -m pytest -m needs_gpu -n 4 tests
  fi
  show_traces
  end mypy
  "$bin/python" "$ROOT/packaging/studio/skipped.py" "$report"
  if [ -n "$failed" ]; then
    say "Failed:$failed"
    return 1
  fi
  say "Everything passed."
}
