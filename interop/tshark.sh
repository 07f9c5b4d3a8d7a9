#!/usr/bin/env bash
# Sends one file with each codepoint and compares what Wireshark's dissector reads in our packets with what was meant.
# Then interop/dissector does so with 1,000 random packets of each layout of an LCT header.
#
#   interop/tshark.sh [--results FILE]
#
# With --results the second part adds its result to that file as a line of JSON, for docs/interop.sh.
#
# It needs tshark and the right to capture on lo. tshark 4.0 knows of FEC Encoding ID 5 only that it exists: there the
# FEC Payload ID and the tail of EXT_FTI are compared as bytes.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly GROUP=239.255.71.1
readonly E=1400 B=4 # symbol length in bytes, source symbols of a block at most
readonly REPAIR=50  # percent of B
readonly FIELDS=(rmt-lct.version rmt-lct.tsi rmt-lct.tsi64 rmt-lct.toi rmt-lct.codepoint rmt-lct.hlen
	rmt-lct.flags.sct_present rmt-lct.flags.ert_present rmt-lct.flags.close_session rmt-lct.flags.close_object
	rmt-lct.flute_version rmt-lct.fdt_instance_id rmt-fec.encoding_id rmt-fec.sbn rmt-fec.esi
	rmt-fec.fti.transfer_length rmt-fec.fti.encoding_symbol_length rmt-fec.fti.max_source_block_length
	_ws.malformed udp.payload)

port=$((29000 + RANDOM % 900))

# expected_symbols LENGTH MAX_N: one "SBN ESI" a line, by the partitioning of RFC 5052, section 9.1, and the n-algorithm
# of RFC 5510, section 6. MAX_N = B: no repair symbols.
expected_symbols() {
	local t=$((($1 + E - 1) / E)) n large small count sbn esi k
	n=$(((t + B - 1) / B))
	large=$(((t + n - 1) / n)) small=$((t / n))
	count=$((t - small * n))
	for ((sbn = 0; sbn < n; sbn++)); do
		k=$((sbn < count ? large : small))
		for ((esi = 0; esi < k * $2 / B; esi++)); do echo "$sbn $esi"; done
	done
}

# marked FILE: sends a datagram that ends a capture, unless it is in the file.
marked() {
	! grep -aq "end of port $port" "$1" || return 0
	echo "end of port $port" >"/dev/udp/127.0.0.1/$port"
	return 1
}

# capture FILE COMMAND…: what the command sends to $port. Returns the exit code of the command. A datagram comes behind
# what it sends: when that is in the file, all is.
capture() {
	local file=$1 tshark code=0
	shift
	start "$work/tshark.log" tshark -i lo -f "udp port $port" -w "$file"
	tshark=$pid
	until_true 60 says 'Capture started' "$work/tshark.log" ||
		skip "tshark cannot capture on lo: $(tail -1 "$work/tshark.log")"
	sleep 0.3
	"$@" >"$work/sender.log" 2>&1 || code=$?
	until_true 60 marked "$file" || echo "the end of the capture is not in $file"
	stop "$tshark"
	return "$code"
}

# decode FILE: one line a packet, the fields separated by "|".
decode() {
	local args=() f
	for f in "${FIELDS[@]}"; do args+=(-e "$f"); done
	tshark -r "$1" -Y "ip.dst == $GROUP" -d "udp.port==$port,alc" -T fields -E separator='|' -E occurrence=f \
		"${args[@]}" 2>/dev/null
}

