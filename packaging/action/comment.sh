#!/usr/bin/env bash
# Writes the comment of a pull request, or writes it anew where there is one.
set -euo pipefail

fail() {
  printf '::error title=gwctl::%s\n' "$1"
  exit 2
}

# The token of a pull request from a fork cannot write, and nobody there can mend that.
unwritten() {
  printf '::warning title=gwctl::the comment cannot be written; the summary of the job has all of it\n'
  exit 0
}

[[ $GWCTL_PULL_REQUEST =~ ^[0-9]+$ ]] || fail 'there is no pull request to comment on'

# Several uses of the action, each for other paths, have a comment each. The digits show nothing of the paths.
digest() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c 1-12
}
marker="<!-- gwctl diff $(printf '%s' "$GWCTL_PATHS" | digest) -->"

# Anybody may write a comment that begins like ours, and would own it.
mine=".[] | select(.user.type == \"Bot\" and (.body | startswith(\"$marker\"))) | .id"
comments=$(gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$GWCTL_PULL_REQUEST/comments" --jq "$mine") || unwritten
comment=${comments%%$'\n'*}

if [[ -z $comment && $GWCTL_DIFFERS == false ]]; then
  exit 0
fi

# A comment has 65,536 characters at most. A line that is cut would end a block of code or a row in its middle.
body=$RUNNER_TEMP/gwctl-comment.md
{
  printf '%s\n' "$marker"
  awk -v most=60000 -v rest='There is more in the summary of the job.' -f "${BASH_SOURCE[0]%/*}/cut.awk" "$GWCTL_REPORT"
} >"$body"

if [[ -n $comment ]]; then
  gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$comment" --field "body=@$body" || unwritten
else
  gh api --silent --method POST "repos/$GITHUB_REPOSITORY/issues/$GWCTL_PULL_REQUEST/comments" --field "body=@$body" || unwritten
fi
