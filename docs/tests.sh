#!/usr/bin/env bash
# Whether the tests that the pages of this folder, the decisions in adr, and the pages at the root name exist.
#
#   docs/tests.sh -check
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

names=$(grep -rhoE --include='*_test.go' '^func (Test|Fuzz|Benchmark)[A-Za-z0-9_]+' . | sed 's/^func //' | sort -u)
missing=0
while IFS=: read -r page name; do
	pattern=${name//\*/.*}
	if ! grep -qxE "$pattern" <<<"$names"; then
		echo "$page: there is no $name"
		missing=1
	fi
done < <(grep -oE '`(Test|Fuzz|Benchmark)[A-Za-z0-9_]+\*?`' *.md docs/*.md docs/adr/*.md | tr -d '`' | sort -u)
((missing == 0)) && echo "all tests that the documentation names are there"
exit "$missing"
