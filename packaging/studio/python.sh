# Finds a Python that can make the environment: 3.11 to 3.14 (PyTorch's wheels), with venv and pip.

# Not the environment's own Python, where that is active: it may have to be made again.
suits() {
  "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14) or sys.prefix == sys.argv[1])' \
    "$VENV" 2>/dev/null
}
has_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

# Sets `python` to the first one that has venv, `bare` to the first one that lacks it.
look_for_python() {
  python='' bare=''
  if [ -n "${PYTHON:-}" ]; then
    set -- "$PYTHON"
  else
    set -- python3.13 python3.12 python3.11 python3.14 python3 python
  fi
  for each; do
    # A name on the path may be an empty shim: only running it tells.
    suits "$each" || continue
    if has_venv "$each"; then
      python=$each
      return 0
    fi
    bare=${bare:-$each}
  done
  return 1
}

# The Debian package with venv for the Python that was found, or for the system's own.
venv_package() {
  if [ -n "$bare" ]; then
    "$bare" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
  else
    echo python3-venv
  fi
}

find_python() {
  look_for_python && return
  if [ -n "${PYTHON:-}" ] && [ -z "$bare" ]; then
    stop 2 "PYTHON=$PYTHON is not a Python 3.11 to 3.14 to set up with."
  fi
  package=$(venv_package)
  if apt_install "$package" && look_for_python; then return; fi
  if has apt-get; then
    remedy="run: sudo apt-get install $package"
  else
    remedy="install it from your system's packages or from python.org"
  fi
  if [ -n "$bare" ]; then
    stop 2 "The Python found here ($bare) has no venv: $remedy"
  fi
  stop 2 "Python 3.11 to 3.14 was not found: $remedy, or name one with PYTHON=/path/to/python3"
}
