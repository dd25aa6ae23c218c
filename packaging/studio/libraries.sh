# Names the system libraries that Qt needs and this system lacks, and gets them where it may.

# qt_missing PLATFORM: the shared libraries that cannot be found.
qt_missing() {
  for qt in "$VENV"/lib/python3*/site-packages/PySide6/Qt; do
    ldd "$qt/lib/libQt6Widgets.so.6" "$qt/lib/libQt6Svg.so.6" "$qt/lib/libQt6OpenGLWidgets.so.6" \
      "$qt/plugins/platforms/libq$1.so" 2>/dev/null
  done | awk '/=> not found/ { print $1 }' | sort -u
}

# The Debian package of a shared library.
debian_package() {
  case $1 in
    libEGL.*) echo libegl1 ;;
    libGL.* | libGLX.* | libOpenGL.*) echo libgl1 ;;
    libglib-* | libgthread-* | libgio-* | libgobject-*) echo libglib2.0-0 ;;
    libdbus-1.*) echo libdbus-1-3 ;;
    libxkbcommon-x11.*) echo libxkbcommon-x11-0 ;;
    libxcb-util.*) echo libxcb-util1 ;;
    libX11.*) echo libx11-6 ;;
    libX11-xcb.*) echo libx11-xcb1 ;;
    libxcb-shm.* | libxcb-icccm.* | libxcb-cursor.* | libxcb-image.* | libxcb-randr.* | libxcb-render.* | \
      libxcb-render-util.* | libxcb-shape.* | libxcb-sync.* | libxcb-xfixes.* | libxcb-xkb.* | \
      libxcb-keysyms.* | libxcb.* | libwayland-* | libfontconfig.* | libfreetype.* | libxkbcommon.*)
      # Debian's rule: the name and the number after ".so."
      echo "${1%%.so*}${1##*.so.}"
      ;;
    *) return 1 ;;
  esac
}

debian_packages() { for each; do debian_package "$each" || true; done | sort -u | tr '\n' ' '; }

# The one command that installs libraries on this system.
libraries_command() {
  if has apt-get; then
    echo "sudo apt-get install $(debian_packages "$@")"
  elif has dnf; then
    printf 'sudo dnf install'
    printf " '%s()(64bit)'" "$@"
  elif has zypper; then
    printf 'sudo zypper install'
    printf " '%s()(64bit)'" "$@"
  elif has pacman; then
    echo "sudo pacman -S libglvnd fontconfig libxkbcommon-x11 xcb-util-cursor xcb-util-wm xcb-util-keysyms"
  fi
}

# qt_libraries PLATFORM: xcb for the window, offscreen for the tests.
qt_libraries() {
  [ "$(uname -s)" = Linux ] && has ldd || return 0
  missing=$(qt_missing "$1")
  [ -n "$missing" ] || return 0
  # shellcheck disable=SC2046,SC2086
  apt_install $(debian_packages $missing) && missing=$(qt_missing "$1")
  [ -n "$missing" ] || return 0
  # shellcheck disable=SC2086,SC2116
  stop 1 "Qt needs libraries that this system lacks ($(echo $missing)). Install them with:" \
    "$(libraries_command $missing)"
}

needs_display() {
  [ "$(uname -s)" = Linux ] || return 0
  [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}${QT_QPA_PLATFORM:-}" ] || return 0
  stop 1 "There is no screen here to open the window on: start it on a desktop, or use the commands (sh packaging/studio.sh --help)."
}
