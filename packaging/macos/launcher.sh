#!/bin/sh
# Starts Finetune Studio from its bundle; the first start makes its environment. Not tried on a Mac.
program=$(CDPATH='' cd -- "$(dirname -- "$0")/../Resources/program" && pwd -P)
home=${FINETUNE_STUDIO_HOME:-$HOME/Library/Application Support/finetune-studio}
python=$home/window/bin/python
unset PYTHONPATH PYTHONHOME
whole='from importlib.util import find_spec
raise SystemExit(not all(map(find_spec, ("finetune_studio", "PySide6", "pydantic", "datasets"))))'
if cmp -s "$program/id" "$home/window/finetune-studio.id" && "$python" -I -c "$whole" 2>/dev/null; then
  exec "$python" -P -m finetune_studio "$@"
fi
UV_PYTHON_INSTALL_DIR=$home/python
UV_CACHE_DIR=$home/setup-work-window/cache
UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-1}
export UV_PYTHON_INSTALL_DIR UV_CACHE_DIR UV_SYSTEM_CERTS

if ! "$program/uv" python find --no-config --no-project --quiet --managed-python 3.12 \
  >/dev/null 2>&1; then
  log=$home/setup.log
  { mkdir -p "$home" && : >>"$log"; } 2>/dev/null || log=/dev/null
  if ! "$program/uv" python install --no-config --no-bin --no-progress 3.12 2>>"$log"; then
    case ${FINETUNE_STUDIO_LANGUAGE:-$(defaults read -g AppleLocale 2>/dev/null)} in
    ko*) why="파이썬을 내려받지 못했어요. 인터넷 연결을 확인하고 다시 시작하세요. 자세한 내용: $log" ;;
    *) why="Python could not be downloaded. Check the connection and start again. Details: $log" ;;
    esac
    printf '%s\n' "finetune-studio: $why" >&2
    [ -t 2 ] || osascript -e 'on run words' -e 'display alert "Finetune Studio" message (item 1 of words)' \
      -e 'end run' "$why" >/dev/null 2>&1
    exit 1
  fi
fi
exec "$program/uv" run --no-config --no-project --quiet --managed-python --python '3.12' \
  "$program/start.py" "$@"
