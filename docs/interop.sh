#!/usr/bin/env bash
# Writes docs/interop.md, which peer understands what, from docs/interop.jsonl.
#
#   docs/interop.sh           writes the page
#   docs/interop.sh -check    only tells whether the page is up to date
#   docs/interop.sh measure   runs what interop/ has first, for a quarter of an hour, and keeps its results
#
# It needs jq; to measure, what the scripts of interop/ need: cargo, Python with venv, tshark, xmllint.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly results=docs/interop.jsonl

# matrix SENDER RECEIVER: a row for each codec and each mode, a column for each condition: files that arrived of those
# sent.
matrix() {
	echo
	echo "| | nothing lost | 10 % lost | 10 % overtaken | 10 % twice |"
	echo "|---|--:|--:|--:|--:|"
	jq -rs --arg sender "$1" --arg receiver "$2" '
		def row: if .mode == "" then "`" + .codec + "`" else .mode end;
		def cell($condition): map(select(.condition == $condition)) |
			if length == 0 then "–" else
				(map(.files) | add) as $files | (map(.right) | add) as $right |
				if $right == $files then "\($files)" else "**\($right) of \($files)**" end
			end;
		map(select(.sender == $sender and .receiver == $receiver)) as $all |
		reduce ($all[] | row) as $r ([]; if index([$r]) then . else . + [$r] end) | .[] as $name |
		[$all[] | select(row == $name)] |
		"| \($name) | \(cell("none")) | \(cell("loss")) | \(cell("reorder")) | \(cell("duplicate")) |"
	' "$results"
}

# faults: what interop/faults.sh found.
faults() {
	echo
	echo "| Fault | What the peer does | From → to: right or wrong |"
	echo "|---|---|---|"
	jq -r 'select(.fault) |
		"| `\(.fault)` | \(.text) | \([.outcomes | to_entries[] | "\(.key): \(.value)"] | join("<br>")) |"' "$results"
}

dissector() {
	jq -r 'select(.dissector) |
		"\(.dissector): \(.packets) packets, \(.fields) fields, \(.wrong) packets that differ without a known reason.\n",
		"| Packets that show it | Fault of the dissector |", "|--:|---|", (.faults[] | "| \(.packets) | \(.name) |")' "$results"
}

page() {
	cat <<'END'
# Which peer understands what

Made by `docs/interop.sh` from the results of a run, `docs/interop.jsonl`; do not edit. `docs/interop.sh measure`
makes them anew. CI runs a sample of the transfers, and all the rest, with each change.

Numbers are files that arrived with the bytes that were sent; where some did not, both numbers stand in bold. A row of
a codec has all four content encodings. Files have 0 to 5,000,000 bytes where nothing is lost, 300,000 and 2,000,000
where a code is to repair losses, and 0 to 300,000 otherwise. With Raptor they have at least 16 bytes, with RaptorQ one:
see `empty-raptor`. Without a code, what is lost comes with the next of 8 transfers. Towards the peers there are 2
transfers if there is neither a code nor loss, but another order or repetition: see `late-packet`. The network is
`interop/droprelay`: each datagram is lost, overtaken by up to 32 others, or sent twice with a probability of 10 %.

Towards the peers, FDT Instances are not lost, overtaken or repeated: see `late-fdt` below. From them they are, but for
`flute-alc`, which sends each once.

The words: `rs2-8`, Reed-Solomon over GF(2^8) with FEC Encoding ID 2; `-g3`, three symbols in a packet; `raptor-5`,
`raptorq-5`, five sub-blocks; `toi-48`, TOIs of 48 bits, the first at random; `fdt-transfer`, FDT Instances that
describe the files in transfer only; `fdt-full`, with `FullFDT` of 3GPP; `fti-first`, `fti-fdt`, EXT_FTI in some
packets only; `times`, all of EXT_TIME; `inband-cenc`, EXT_CENC in the packets of files; `l6`, the schema of TS
26.346, section L.6.
END
	jq -rs 'map(select(.sender)) |
		"\n\(length) transfers of \(map(.files) | add) files, of which \(map(.right) | add) arrived."' "$results"
	echo
	echo "## To the Rust crate flute 1.11.7"
	matrix ours theirs
	echo
	echo "## From the Rust crate flute 1.11.7"
	matrix theirs ours
	echo
	echo "## To the Python package flute-alc 1.11.7"
	matrix ours alc
	echo
	echo "## From the Python package flute-alc 1.11.7"
	matrix alc ours
	cat <<'END'

A sender that stands still for 0.4 s and more could be another one that was started in its place. Until an FDT
Instance has told, or for 5 s, flute-node holds its packets apart: then files of `flute-alc`, which sends each FDT
Instance once, come 5 s later.

## Faults of peers, reproduced

`interop/faults.sh` has each of them happen, and ours do the same beside it. It fails, too, if a peer does it right.
cli is the command line of the crate, lib its library, alc the Python package; what is said of the one was not tried
with those that do not stand there.
END
	faults
	cat <<'END'

Receivers of ours take what is wrong in senders here. The programs of the command line never end by themselves, which
the scripts show by ending them. Rules that peers' captures break, as `flute-node inspect` tells them, are in
`TestPeerCaptures`.

## Wireshark

`interop/tshark.sh` compares 1,000 random packets of each of the 64 layouts of an LCT header (lengths of CCI, TSI and
TOI), a tenth of them in each FEC scheme, with random header extensions, field by field. In a quarter of
them SCT and ERT of RFC 3451 are there or not at random, and a twentieth has reserved bits that are not 0.
END
	echo
	dissector
	cat <<'END'

## Schemas

FDT Instances of each profile, as the writer and as a session of a sender make them, are valid by the schema of RFC
6726 (the RFC's text), and by the schemas that 3GPP publishes with TS 26.346 (`interop/schemas.sh`; `dvb-mabr` by the
one that it extends):
END
	jq -rs '"\n" + (map(select(.schema) | "`\(.schema)` " + if .valid then "valid" else "**not valid**" end) | join(", ")) +
		"."' "$results"
	cat <<'END'

The schemas of `rfc3926` and of DVB's extension in the tests are written by us from the standards' text.

## Peers that cannot be installed here

GPAC, TSDuck and rt-libflute have no packages for the machines of CI. The forms in which they send and read FDT
Instances, as their users have reported them, are inputs of `TestFormsOfReports` and `TestFormsOfReportsTSIZero`:
written by us, with data of our own. That these programs understand what we send was not tried.
END
}

measure() {
	local new
	new=$(mktemp)
	interop/flute-rs.sh --full --results "$new" || true
	cp "$new" "$results"
	interop/faults.sh --results "$results" || true
	interop/tshark.sh --results "$results" || true
	interop/schemas.sh --results "$results" || true
	rm "$new"
}

case ${1-} in
-check)
	page | diff -u docs/interop.md - || {
		echo "docs/interop.md is out of date: run docs/interop.sh"
		exit 1
	}
	;;
*)
	if [[ ${1-} == measure ]]; then measure; fi
	page >docs/interop.md.new
	mv docs/interop.md.new docs/interop.md
	;;
esac
