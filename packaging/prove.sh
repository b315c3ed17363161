#!/usr/bin/env bash
# Build every installer as a proof build and use it as a user would: packaging/prove.sh [linux|windows|macos|wheel|kit|sizes]…
# Takes about an hour on two cores. Works on Debian, as root (it makes network namespaces and
# installs a .deb). Pictures and figures end up in build/proofs/.
set -euo pipefail
cd "$(dirname "$0")/.."
export PAADJE_TEST_ALL=1
missing=()
need() { command -v "$1" >/dev/null || missing+=("$2"); }
need makeself makeself
need makensis nsis
need 7z p7zip-full
[ -x /usr/lib/wine/wine64 ] || missing+=(wine64)
need x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64-win32
need patchelf patchelf
need strip binutils
need Xvfb xvfb
need xterm xterm
need import imagemagick
need xdotool xdotool
need desktop-file-validate desktop-file-utils
need gio libglib2.0-bin
need ip iproute2
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
fi
files=()
for part in "${@:-linux windows macos wheel kit sizes}"; do
  for name in $part; do files+=("tests/packaging/prove_$name.py"); done
done
exec ./test -p no:cacheprovider -o timeout=3600 -v "${files[@]}"
