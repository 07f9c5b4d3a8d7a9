#!/usr/bin/env bash
# Moves files between flute-node and the command line of the Rust crate flute (github.com/ypo/flute) over multicast on
# the loopback interface, in both directions, and compares SHA-256 sums.
#
#   interop/flute-rs.sh [install] [ours-theirs] [theirs-ours] [theirs-theirs]
#
# Without arguments: ours-theirs and theirs-ours. theirs-theirs uses none of our programs but the relay, and so checks
# this script. install only builds the crate.
# The crate is built once into interop/.cache, which takes a few minutes. Its programs never exit by themselves: they are
# ended here, by process id.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly VERSION=1.11.7
readonly SYMBOL=1400           # bytes; the default of both
readonly BLOCK=64 REPAIR=16    # source and repair symbols of a block
readonly RATE=100              # Mbit/s; the peer's receive buffer is 1 MiB at most
readonly TIMEOUT=30            # seconds for one transfer
readonly ONE_IN=20             # datagrams of which one is dropped, in the cases with loss
readonly TURNS=6               # transfers of each file in No-Code cases with loss: what one turn lost comes in another
readonly GROUP=239.255.70.1 GROUP_BEHIND_RELAY=239.255.70.2
readonly SIZES=(0 1 $((SYMBOL - 1)) "$SYMBOL" $((SYMBOL + 1)) 5000000)
readonly SIZES_RS_LOSS=(300000 5000000) # whole blocks, so that each has repair symbols enough in a single turn

port=$((20000 + RANDOM % 9000))
tsi=$((RANDOM + 1))

install_peer() {
	local dir=$cache/flute-rs
	peer_sender=$dir/bin/flute-sender
	peer_receiver=$dir/bin/flute-receiver
	if [[ -x $peer_sender && -x $peer_receiver ]] && grep -q "flute $VERSION " "$dir/.crates.toml" 2>/dev/null; then
		return
	fi
	command -v cargo >/dev/null || skip "no cargo to build the peer with"
	cargo install flute --version "$VERSION" --features cli --locked --root "$dir"
}

# The four programs. Each leaves its process id in $pid.
# receive_X LOG DIR GROUP PORT OBJECTS, send_X LOG GROUP PORT FEC CENC TURNS FILE…
receive_ours() {
	start "$1" "$flute_node" receive --group "$3:$4" --interface lo --objects "$5" --timeout "${TIMEOUT}s" "$2"
}

receive_theirs() {
	start "$1" "$peer_receiver" -g "$3" -p "$4" -i 127.0.0.1 "$2"
}

send_ours() {
	local log=$1 group=$2 port=$3 fec=$4 cenc=$5 turns=$6 args=()
	shift 6
	if [[ $fec == rs ]]; then args+=(--fec rs --block "$BLOCK" --repair "$((100 * REPAIR / BLOCK))%"); else args+=(--fec no-code); fi
	if [[ $cenc == gzip ]]; then args+=(--cenc gzip); fi
	start "$log" "$flute_node" send --to "$group:$port" --interface lo --tsi "$tsi" --symbol "$SYMBOL" \
		--rate "${RATE}Mbit" --repeat "$turns" "${args[@]}" "$@"
}

send_theirs() {
	local log=$1 group=$2 port=$3 fec=$4 cenc=$5 turns=$6 args=()
	shift 6
	if [[ $fec == rs ]]; then args+=(--fec reed-solomon --source-block-length "$BLOCK" --parity-symbols "$REPAIR"); fi
	if [[ $cenc == gzip ]]; then args+=(--cenc gzip); fi
	start "$log" "$peer_sender" -d "$group" -p "$port" --bind 127.0.0.1:0 --tsi "$tsi" -b "${RATE}000" \
		--max-transfer-count "$turns" "${args[@]}" "$@"
}

