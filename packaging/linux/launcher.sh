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
exec "$program/uv" run --no-config --no-project --quiet --python '>=3.11,<3.15' \
  "$program/start.py" "$@"
