#!/usr/bin/env bash
# Has the receivers of the Rust crate flute (github.com/ypo/flute) and of this project take what send does beyond one
# transfer of each file: priorities, carousels in an interval and after a delay, in bursts, until a time, orders of
# source blocks, new repair symbols in each transfer behind a relay that loses half of the packets, a file that changes,
# and one that is removed in its first transfer.
#
#   interop/carousel.sh [theirs] [ours] [CASE…]
#
# Without arguments: both receivers, all cases. The crate is built as flute-rs.sh does it.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly TIMEOUT=60
readonly RATE=20 # Mbit/s: a receiver of the peer may not run for some 80 ms, which its buffer bridges
readonly CASES=(priority interval delay burst until random-start spread interleave max-repair update remove)

port=$((20000 + RANDOM % 9000))

# flags CASE: what send is told, in $options; $relayed is not empty if the relay is in between.
flags() {
	relayed=''
	case $1 in
	priority) options=(--priority '*.bin=1' --priority 'small*=-1' --queue 1=1) ;;
	interval) options=(--carousel interval=500ms --until +8s) ;;
	delay) options=(--carousel delay=300ms --repeat 3) ;;
	burst) options=(--carousel 'delay=300ms,burst=2' --repeat 4) ;;
	until) options=(--start-at +1s --until +8s) ;;
	random-start) options=(--order random-start --repeat 3) ;;
	spread) options=(--order spread --repeat 2) ;;
	interleave) options=(--interleave 8) ;;
	max-repair) options=(--fec rs --repair 25% --max-repair 200% --repeat 12) relayed=yes ;;
	update) options=(--carousel delay=1s --until +25s) ;;
	remove) options=(--rate 2Mbit --carousel delay=1s --until +25s --control "$dir/control") ;;
	esac
}

# arrived DIR: whether all files of $dir/in are in it with their bytes.
arrived() {
	local f
	for f in "$dir"/in/*; do
		cmp -s "$f" "$1/${f##*/}" || return 1
	done
}

# order SOCKET LINE…: gives orders to a sender, and whether it has carried out all of them.
order() {
	python3 - "$@" <<-'END'
		import json, socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.connect(sys.argv[1])
		answers = s.makefile()
		for line in sys.argv[2:]:
		    s.sendall(line.encode() + b"\n")
		    if not json.loads(answers.readline())["ok"]:
		        sys.exit(1)
	END
}

# carousel RECEIVER CASE
carousel() {
	local receiver=$1 dir=$work/$1-$2 rpid spid relay='' options relayed group to rport code
	flags "$2"
	rm -rf "$dir" # of the try before
	mkdir -p "$dir/in" "$dir/out"
	next_ports
	rport=$port group=$(group_of "$port")
	to=$group
	make_file "$dir/in/large.bin" 3000000
	make_file "$dir/in/small.txt" 20000
	make_file "$dir/in/small.bin" 1000
	if [[ -n $relayed ]]; then
		rport=$((port + 1))
		to=$(group_of "$rport")
	fi
	if [[ $receiver == theirs ]]; then
		start "$dir/receiver.log" "$peer_receiver" -g "$to" -p "$rport" -i 127.0.0.1 "$dir/out"
	else
		start "$dir/receiver.log" "$flute_node" receive --group "$to:$rport" --interface lo --until forever "$dir/out"
	fi
	rpid=$pid
	until_true "$START" receives "$to" "$rport" || bad "$receiver $2: the receiver does not listen"
	if [[ -n $relayed ]]; then
		start "$dir/relay.log" "$droprelay" -from "$group:$port" -to "$to:$rport" -loss 0.5 -spare-fdt -seed 1
		relay=$pid
		until_true "$START" says listening "$dir/relay.log" || bad "$receiver $2: the relay does not listen"
	fi
	start "$dir/sender.log" "$flute_node" send --to "$group:$port" --interface lo --rate "${RATE}Mbit" --json \
		"${options[@]}" "$dir"/in/*
	spid=$pid
	if [[ $2 == update ]]; then
		if until_true "$TIMEOUT" arrived "$dir/out"; then
			ok "$receiver $2: the first version"
		else
			bad "$receiver $2: no first version"
		fi
		make_file "$dir/in/new" 30000
		mv "$dir/in/new" "$dir/in/small.txt"
	fi
	if [[ $2 == remove ]]; then
		# Paused before its end, and taken away: it never arrives, and the others do, one of them late.
		until_true "$START" test -S "$dir/control" || true
		make_file "$dir/in/late.txt" 5000
		order "$dir/control" 'pause large.bin' 'remove large.bin' "add $dir/in/late.txt" finish ||
			bad "$receiver $2: an order was refused"
		rm "$dir/in/large.bin"
	fi
	if until_true "$TIMEOUT" arrived "$dir/out"; then
		ok "$receiver $2"
	else
		bad "$receiver $2: a file is missing or has other bytes"
	fi
	until_true "$TIMEOUT" ended "$spid" || true
	exit_code "$spid"
	if [[ $2 == remove && -e $dir/out/large.bin ]]; then bad "$receiver $2: what was removed has arrived"; fi
	[[ $code == 0 ]] || bad "$receiver $2: the sender's exit code is $code"
	arrived "$dir/out" || bad "$receiver $2: a file was damaged by a later transfer"
	stop "$spid"
	stop "$rpid"
	[[ -z $relay ]] || stop "$relay"
}

# tried RECEIVER CASE: what failed while datagrams found a full receive buffer is tried again: for want of a processor
# neither side is to blame.
tried() {
	local try before was=("$passed" "$failed")
	for try in 1 2 3; do
		before=$(overflows)
		carousel "$@"
		((failed > was[1] && $(overflows) > before && try < 3)) || break
		passed=${was[0]} failed=${was[1]}
		echo "again: $* (try $try)"
	done
}

main() {
	local receivers=() cases=() word
	for word in "$@"; do
		case $word in
		theirs | ours) receivers+=("$word") ;;
		*)
			[[ " ${CASES[*]} " == *" $word "* ]] || { echo "no case $word; there are ${CASES[*]}" >&2 && exit 2; }
			cases+=("$word")
			;;
		esac
	done
	((${#receivers[@]})) || receivers=(theirs ours)
	((${#cases[@]})) || cases=("${CASES[@]}")
	[[ " ${receivers[*]} " != *theirs* ]] || install_flute_rs
	build
	for receiver in "${receivers[@]}"; do
		for word in "${cases[@]}"; do
			tried "$receiver" "$word"
		done
	done
	total "carousels, $SECONDS s"
}

main "$@"
