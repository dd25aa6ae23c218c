#!/bin/sh
# Installs Finetune Studio for this person alone: no rights but theirs are needed.
set -eu
data=${XDG_DATA_HOME:-$HOME/.local/share}
program=$data/finetune-studio-program
bin=$HOME/.local/bin
here=$(dirname -- "$0")

stop() {
  printf 'finetune-studio: %s\n' "$*" >&2
  exit 1
}

undo() {
  rm -rf "$program.new"
  stop "$*"
}

# Homes have spaces, apostrophes and more: a path as sed's right side, as one word of a script, and
# as one of a menu entry's command (the specification's two layers of quoting).
for_sed() { sed 's/[&|\\]/\\&/g'; }
script_word() { printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g" | for_sed)"; }
entry_word() {
  printf '"%s"' "$(printf %s "$1" | sed -e 's/[\\"`$]/\\&/g' -e 's/\\/\\\\/g' -e 's/%/%%/g' | for_sed)"
}

# Bare systems have no xz; nearly all have a Python.
unpacked() {
  if command -v xz >/dev/null; then
    xz -dc "$1"
  else
    python3 -c 'import lzma, shutil, sys
shutil.copyfileobj(lzma.open(sys.argv[1]), sys.stdout.buffer)' "$1" 2>/dev/null
  fi
}

# The old one goes only once the new one lies whole beside it.
mkdir -p "$data" "$bin" || stop "The folder $data cannot be written to."
rm -rf "$program.new"
cp -R "$here/program" "$program.new" || undo "The disk is full, or $data cannot be written to."
unpacked "$program.new/uv.xz" >"$program.new/uv" ||
  undo "Unpacking failed: install the package xz-utils or free some space, and start this again."
rm "$program.new/uv.xz"
chmod +x "$program.new/uv"
rm -rf "$program.old"
[ ! -e "$program" ] || mv "$program" "$program.old"
mv "$program.new" "$program"
rm -rf "$program.old"

mkdir -p "$data/applications" "$data/mime/packages" "$data/icons/hicolor/scalable/apps"
sed "s|@PROGRAM@|$(script_word "$program")|" "$here/launcher.sh" >"$bin/finetune-studio"
chmod +x "$bin/finetune-studio"
sed "s|@LAUNCHER@|$(entry_word "$bin/finetune-studio")|" "$here/finetune-studio.desktop" \
  >"$data/applications/finetune-studio.desktop"
cp "$here/finetune-studio.xml" "$data/mime/packages/"
cp "$here/finetune-studio.svg" "$data/icons/hicolor/scalable/apps/"
cp "$here/uninstall.sh" "$program/"
update-mime-database "$data/mime" 2>/dev/null || true
update-desktop-database "$data/applications" 2>/dev/null || true
echo "Finetune Studio is installed. Start it from the menu, or with: $bin/finetune-studio"
echo "To remove it: sh $program/uninstall.sh"
