#!/usr/bin/env bash
# Measures our FEC codecs beside those of the Rust crates raptorq, raptor-code and flute, on one processor and in turns,
# and prints a table with the ratio of the speeds.
#
#   interop/fec-bench.sh [core] [short] [large] [SCHEME…]
#
# core measures the cores of sender and receiver in place of codecs: files in memory become packets, and packets files.
# short measures little, to see that all of it works; large adds RaptorQ with K = 50000, which takes minutes. Schemes:
# raptorq, raptor, rs, rs16; without any, all of them. RUNS=10 measures each case ten times instead of twice; OUT=FILE
# keeps the figures of all runs, a line of JSON each. Speeds are in 10^6 bytes of source data a second; of all runs of a
# case the best counts, because other work on the machine only ever makes it slower. Lines of a session are those of
# packets through the sender and the receiver of crate flute, headers and all: no ratio compares them with a codec, only
# with our cores. No speed makes this script fail: only a case without figures does.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly SYMBOL=1400              # bytes
readonly LOSSES=0%,1%,5%,20%,100% # of the source symbols; 100%: nothing but repair symbols
readonly TIMEOUT=120              # seconds for the cases of one K on one side, and of all cores

# sizes SCHEME: the numbers of source symbols, K, that are measured.
sizes() {
	case $1 in
	raptorq) if ((short)); then echo 10 100; elif ((large)); then echo 10 100 1000 10000 50000; else echo 10 100 1000 10000; fi ;;
	raptor) if ((short)); then echo 100; else echo 10 100 1000; fi ;;
	rs) echo 64 ;;
	rs16) echo 300 ;;
	esac
}

# repair SCHEME: how many repair symbols an encoder makes, in percent.
repair() { if [[ $1 == rs ]]; then echo 25; else echo 20; fi; }

# alone COMMAND…: on one processor.
alone() {
	if command -v taskset >/dev/null; then
		GOMAXPROCS=1 timeout -k 5 "$TIMEOUT" taskset -c "$cpu" "$@"
	else
		GOMAXPROCS=1 timeout -k 5 "$TIMEOUT" "$@"
	fi
}

measure_ours() {
	alone "$flute_node" bench fec --json --scheme "$1" --k "$2" --symbol "$SYMBOL" --loss "$LOSSES" \
		--repair "$(repair "$1")%" --time "${time}s" | sed 's/^{/{"side":"ours",/'
}

measure_theirs() {
	alone "$peer" bench --scheme "$1" --k "$2" --symbol "$SYMBOL" --repair "$(repair "$1")" --time "$time" |
		sed 's/^{/{"side":"theirs",/'
}

# measure_cores SIDE COMMAND…: all cases of the cores.
measure_cores() {
	local side=$1
	shift
	alone "$@" | sed -n "s/^{\"peer\"/{\"side\":\"$side\",\"peer\"/p" >>"$work/lines" || bad "cores: $side does not run"
}

# table FILE: one line for each case of theirs. Fails if one has no figure of ours.
table() {
	awk '
		function text(key) { return match($0, "\"" key "\":\"[^\"]*\"") ? substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 5) : "" }
		function number(key) { return match($0, "\"" key "\":[-+0-9.eE]+") ? substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3) + 0 : -1 }
		{
			speed = number("best_mb_per_s")
			if (speed < 0) speed = number("mb_per_s")
			if (speed < 0) next
			key = text("scheme") SUBSEP number("k") SUBSEP text("operation") SUBSEP number("loss")
			if (text("side") == "ours") {
				if (speed > ours[key]) ours[key] = speed
				next
			}
			peer = text("peer") (text("layer") == "session" ? ", session" : "")
			if (!((key, peer) in theirs)) { n++; keys[n] = key; peers[n] = peer }
			if (speed > theirs[key, peer]) theirs[key, peer] = speed
		}
		END {
			printf "%-8s %6s  %-12s %5s %9s %9s %6s  %s\n", "scheme", "K", "operation", "loss", "ours", "theirs", "ratio", "peer"
			for (i = 1; i <= n; i++) {
				split(keys[i], f, SUBSEP)
				loss = f[3] ~ /^(decode|receive)$/ ? sprintf("%g%%", 100 * f[4]) : ""
				mine = ours[keys[i]]; other = theirs[keys[i], peers[i]]
				printf "%-8s %6d  %-12s %5s ", f[1], f[2], f[3], loss
				if (mine == "") { printf "%9s %9.1f %6s", "-", other, ""; missing = 1 }
				else if (peers[i] ~ /session/ && f[3] ~ /code$/) printf "%9.1f %9.1f %6s", mine, other, ""
				else printf "%9.1f %9.1f %6.2f", mine, other, mine / other
				printf "  %s\n", peers[i]
			}
			exit missing || !n
		}' "$1"
}

main() {
	local schemes=() word scheme k round
	short=0 large=0 core=0 time=0.4
	for word in "$@"; do
		case $word in
		core) core=1 ;;
		short) short=1 time=0.05 ;;
		large) large=1 ;;
		raptorq | raptor | rs | rs16) schemes+=("$word") ;;
		*) echo "usage: $0 [core] [short] [large] [raptorq|raptor|rs|rs16…]" >&2 && exit 2 ;;
		esac
	done
	((${#schemes[@]})) || schemes=(raptorq raptor rs rs16)
	local runs=${RUNS:-$((2 - short))}
	cpu=$(($(nproc) - 1))
	build_peer
	build
	if ((core)); then
		for ((round = 0; round < runs; round++)); do
			measure_cores ours "$flute_node" bench core --json --time "${time}s" --size "$((short ? 8 : 128))MiB"
			measure_cores theirs "$peer" bench --core "$(((short ? 8 : 128) << 20))" --time "$time"
		done
		schemes=()
	fi
	for scheme in "${schemes[@]}"; do
		for k in $(sizes "$scheme"); do
			echo "$scheme, K = $k" >&2
			for ((round = 0; round < runs; round++)); do
				measure_ours "$scheme" "$k" >>"$work/lines" || bad "$scheme, K = $k: ours does not run"
				measure_theirs "$scheme" "$k" >>"$work/lines" || bad "$scheme, K = $k: theirs does not run"
			done
		done
	done
	table "$work/lines" || bad "figures are missing"
	if [[ -n ${OUT-} ]]; then cp "$work/lines" "$OUT"; fi
	((failed == 0))
}

main "$@"
