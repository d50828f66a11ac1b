#!/usr/bin/env bash
# Reports what is wrong as annotations, and as SARIF where that is asked for.
set -euo pipefail

set -- validate --output github
[[ -z $GWCTL_SARIF ]] || set -- "$@" "--output=sarif=$GWCTL_SARIF"
[[ -z $GWCTL_BASELINE ]] || set -- "$@" "--baseline=$GWCTL_BASELINE"
[[ -z $GWCTL_DENY ]] || set -- "$@" "--deny=$GWCTL_DENY"
while IFS= read -r line; do
  [[ -z $line ]] || set -- "$@" "$line"
done <<<"$GWCTL_ARGS"
set -- "$@" --
while IFS= read -r line; do
  [[ -z $line ]] || set -- "$@" "$line"
done <<<"$GWCTL_PATHS"

code=0
gwctl "$@" || code=$?
printf 'exit-code=%d\n' "$code" >>"$GITHUB_OUTPUT"
exit "$code"
