#!/bin/sh
# Sets Finetune Studio up in a checkout, once, and starts it. Needs Python 3.11 or newer with venv.
set -u

usage() {
  cat <<'TEXT'
usage: sh packaging/studio.sh [COMMAND [OPTION...]]

  gui                  open the window (also without a command)
  demo                 the whole job on the embedded model, without a window
  test [OPTION...]     every check of the code and all tests; options go to pytest
  setup                set up only
  COMMAND ...          any command of finetune-studio (COMMAND --help explains it)

The first start sets up .venv in the checkout; later starts use it.
  PYTHON=...                                the Python to set up with
  FINETUNE_STUDIO_TORCH=cpu|cu126|cu130     the build of PyTorch, where the choice made here is wrong
TEXT
}

here=$(dirname -- "$0")
ROOT=$(CDPATH='' cd -- "$here/.." && pwd -P) || exit 2
VENV=$ROOT/.venv
LOG=$VENV/studio/install.log
unset PYTHONHOME PYTHONPATH # another Python's packages would be taken for installed

for part in words python torch install libraries check; do
  # shellcheck source=/dev/null
  . "$ROOT/packaging/studio/$part.sh"
done

command=${1:-gui}
case $command in
  -h | --help | help)
    usage
    exit 0
    ;;
  setup)
    set_up train
    say "Set up."
    ;;
  test)
    shift
    set_up train dev
    qt_libraries offscreen
    check_everything "$@"
    exit $?
    ;;
  *)
    set_up train
    if [ "$command" = gui ]; then
      qt_libraries xcb
      needs_display
    fi
    exec "$VENV/bin/python" -P -m finetune_studio "$@"
    ;;
esac
