#!/bin/sh
# Copy Paadje to this user's own folders. Started by the .run file; needs no root and no network.
#   --no-kit     do not take over the models that lie beside this file on the stick
#   --kit        take them over without asking
set -eu
kit=ask
for option in "$@"; do
  case "$option" in
    --kit) kit=yes ;;
    --no-kit) kit=no ;;
    *) echo "Paadje: --kit | --no-kit" >&2; exit 2 ;;
  esac
done

here=$(pwd -P)
home=$HOME/.local/lib/paadje
data=${XDG_DATA_HOME:-$HOME/.local/share}
dutch=true
case "${PAADJE_LANGUAGE:-${LC_ALL:-${LC_MESSAGES:-${LANG:-nl}}}}" in en*) dutch=false ;; esac
say() { if $dutch; then printf '%s\n' "$1"; else printf '%s\n' "$2"; fi; }

mkdir -p "$home" "$HOME/.local/bin" "$data/applications"
# An update that was cut off between its two last steps: the old one counts.
[ -d "$home/app" ] || [ ! -d "$home/app.old" ] || mv "$home/app.old" "$home/app"
rm -rf "$home/app.new" "$home/app.old"
say "Paadje wordt neergezet in $home" "Paadje is being put in $home"
# Everything is copied before anything of the old version changes.
if ! cp -R "$here/app" "$home/app.new"; then
  rm -rf "$home/app.new"
  say "Dat lukte niet. Is er nog ruimte op de schijf? Je hebt ongeveer 400 MB nodig." \
    "That did not work. Does the disk have room? You need about 400 MB." >&2
  exit 1
fi
helper() {
  PYTHONNOUSERSITE=1 PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 \
    "$1/python/bin/python@MINOR@" -X utf8 -m launcher.installer "$2" "$3"
}
code=0
helper "$home/app.new" busy "$home/app" || code=$?
if [ "$code" -ne 0 ]; then
  rm -rf "$home/app.new"
  rmdir "$home" 2>/dev/null || true
  [ "$code" -eq 10 ] || [ "$code" -eq 11 ] ||
    say "Deze versie werkt niet op deze computer. Er is niets veranderd." \
      "This version does not work on this computer. Nothing has changed." >&2
  exit "$code"
fi
[ ! -d "$home/app" ] || mv "$home/app" "$home/app.old"
mv "$home/app.new" "$home/app"
rm -rf "$home/app.old"

ln -sf "$home/app/bin/paadje" "$HOME/.local/bin/paadje"
cp "$here/uninstall.sh" "$home/uninstall.sh"
chmod 755 "$home/uninstall.sh"
for size in 48 128 256; do
  folder=$data/icons/hicolor/${size}x${size}/apps
  mkdir -p "$folder"
  cp "$home/app/share/paadje-$size.png" "$folder/paadje.png"
done
mkdir -p "$data/icons/hicolor/scalable/apps"
cp "$home/app/share/paadje.svg" "$data/icons/hicolor/scalable/apps/paadje.svg"

# In Exec, four characters need a backslash, a percent sign is doubled; then all of it is a string.
quoted=$(printf '%s' "$home/app/bin/paadje-terminal" |
  sed -e 's/[\\"`$]/\\&/g' -e 's/%/%%/g' -e 's/\\/\\\\/g')
awk -v exec="\"$quoted\"" 'BEGIN { gsub(/\\/, "\\\\", exec) }
  /^Exec=/ { print "Exec=" exec; next } { print }' \
  "$home/app/share/paadje.desktop" >"$data/applications/paadje.desktop"
update-desktop-database -q "$data/applications" 2>/dev/null || true
gtk-update-icon-cache -q "$data/icons/hicolor" 2>/dev/null || true

for folder in "${ARCHIVE_DIR:-.}" "${ARCHIVE_DIR:-.}/.."; do
  case "$folder" in /*) ;; *) folder=${USER_PWD:-.}/$folder ;; esac
  [ "$kit" != no ] && [ -f "$folder/models/kit.json" ] || continue
  answer=j
  if [ "$kit" = ask ] && [ -t 0 ]; then
    if $dutch; then printf 'Ook de modellen van deze stick overnemen? [J/n] '
    else printf 'Take over the models on this stick too? [Y/n] '; fi
    read -r answer
  fi
  case "$answer" in [nN]*) ;; *) helper "$home/app" import-kit "$folder/models" || true ;; esac
  break
done
say "Klaar. Paadje staat in het menu van je computer." \
  "Ready. Paadje is in the menu of your computer."
