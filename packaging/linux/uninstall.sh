#!/bin/sh
# Take Paadje away again: uninstall.sh [--everything | --keep]. Without one of them, it asks.
set -eu
home=$(dirname "$(readlink -f "$0")")
data=${XDG_DATA_HOME:-$HOME/.local/share}
if [ -d "$home/app" ]; then
  PYTHONNOUSERSITE=1 PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 \
    "$home/app/python/bin/python@MINOR@" -X utf8 -m launcher.installer uninstall "$home" "$@"
fi
rm -f "$data/applications/paadje.desktop" "$data/icons/hicolor/scalable/apps/paadje.svg"
for size in 48 128 256; do rm -f "$data/icons/hicolor/${size}x${size}/apps/paadje.png"; done
if [ "$(readlink "$HOME/.local/bin/paadje" 2>/dev/null)" = "$home/app/bin/paadje" ]; then
  rm -f "$HOME/.local/bin/paadje"
fi
rm -rf "$home/app" "$home/app.new" "$home/app.old"
# The shell has read all of this file before it runs the last lines.
{ rm -f "$home/uninstall.sh"; rmdir "$home" 2>/dev/null || true; exit 0; }
