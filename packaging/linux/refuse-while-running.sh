# Part of the package's scripts: a lesson is not cut off by an update or a removal.
for process in /proc/[0-9]*; do
  case "$(readlink "$process/exe" 2>/dev/null)" in
    /usr/lib/paadje/*) ;;
    *) continue ;;
  esac
  if tr '\0' ' ' <"$process/cmdline" 2>/dev/null | grep -q -e '-m launcher\.host '; then
    case "${LC_ALL:-${LC_MESSAGES:-${LANG:-nl}}}" in
      en*) echo "Paadje: a lesson is running. Stop it first (paadje stop), then try again." >&2 ;;
      *) echo "Paadje: er draait nog een les. Stop die eerst (paadje stop) en probeer het opnieuw." >&2 ;;
    esac
    exit 1
  fi
done