# judge LINES TSI LENGTH CODEPOINT FLUTE_VERSION MAX_N: prints each difference.
judge() {
	awk -F'|' -v tsi="$2" -v length_="$3" -v cp="$4" -v flute="$5" -v max_n="$6" -v E="$E" -v B="$B" -v symbols="$work/symbols" '
		function fault(text) { print "packet " NR ": " text }
		function want(name, got, meant) { if (got != meant) fault(name " is \"" got "\", meant " meant) }
		function hex(s, i, v) { v = 0; for (i = 1; i <= length(s); i++) v = v * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1; return v }
		{
			want("version", $1, 1); want("TSI", $2 $3, tsi); want("T flag", $7, 0); want("R flag", $8, 0)
			if ($19 != "") fault("malformed")
			if (closed && $9 != 1) fault("A flag is not set, and was before (RFC 5651, section 5.1)")
			closed = $9
			header = $6 * 2
			data = length($20) > header
		}
		!data { next }
		$4 == 0 {
			fdt++
			want("codepoint", $5, cp); want("FEC Encoding ID", $13, cp) # FDT Instances have the code of the files
			want("FLUTE version", $11, flute)
			if ($12 == "") fault("no FDT Instance ID")
			if ($16 == "" ) fault("FDT packet without EXT_FTI")
			next
		}
		{
			if (toi == "") toi = $4
			want("TOI", $4, toi); want("codepoint", $5, cp); want("FEC Encoding ID", $13, cp)
			if ($11 != "") fault("EXT_FDT on a packet of a file")
			if (object_closed && $10 != 1) fault("B flag is not set, and was before (RFC 5651, section 5.1)")
			object_closed = $10
			if ($16 != "") {
				fti++
				want("transfer length", $16, length_)
				if (cp == 0) { want("symbol length", $17, E); want("source block length", $18, B) }
				else want("EXT_FTI", substr($20, header - 23, 24), sprintf("4003%012x%04x%02x%02x", length_, E, B, max_n))
			}
			if (cp == 0) { sbn = $14; esi = substr($15, 3) } # an SBN is printed in decimal, an ESI in hexadecimal
			else { sbn = hex(substr($20, header + 1, 6)); esi = substr($20, header + 7, 2) }
			print sbn, hex(esi) > symbols
		}
		END {
			if (!fdt) print "no packet of an FDT Instance"
			if (!fti) print "no packet of the file with EXT_FTI"
			if (!object_closed) print "the last packet of the file has no B flag"
			if (!closed) print "the last packet has no A flag"
		}' "$1"
}

# compare_symbols LENGTH MAX_N: prints each symbol that was sent and not meant, or the other way round.
compare_symbols() {
	{ diff <(expected_symbols "$@" | sort) <(sort "$work/symbols") || true; } |
		sed -n 's/^</SBN and ESI not sent:/p; s/^>/SBN and ESI not meant:/p'
}

# check NAME TSI LENGTH CODEPOINT FLUTE_VERSION MAX_N ARGUMENT…: sends a file of LENGTH bytes and looks at the packets.
check() {
	local name=$1 tsi=$2 length=$3 cp=$4 flute=$5 max_n=$6 faults
	shift 6
	port=$((port + 1))
	make_file "$work/file.bin" "$length"
	if ! capture "$work/capture.pcapng" "$flute_node" send --to "$GROUP:$port" --interface lo --offload off --tsi "$tsi" --symbol "$E" \
		--block "$B" --rate 10Mbit "$@" "$work/file.bin"; then
		bad "$name: the sender failed: $(tail -1 "$work/sender.log")"
		return
	fi
	: >"$work/symbols"
	decode "$work/capture.pcapng" >"$work/lines"
	faults=$(
		judge "$work/lines" "$tsi" "$length" "$cp" "$flute" "$max_n"
		compare_symbols "$length" "$max_n"
	)
	if [[ -z $faults ]]; then
		ok "$name: $(wc -l <"$work/lines") packets"
	else
		bad "$name: $(wc -l <<<"$faults") faults in $(wc -l <"$work/lines") packets"
		head -20 <<<"$faults" | sed 's/^/        /'
		cp "$work/capture.pcapng" "$work/$failed.pcapng"
	fi
}

main() {
	local results=()
	if [[ ${1-} == --results ]]; then results=(-results "$(realpath "$2")"); fi
	command -v tshark >/dev/null || skip "no tshark"
	build
	local long=$((10 * E + 1)) max_n=$((B + B * REPAIR / 100))
	check "no-code" 17 "$long" 0 2 "$B" --fec no-code
	check "no-code, one symbol" 17 "$E" 0 2 "$B" --fec no-code
	check "no-code, TSI of 48 bits" 5000000000 "$long" 0 2 "$B" --fec no-code
	check "no-code, profile rfc3926" 17 "$long" 0 1 "$B" --fec no-code --profile rfc3926
	check "reed-solomon" 17 "$long" 5 2 "$max_n" --fec rs --repair "$REPAIR%"
	check "reed-solomon, TSI of 48 bits" 5000000000 "$long" 5 2 "$max_n" --fec rs --repair "$REPAIR%"
	if (cd "$root" && go test ./interop/dissector -v -count 1 -args -each 1000 "${results[@]}"); then
		ok "random packets of every layout"
	else
		bad "random packets of every layout"
	fi
	total tshark
}

main "$@"
