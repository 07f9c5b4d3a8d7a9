#!/usr/bin/env bash
# Prints the part of CHANGELOG.md about one version: the text of its release.
#
#   .github/release-notes.sh v0.1.0
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=${1:?which version}
notes=$(awk -v head="## [${version#v}]" '
	index($0, "## [") == 1 { found = index($0, head) == 1; next }
	found && !/^\[.*\]: / { print }' CHANGELOG.md)
if [[ -z ${notes//[[:space:]]/} ]]; then
	echo "CHANGELOG.md says nothing about ${version#v}" >&2
	exit 1
fi
printf '%s\n' "$notes"
