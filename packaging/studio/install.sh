# Makes .venv and installs into it, once. A folder .venv/studio keeps what is known of it:
#   installing   the process that installs now; left over where it was interrupted
#   train, dev   the extra is installed, for the state of things that the file's figure stands for
#   torch        the build of PyTorch

# A figure that changes when the environment must.
install_figure() {
  {
    "$VENV/bin/python" -VV
    echo "$ROOT $TORCH ${FINETUNE_STUDIO_TORCH:-}"
    cat "$ROOT/pyproject.toml" "$ROOT"/resources/i18n/*.ts # what the build compiles
    nvidia_trace
  } 2>/dev/null | cksum
}

is_installed() { # FIGURE EXTRA...
  [ ! -e "$VENV/studio/installing" ] || return 1
  figure=$1
  shift
  for each; do
    [ "$(cat "$VENV/studio/$each" 2>/dev/null)" = "$figure" ] || return 1
  done
}

set_up() { # EXTRA...
  is_installed "$(install_figure)" "$@" && return
  refuse_foreign_folder
  refuse_second_installer
  find_python
  choose_torch
  trap 'stop 130 "Interrupted. The next start begins the set-up again."' INT TERM HUP
  reusable || make_environment
  echo $$ >"$VENV/studio/installing" || refuse_folder
  install "$@"
  trap - INT TERM HUP
}

refuse_folder() { stop 2 "The folder $ROOT cannot be written to: copy the checkout to a folder of your own and start it there."; }

refuse_foreign_folder() {
  if [ -e "$VENV" ] && [ ! -d "$VENV/studio" ]; then
    stop 2 "$VENV was not made by this script: move it away or delete it, and start again."
  fi
  [ -w "$ROOT" ] || refuse_folder
}

refuse_second_installer() {
  other=$(cat "$VENV/studio/installing" 2>/dev/null) || return 0
  [ -n "$other" ] && kill -0 "$other" 2>/dev/null || return 0
  # The number may have passed to another program since.
  if [ -r "/proc/$other/cmdline" ] && ! grep -q studio.sh "/proc/$other/cmdline"; then return 0; fi
  stop 2 "Another start (process $other) is setting up $VENV: wait until it is done."
}

# Whether the environment is whole enough to be brought up to date instead of made again.
reusable() {
  [ ! -e "$VENV/studio/installing" ] &&
    [ "$(cat "$VENV/studio/torch" 2>/dev/null)" = "$build" ] &&
    [ "$(cat "$VENV/studio/root" 2>/dev/null)" = "$ROOT" ] &&
    "$VENV/bin/python" -m pip --version >/dev/null 2>&1
}

make_environment() {
  # An environment cannot be mended from outside once it was interrupted or its Python has gone.
  rm -rf "$VENV"
  enough_disk
  mkdir -p "$VENV/studio" 2>/dev/null || refuse_folder
  echo $$ >"$VENV/studio/installing" || refuse_folder
  say "Setting up $VENV with $("$python" -V) (once; this takes minutes)."
  "$python" -m venv "$VENV" >"$LOG" 2>&1 || installing_failed
  printf '%s\n' "$ROOT" >"$VENV/studio/root"
}

# Measured: the environment, and as much again of the downloads in pip's cache.
enough_disk() {
  case $build in
    cu*) need=10 ;;
    *) need=4 ;;
  esac
  free=$(df -Pk "$ROOT" | awk 'NR > 1 { for (i = 2; i <= NF; i++) if ($i ~ /^[0-9]+%$/) print int($(i - 1) / 1048576) }')
  if [ -n "$free" ] && [ "$free" -lt "$need" ]; then
    stop 2 "Too little disk space: the set-up needs $need GB and $free GB are free where $ROOT lies."
  fi
}

pip_install() {
  if [ -t 2 ]; then quiet=''; else quiet='-q --progress-bar off'; fi # pip 23 draws bars into files
  # PIP_USER: a person's setting for other Pythons, which fails in an environment.
  rm -f "$LOG"
  # shellcheck disable=SC2086
  (cd "$ROOT" && PIP_USER=0 "$VENV/bin/python" -m pip install $quiet --log "$LOG" \
    --disable-pip-version-check --no-input "$@" </dev/null 3>&2 2>/dev/null >&3)
}

install() { # EXTRA...
  rm -f "$VENV/studio/train" "$VENV/studio/dev"
  extras=$(echo "$*" | tr ' ' ,)
  case $build in
    cu*) extras=$extras,speed ;;
  esac
  printf '%s\n' "$build" >"$VENV/studio/torch"
  install_torch "$build" || installing_failed
  say "Installing Finetune Studio ($extras)."
  pip_install -e ".[$extras]" "$(torch_requirement "$build")" || installing_failed
  if [ "$build" = cpu ] && ! found=$(no_cuda_came); then
    stop 1 "Packages for NVIDIA GPUs came with the build of PyTorch for the processor ($found): please report this."
  fi
  figure=$(install_figure)
  for each; do printf '%s\n' "$figure" >"$VENV/studio/$each"; done
  rm -f "$VENV/studio/installing"
}

log_says() { grep -qiE "$1" "$LOG" 2>/dev/null; }

installing_failed() {
  if log_says 'no space left|disk quota exceeded'; then
    rm -rf "$VENV"
    stop 1 "The disk became full during the set-up: free some space and start again."
  fi
  if log_says 'CERTIFICATE_VERIFY_FAILED'; then
    not_reached "name your network's certificate authority with PIP_CERT"
  fi
  if log_says 'NewConnectionError|NameResolutionError|connection error|timed out|Max retries exceeded'; then
    not_reached "connect to the network"
  fi
  stop 1 "The set-up failed: $(grep -i 'error' "$LOG" | tail -n 1 | sed 's/^[^ ]* *//') (all that was said: $LOG)"
}

not_reached() { # REMEDY
  rm -f "$VENV/studio/installing" # nothing is half installed: pip downloads everything first
  stop 1 "The package registry cannot be reached: $1 and start again. (All that was said: $LOG)"
}
