#!/usr/bin/env bash
# Puts gwctl on the PATH of the steps that follow. Runs with bash 3.2, which macOS has.
set -euo pipefail

fail() {
  printf '::error title=gwctl::%s\n' "$1"
  exit 2
}

digest() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

case $GWCTL_INSTALL in
path) ;;
source)
  python3 -m venv "$RUNNER_TEMP/gwctl-venv" 2>/dev/null || python -m venv "$RUNNER_TEMP/gwctl-venv"
  programs=$RUNNER_TEMP/gwctl-venv/bin
  [[ -d $programs ]] || programs=$RUNNER_TEMP/gwctl-venv/Scripts
  "$programs/pip" install --quiet --disable-pip-version-check "$GITHUB_ACTION_PATH"
  PATH=$programs:$PATH
  printf '%s\n' "$programs" >>"$GITHUB_PATH"
  ;;
https://*)
  [[ $GWCTL_SHA256 =~ ^[0-9a-f]{64}$ ]] || fail 'sha256 is not the SHA-256 of the archive, 64 hexadecimal digits'
  programs=$RUNNER_TEMP/gwctl-bin
  mkdir -p "$programs"
  curl --fail --silent --show-error --location --proto '=https' --output "$programs/archive" -- "$GWCTL_INSTALL"
  [[ $(digest "$programs/archive") == "$GWCTL_SHA256" ]] || fail 'the archive does not have the digest of sha256'
  case $GWCTL_INSTALL in
  *.zip) unzip -q -o "$programs/archive" -d "$programs" ;;
  *) tar -xzf "$programs/archive" -C "$programs" ;;
  esac
  PATH=$programs:$PATH
  printf '%s\n' "$programs" >>"$GITHUB_PATH"
  ;;
*) fail 'install is source, path, or the https address of an archive' ;;
esac

command -v gwctl >/dev/null || fail 'there is no gwctl on the PATH'
# The viewer of clusters has the same name.
gwctl --version --verbose | grep -q '^built for ' || fail 'the gwctl on the PATH is another program of this name'
