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
exec "$program/uv" run --no-config --no-project --quiet --managed-python --python '3.12' \
  "$program/start.py" "$@"
