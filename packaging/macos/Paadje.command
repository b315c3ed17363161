#!/bin/sh
# What runs inside Terminal: an error stays readable until Enter.
here=$(cd "$(dirname "$0")" && pwd -P)
printf '\033]0;Paadje\007'
"$here/paadje" "$@"
code=$?
if [ "$code" -ne 0 ] && [ -t 0 ]; then
  printf '\n[Enter] '
  read -r _
fi
exit "$code"
