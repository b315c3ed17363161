#!/bin/sh
# On a stick, beside the files for a Mac: takes over the models once Paadje is in Applications.
models=$(cd "$(dirname "$0")/../models" && pwd -P)
for folder in "$HOME/Applications" /Applications; do
  program=$folder/Paadje.app/Contents/Resources/paadje
  if [ -x "$program" ]; then
    "$program" --import-kit "$models"
    exit
  fi
done
echo "Sleep eerst Paadje naar Programma's, en dubbelklik dan hier opnieuw."
echo "First drag Paadje to Applications, then double-click here again."
exit 1
