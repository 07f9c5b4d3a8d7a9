#!/usr/bin/env bash
# Writes docs/conformance.md: which test holds which rule. With -check it only tells whether the page is up to date.
#
# A rule's id is part of the names of its tests: TestConf_E45_… is about rule E45. The letters: L is LCT (RFC 5651), A is
# ALC (RFC 5775), E is FLUTE and its FDT (RFC 6726), B the FEC building block (RFC 5052), C the basic FEC schemes (RFC
# 5445), K the codes, W FLUTE version 1 (RFC 3926), O the MBMS Download Profile, D, G and S other profiles.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

page() {
	cat <<'HEAD'
# Which test holds which rule

Made by `docs/conformance.sh` from the names of the tests; do not edit. The letters: L is LCT (RFC 5651), A is ALC (RFC
5775), E is FLUTE and its FDT (RFC 6726), B the FEC building block (RFC 5052), C the basic FEC schemes (RFC 5445), K the
codes (RFC 5510, 5053, 6330, 5170), W FLUTE version 1 (RFC 3926), O the MBMS Download Profile (TS 26.346), D, G and S
other profiles. Each test quotes or cites the sentence that it is about.

| Rule | Test | File |
|---|---|---|
HEAD
	git ls-files '*_test.go' | while read -r file; do
		{ grep -oE '^func TestConf_[A-Za-z0-9_]+' "$file" || true; } | while read -r _ name; do
			grep -oE '_[LAEBCKWODGS][0-9]{2}' <<<"$name" | tr -d _ | while read -r id; do
				echo "| $id | \`$name\` | [$file](../$file) |"
			done
		done
	done | LC_ALL=C sort -u
}

if [[ ${1-} == -check ]]; then
	page | diff -u docs/conformance.md - || {
		echo "docs/conformance.md is out of date: run docs/conformance.sh"
		exit 1
	}
else
	page >docs/conformance.md.new
	mv docs/conformance.md.new docs/conformance.md
fi
