#!/bin/sh
# Removes what install.sh made. `finetune-studio setup remove` comes first: it asks about runs.
data=${XDG_DATA_HOME:-$HOME/.local/share}
"$HOME/.local/bin/finetune-studio" setup remove "$@" || exit 1
rm -f "$HOME/.local/bin/finetune-studio" "$data/applications/finetune-studio.desktop" \
  "$data/mime/packages/finetune-studio.xml" "$data/icons/hicolor/scalable/apps/finetune-studio.svg"
rm -rf "$data/finetune-studio-program"
update-mime-database "$data/mime" 2>/dev/null || true
update-desktop-database "$data/applications" 2>/dev/null || true
# Folders that nobody else uses go as well, with what the desktop's own tools made of them.
ls "$data"/applications/*.desktop >/dev/null 2>&1 || rm -f "$data/applications/mimeinfo.cache"
if rmdir "$data/mime/packages" 2>/dev/null; then
  (cd "$data/mime" && rm -f XMLnamespaces aliases generic-icons globs globs2 icons magic mime.cache \
    subclasses treemagic types version && rmdir -- application) 2>/dev/null || true
fi
(cd "$data" && rmdir -p icons/hicolor/scalable/apps applications mime 2>/dev/null) || true
echo "Finetune Studio is removed."
