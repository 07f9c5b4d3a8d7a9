#!/usr/bin/env bash
# Sends a folder of small files over a link that loses packets, with our own programs: send, interop/droprelay and
# receive over multicast on the loopback interface. Every file must arrive with its bytes, by each FEC code, although
# the FDT is lost like everything else.
#
#   interop/folder.sh [-n FILES] [-l LOSS] [CODE…]
#
# Without arguments: 2,000 files of 1,500 bytes, a loss of 0.2, the codes no-code, rs and raptorq. The chance that a
# file cannot be decoded is then below one in a million. Coded files are sent twice, for what a busy machine loses in
# one place. The rate leaves no time to repeat the FDT until it has arrived: what protects it is its code.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly SIZE=1500 # bytes of a file
readonly RATE=200  # Mbit/s
readonly TIMEOUT=120

files=2000 loss=0.2
port=$((20000 + RANDOM % 9000))

# folder CODE: one session; a case is one file, but only failures are listed. What failed while datagrams found a full
# receive buffer is tried again, slower: for want of a processor neither side is to blame.
folder() {
	local faults before rate=$RATE
	while true; do # attempt is no condition: `set -e` would not hold in it
		faults=() before=$(overflows)
		attempt "$1"
		((${#faults[@]} && $(overflows) > before && rate > RATE / 10)) || break
		echo "again $1, slower than $rate Mbit/s: $(($(overflows) - before)) datagrams found a full receive buffer"
		rate=$((rate / 4))
	done
	local fault
	for fault in "${faults[@]}"; do bad "$1: $fault"; done
}

# attempt CODE: one transfer; what is wrong with it is added to $faults.
attempt() {
	local dir=$work/$1 group behind rpid relay options=() missing=0 i code
	case $1 in
	no-code) options=(--repeat 12) ;;
	*) options=(--repair 300% --repeat 2) ;;
	esac
	rm -rf "$dir"
	mkdir "$dir" "$dir/out"
	next_ports
	group=$(group_of "$port") behind=$(group_of $((port + 1)))
	start "$dir/receiver.log" "$flute_node" receive --group "$behind:$((port + 1))" --interface lo --json \
		--timeout "${TIMEOUT}s" "$dir/out"
	rpid=$pid
	until_true "$START" receives "$behind" $((port + 1)) || faults+=("the receiver does not listen")
	start "$dir/relay.log" "$droprelay" -from "$group:$port" -to "$behind:$((port + 1))" -loss "$loss" -seed 1
	relay=$pid
	until_true "$START" says listening "$dir/relay.log" || faults+=("the relay does not listen")
	local began=$SECONDS
	"$flute_node" send --to "$group:$port" --interface lo --rate "${rate}Mbit" --fec "$1" "${options[@]}" --json \
		"$work/in" >"$dir/sender.log" 2>&1 || faults+=("send ended with exit code $?")
	until_true "$TIMEOUT" ended "$rpid" || true
	exit_code "$rpid"
	[[ $code == 0 ]] || faults+=("the receiver's exit code is $code")
	for ((i = 1; i <= files; i++)); do
		cmp -s "$work/in/file-$i.bin" "$dir/out/in/file-$i.bin" || missing=$((missing + 1))
	done
	if ((missing > 0)); then
		faults+=("$missing of $files files are missing or have other bytes")
	elif ((${#faults[@]} == 0)); then
		ok "$1: $files files in $((SECONDS - began)) s"
	fi
	stop "$rpid"
	stop "$relay"
	says 'dropped [1-9]' "$dir/relay.log" || faults+=("the relay dropped nothing")
}

main() {
	local code codes i
	while getopts n:l: option; do
		case $option in
		n) files=$OPTARG ;;
		l) loss=$OPTARG ;;
		*) exit 2 ;;
		esac
	done
	shift $((OPTIND - 1))
	codes=("$@")
	((${#codes[@]})) || codes=(no-code rs raptorq)
	build
	mkdir "$work/in"
	for ((i = 1; i <= files; i++)); do
		head -c "$SIZE" /dev/urandom >"$work/in/file-$i.bin"
	done
	for code in "${codes[@]}"; do
		folder "$code"
	done
	total "folders of $files files, $loss lost, $SECONDS s"
}

main "$@"
