#!/bin/sh
# Starts Finetune Studio: at once where its environment is whole, else the first start makes it so.
program=@PROGRAM@
home=${FINETUNE_STUDIO_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/finetune-studio}
python=$home/window/bin/python
unset PYTHONPATH PYTHONHOME # another Python's packages would be taken for ours
whole='from importlib.util import find_spec
raise SystemExit(not all(map(find_spec, ("finetune_studio", "PySide6", "pydantic", "datasets"))))'
if cmp -s "$program/id" "$home/window/finetune-studio.id" && "$python" -I -c "$whole" 2>/dev/null; then
  exec "$python" -P -m finetune_studio "$@"
fi
UV_PYTHON_INSTALL_DIR=$home/python
UV_CACHE_DIR=$home/setup-work-window/cache
UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-1}
export UV_PYTHON_INSTALL_DIR UV_CACHE_DIR UV_SYSTEM_CERTS
suits='>=3.11,<3.15'

say() { # where a person sees it: in the terminal, or in a window where there is none
  printf '%s\n' "finetune-studio: $1 $2" >&2
  [ ! -t 2 ] && [ -n "${DISPLAY:-${WAYLAND_DISPLAY:-}}" ] || return 0
  if command -v zenity >/dev/null; then
    zenity --error --no-markup --title='Finetune Studio' --text="$1

$2"
  elif command -v kdialog >/dev/null; then
    kdialog --title 'Finetune Studio' --error "$1

$2"
  fi
}

if ! "$program/uv" python find --no-config --no-project --quiet "$suits" >/dev/null 2>&1; then
  log=$home/setup.log
  { mkdir -p "$home" && : >>"$log"; } 2>/dev/null || log=/dev/null
  case ${FINETUNE_STUDIO_LANGUAGE:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}} in
  ko*)
    fetching='파이썬을 내려받는 중이에요 …'
    lacks='이 컴퓨터에는 파이썬 3.11에서 3.14까지가 없고, 내려받지도 못했어요.'
    remedy="인터넷 연결을 확인하고 다시 시작하거나, 파이썬을 설치하세요. 자세한 내용: $log"
    ;;
  *)
    fetching='Downloading Python …'
    lacks='This computer has no Python 3.11 to 3.14, and it could not be downloaded.'
    remedy="Check the connection and start again, or install Python. Details: $log"
    ;;
  esac
  echo "$fetching" >&2
  if ! "$program/uv" python install --no-config --no-bin --no-progress 3.13 2>>"$log"; then
    say "$lacks" "$remedy"
    exit 1
  fi
fi
exec "$program/uv" run --no-config --no-project --quiet --python "$suits" \
  "$program/start.py" "$@"
