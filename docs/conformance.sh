#!/usr/bin/env bash
# Writes docs/conformance.md: which test holds which rule. With -check it only tells whether the page is up to date.
#
# docs/rules.tsv has the rules: id, source, level, text, and why there is no test, if there is none. A rule's id is part
# of the names of its tests: TestConf_E45_… is about rule E45. It is an error if a rule has neither test nor reason, or
# both, and if a test is of a rule that is not listed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# tests prints for each rule of each test: id, name, file.
tests() {
	git ls-files '*_test.go' | while read -r file; do
		{ grep -oE '^func TestConf_[A-Za-z0-9_]+' "$file" || true; } | while read -r _ name; do
			grep -oE '_[LAEBCKWODGS][0-9]{2}' <<<"$name" | tr -d _ | while read -r id; do
				printf '%s\t%s\t%s\n' "$id" "$name" "$file"
			done
		done
	done | LC_ALL=C sort -u
}

page() {
	tests | awk -F '\t' '
		NR == FNR && /^#/ { next }
		NR == FNR {
			order[++rules] = $1; source[$1] = $2; level[$1] = $3; text[$1] = $4; why[$1] = $5
			next
		}
		!($1 in source) { print "docs/rules.tsv has no " $1 ", of " $2 > "/dev/stderr"; bad = 1; next }
		{ test[$1] = test[$1] (test[$1] ? "<br>" : "") "[`" $2 "`](../" $3 ")" }
		END {
			for (i = 1; i <= rules; i++) {
				id = order[i]
				if (id in test && why[id] != "") { print id ": a test, and a reason why not" > "/dev/stderr"; bad = 1 }
				if (!(id in test) && why[id] == "") { print id ": no test, and no reason" > "/dev/stderr"; bad = 1 }
				if (id in test) tested++; else not[level[id]]++
			}
			if (bad) exit 1
			print "# Which test holds which rule\n"
			print "Made by `docs/conformance.sh` from [rules.tsv](rules.tsv) and the names of the tests; do not edit.\n"
			printf "**%d rules: %d have a test, %d have none.** ", rules, tested, rules - tested
			printf "Of those without, %d are MUST or SHALL", not["MUST"] + not["MUST NOT"] + not["SHALL"] + not["SHALL NOT"]
			printf ",\n%d are SHOULD; %d without a keyword, or MAY. Each says why.\n", not["SHOULD"] + not["SHOULD NOT"], \
				not["derived"] + not["MAY"]
			print ""
			while ((getline line < "/dev/fd/3") > 0) print line
			print "| Rule | Source | Level | What | Test |"
			print "|---|---|---|---|---|"
			for (i = 1; i <= rules; i++) {
				id = order[i]
				last = id in test ? test[id] : "none: " why[id]
				print "| " id " | " source[id] " | " level[id] " | " text[id] " | " last " |"
			}
		}' docs/rules.tsv - 3<<'HEAD'
The letters: L is LCT (RFC 5651), A is ALC (RFC 5775), E is FLUTE and its FDT (RFC 6726), B the FEC building block (RFC
5052), C the basic FEC schemes (RFC 5445), K the codes (RFC 5510, 5053, 6330, 5170), W FLUTE version 1 (RFC 3926), O the
MBMS Download Profile (TS 26.346), D DVB-MABR, G ROUTE, S packet authentication (RFC 6584). The rules that a capture can
show to be broken have the same ids in `flute-node inspect`. A test shows that the rule is kept where the test looks;
`go run ./internal/mutants` asks how closely tests look.

HEAD
}

new=$(mktemp)
trap 'rm -f "$new"' EXIT
page >"$new"
if [[ ${1-} == -check ]]; then
	diff -u docs/conformance.md "$new" || {
		echo "docs/conformance.md is out of date: run docs/conformance.sh"
		exit 1
	}
else
	cat "$new" >docs/conformance.md
fi