# arrived DIR FILE…: whether all files are there with the right bytes.
arrived() {
	local dir=$1 f
	shift
	for f in "$@"; do
		[[ -f $dir/${f##*/} ]] && cmp -s "$f" "$dir/${f##*/}" || return 1
	done
}

ended() { ! alive "$1"; }

# transfer SENDER RECEIVER FEC CENC LOSS: one session, all its files; a case is one file.
transfer() {
	local sender=$1 receiver=$2 fec=$3 cenc=$4 loss=$5
	local name="$sender -> $receiver $fec $cenc" sizes=("${SIZES[@]}") turns=1
	local dir=$work/$sender-$receiver-$fec-$cenc-$loss files=() size
	local to=$GROUP rpid spid relay='' code=0
	tsi=$((tsi + 1)) port=$((port + 2))
	while bound "$port" || bound $((port + 1)); do port=$((port + 2)); done
	local rport=$port
	if [[ $loss == loss ]]; then
		name+=" 1 in $ONE_IN lost"
		to=$GROUP_BEHIND_RELAY rport=$((port + 1))
		if [[ $fec == rs ]]; then sizes=("${SIZES_RS_LOSS[@]}"); else turns=$TURNS; fi
	fi
	mkdir -p "$dir/in" "$dir/out"
	for size in "${sizes[@]}"; do
		make_file "$dir/in/size-$size.bin" "$size"
		files+=("$dir/in/size-$size.bin")
	done

	"receive_$receiver" "$dir/receiver.log" "$dir/out" "$to" "$rport" "${#files[@]}"
	rpid=$pid
	until_true 5 bound "$rport" || true
	if [[ $loss == loss ]]; then
		start "$dir/relay.log" "$droprelay" -from "$GROUP:$port" -to "$to:$rport" -one-in "$ONE_IN" -spare 10 -seed 1
		relay=$pid
		until_true 5 says listening "$dir/relay.log" || true
	fi
	"send_$sender" "$dir/sender.log" "$GROUP" "$port" "$fec" "$cenc" "$turns" "${files[@]}"
	spid=$pid

	if [[ $receiver == ours ]]; then
		if until_true $((TIMEOUT + 5)) ended "$rpid"; then wait "$rpid" || code=$?; else code=running; fi
	else
		until_true "$TIMEOUT" arrived "$dir/out" "${files[@]}" || true
	fi
	for size in "${sizes[@]}"; do
		if [[ ! -f $dir/out/size-$size.bin ]]; then
			bad "$name, $size bytes: no file"
		elif [[ $(digest "$dir/in/size-$size.bin") != $(digest "$dir/out/size-$size.bin") ]]; then
			bad "$name, $size bytes: other bytes"
		else
			ok "$name, $size bytes"
		fi
	done
	if [[ $receiver == ours ]]; then
		[[ $code == 0 ]] || bad "$name: the receiver's exit code is $code"
		if [[ $fec-$loss == rs-loss ]] && ! says '"repaired":[1-9]' "$dir/receiver.log"; then
			bad "$name: the receiver says that it repaired nothing"
		fi
	fi
	if [[ $sender == ours ]]; then
		code=0
		if until_true "$TIMEOUT" ended "$spid"; then wait "$spid" || code=$?; else code=running; fi
		[[ $code == 0 ]] || bad "$name: the sender's exit code is $code"
	fi
	stop "$spid"
	stop "$rpid"
	if [[ -n $relay ]]; then
		stop "$relay"
		says 'dropped [1-9]' "$dir/relay.log" || bad "$name: the relay dropped nothing"
	fi
	if ((failed == 0)); then rm -rf "$dir"; fi
}

main() {
	local directions=("$@") direction fec cenc
	((${#directions[@]})) || directions=(ours-theirs theirs-ours)
	install_peer
	if [[ ${directions[0]} == install ]]; then exit 0; fi
	build
	for direction in "${directions[@]}"; do
		for fec in no-code rs; do
			for cenc in plain gzip; do
				transfer "${direction%-*}" "${direction#*-}" "$fec" "$cenc" none
			done
			transfer "${direction%-*}" "${direction#*-}" "$fec" plain loss
		done
	done
	total "flute-rs $VERSION"
}

main "$@"
