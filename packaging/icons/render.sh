#!/bin/sh
# Render paadje.svg to the icons of the three systems. Needs Debian's librsvg2-bin, icnsutils and
# imagemagick. The results are kept in the repository, so that a build needs none of them.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for size in 16 24 32 48 64 128 256 512 1024; do
  rsvg-convert --width $size --height $size paadje.svg -o "$work/$size.png"
done
for size in 48 128 256; do cp "$work/$size.png" paadje-$size.png; done
/usr/bin/convert "$work/16.png" "$work/24.png" "$work/32.png" "$work/48.png" "$work/64.png" \
  "$work/256.png" -strip paadje.ico
png2icns paadje.icns "$work/16.png" "$work/32.png" "$work/48.png" "$work/128.png" \
  "$work/256.png" "$work/512.png" "$work/1024.png" >/dev/null
