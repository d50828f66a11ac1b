#!/usr/bin/env bash
# Says in the summary of the job what changes for traffic since a commit, and keeps that for the comment.
set -euo pipefail

fail() {
  printf '::error title=gwctl::%s\n' "$1"
  exit 2
}

# Nothing else that git takes for a revision: a branch may be called anything.
[[ $GWCTL_COMPARE =~ ^([0-9a-f]{40}|[0-9a-f]{64})$ ]] || fail 'compare is not the full id of a commit'
if ! git cat-file -e "$GWCTL_COMPARE^{commit}" 2>/dev/null; then
  # A checkout has one commit unless it was asked for more.
  git fetch --quiet --no-tags --depth=1 origin "$GWCTL_COMPARE" || fail 'the commit of compare cannot be fetched'
fi

set -- diff --output markdown --exit-code
while IFS= read -r line; do
  [[ -z $line ]] || set -- "$@" "$line"
done <<<"$GWCTL_ARGS"

report=$RUNNER_TEMP/gwctl-diff.md
said=$RUNNER_TEMP/gwctl-diff.said
: >"$report"
differs=false
failed=0
while IFS= read -r path; do
  [[ -n $path ]] || continue
  case $path in
  # Names of files, and neither a revision nor standard input.
  git:* | -) path=./$path ;;
  esac
  code=0
  gwctl "$@" -- "git:$GWCTL_COMPARE:$path" "$path" >"$report.one" 2>"$said" || code=$?
  cat "$said" >&2
  [[ $code == 0 ]] || differs=true
  if [[ -s $report.one ]]; then
    cat "$report.one" >>"$report"
  else
    # Lines that are indented are a block of code, in which nothing is markup.
    { printf '### What changes for traffic\n\nCould not be compared:\n\n' && sed 's/^/    /' "$said"; } >>"$report"
    failed=2
  fi
  printf '\n' >>"$report"
done <<<"$GWCTL_PATHS"

# GitHub takes nothing of a summary that is larger than a mebibyte.
awk -v most=1000000 -v rest='The report is longer than a summary may be.' -f "${BASH_SOURCE[0]%/*}/cut.awk" \
  "$report" >>"$GITHUB_STEP_SUMMARY"
printf 'report=%s\ndiffers=%s\n' "$report" "$differs" >>"$GITHUB_OUTPUT"
exit "$failed"
