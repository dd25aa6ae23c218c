# How the script speaks: on stderr, for a command's stdout may be read by a program.

say() { printf '%s\n' "$*" >&2; }

# stop STATUS SENTENCE: 2 where nothing was begun, 1 where the work failed.
stop() {
  status=$1
  shift
  printf 'studio.sh: %s\n' "$*" >&2
  exit "$status"
}

is_root() { [ "$(id -u)" = 0 ]; }
has() { command -v "$1" >/dev/null 2>&1; }

# apt_install PACKAGE...: as root on Debian and Ubuntu; fails quietly elsewhere.
apt_install() {
  is_root && has apt-get || return 1
  say "Installing with apt-get: $*"
  {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
  } >&2 </dev/null
}
