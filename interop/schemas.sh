#!/usr/bin/env bash
# Validates our FDT Instances by the schemas that 3GPP publishes with TS 26.346, which are not ours to copy: the Rust
# crate flute carries them. Those of the tests of `go test` are written by us from the text of the standards; that of
# RFC 6726 is the RFC's own.
#
#   interop/schemas.sh [--results FILE]
#
# It needs xmllint, and the sources of the crate as interop/flute-rs.sh install leaves them in cargo's registry.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

main() {
	local results='' dir profile valid
	if [[ ${1-} == --results ]]; then results=$(realpath "$2"); fi
	command -v xmllint >/dev/null || skip "no xmllint"
	dir=$(find "${CARGO_HOME:-$HOME/.cargo}/registry/src" -path "*/flute-$FLUTE_RS/assets/xsd" -print -quit 2>/dev/null || true)
	[[ -n $dir ]] || skip "no sources of the crate flute $FLUTE_RS"
	cd "$root"
	MBMS_XSD=$dir go test -count 1 -v -run Schema ./flute/fdt ./flute/sender >"$work/log" 2>&1 || true
	for profile in rfc6726 rfc3926 mbms-extended mbms-download dvb-mabr; do
		valid=false
		if says "PASS: TestConf_E62_Schema/$profile" "$work/log" &&
			says "PASS: TestConf_E62_SchemaOfASession/$profile" "$work/log"; then
			valid=true
			ok "FDT Instances of profile $profile"
		else
			bad "FDT Instances of profile $profile"
			grep -m 5 "validity error" "$work/log" || true
		fi
		if [[ -n $results ]]; then
			printf '{"schema":"%s","valid":%s}\n' "$profile" "$valid" >>"$results"
		fi
	done
	total "schemas of 3GPP"
}

main "$@"
