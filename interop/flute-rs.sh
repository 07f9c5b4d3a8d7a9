#!/usr/bin/env bash
# Moves files between flute-node and the Rust crate flute (github.com/ypo/flute) over multicast on the loopback interface,
# in both directions and with each FEC scheme that both have, and compares SHA-256 sums.
#
#   interop/flute-rs.sh [install] [ours-theirs] [theirs-ours] [theirs-theirs] [CODEC…] [MODE…]
#
# Without arguments: ours-theirs and theirs-ours, all codecs, and without FEC all modes of the FDT, of TOIs and of headers. theirs-theirs uses none of our programs but the relay, and so
# checks this script. install only builds the crate.
#
# Schemes that the crate's command line has go through its command line, the others through interop/peer, which calls its
# library. Both are built once into interop/.cache, which takes a few minutes. The programs of the command line never exit
# by themselves: they are ended here, by process id.
#
# Datagrams are dropped at random, but not those of FDT Instances: the crate forgets a file whose last packet came before
# its FDT Instance.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly RATE=60     # Mbit/s; the peer's receive buffer is 1 MiB at most, and it may not run for 100 ms
readonly TIMEOUT=25  # seconds for one transfer
readonly GRACE=4     # seconds for a receiver whose sender has ended
readonly LOSS=0.1    # probability that a datagram is dropped, in the cases with loss
readonly ONE_IN=20   # datagrams of which one is dropped instead, with No-Code
readonly TURNS=6     # transfers of each file in No-Code cases with loss: what one turn lost comes in another
readonly GROUP=239.255.70.1 GROUP_BEHIND_RELAY=239.255.70.2
readonly SIZES_LOSS=(300000 5000000) # whole blocks, so that each has repair symbols enough in a single turn

readonly SIZES_MODE=(0 1401 300000) # of the cases of a mode, which concern each file alike

# no-code and rs are also sent with gzip. rs2-M: Reed-Solomon over GF(2^M); -gG: G symbols in a packet, which the crate can
# only receive. raptor-N, raptorq-N: N sub-blocks.
readonly CODECS=(no-code rs rs129 rs2-4 rs2-8 rs2-8-g3 rs2-16 raptor raptor-5 raptorq raptorq-5)

# How a session is described, sent by the one and by the other. toi-B: TOIs of B bits, the first one at random.
readonly MODES_OURS=(fdt-transfer fdt-full fdt-gzip fdt-rs fti-first fti-fdt times
	toi-16 toi-32 toi-48 toi-64 toi-80 toi-112 rfc3926 mbms-extended mbms-download dvb-mabr)
readonly MODES_THEIRS=(fdt-transfer toi-16 toi-32 toi-48 toi-64 toi-80 toi-112 l6)

# mode SENDER NAME: sets the options of its program in mode_options.
mode() {
	mode_options=()
	case $1-$2 in
	*-'') ;;
	*-toi-*) mode_options=(--toi-bits "${2#toi-}" --first-toi random) ;;
	*-fdt-transfer) mode_options=(--fdt-mode transfer) ;;
	ours-fdt-full) mode_options=(--fdt-mode full) ;;
	ours-fdt-gzip) mode_options=(--fdt-cenc gzip) ;;
	ours-fdt-rs) mode_options=(--fdt-fec rs) ;;
	ours-fti-*) mode_options=(--fti "${2#fti-}") ;;
	ours-times) mode_options=(--times sct,file-sct,ert,slc) ;;
	ours-*) mode_options=(--profile "$2") ;;
	theirs-l6) mode_options=(--l6) ;;
	esac
}

port=$((20000 + RANDOM % 9000))
tsi=$((RANDOM + 1))

# codec NAME: sets how files are coded. repair is a percentage: at a loss of 10 %, the chance that a block of these sizes
# is not decodable is below one in a million.
codec() {
	scheme=${1%%-[0-9]*} symbol=1400 block=64 repair=50 options=() smallest=0
	case $1 in
	no-code) repair=0 ;;
	rs2-4) block=5 repair=200 ;; # 15 symbols at most
	rs2-8-g3) symbol=400 options=(--field-bits 8 --group 3) ;;
	rs2-16) block=300 ;; # more than GF(2^8) has
	raptor*) block=100 smallest=1 ;;
	esac
	case $1 in
	rs2-4 | rs2-8 | rs2-16) options=(--field-bits "${1#rs2-}") ;;
	raptor-5 | raptorq-5) symbol=1408 options=(--sub-blocks 5) ;; # 352 words of 4 bytes: sub-symbols of two lengths
	esac
	if [[ $scheme == raptor ]]; then smallest=16; fi # 4 symbols of 4 bytes
	case $1 in # what the command line of the peer calls it
	no-code) theirs=(--fec no-code) ;;
	rs) theirs=(--fec reed-solomon) ;;
	raptor | raptorq) theirs=(--fec "$1") ;;
	*) theirs=() ;;
	esac
	sizes=()
	local size
	for size in 0 1 16 $((symbol - 1)) "$symbol" $((symbol + 1)) 300000 5000000; do
		if ((size >= smallest)); then sizes+=("$size"); fi
	done
}

# The two at once: each keeps one processor busy for most of its time.
install_peer() {
	install_flute_rs &
	local command_line=$!
	build_peer
	wait "$command_line"
	install_flute_rs # now it only says where the programs are
}

# The programs. Each leaves its process id in $pid.
# receive_X LOG DIR GROUP PORT OBJECTS, send_X LOG GROUP PORT CENC TURNS FILE…
receive_ours() {
	start "$1" "$flute_node" receive --group "$3:$4" --interface lo --objects "$5" --timeout "${TIMEOUT}s" "$2"
}

receive_theirs() {
	if ((${#theirs[@]})); then
		start "$1" "$peer_receiver" -g "$3" -p "$4" -i 127.0.0.1 "$2"
	else
		start "$1" "$peer" receive --group "$3:$4" --files "$5" --timeout "$TIMEOUT" "$2"
	fi
}

send_ours() {
	local log=$1 group=$2 port=$3 cenc=$4 turns=$5
	shift 5
	start "$log" "$flute_node" send --to "$group:$port" --interface lo --tsi "$tsi" --rate "${RATE}Mbit" --repeat "$turns" \
		--cenc "$cenc" --fec "$scheme" --symbol "$symbol" --block "$block" --repair "$repair%" "${options[@]}" "${mode_options[@]}" "$@"
}

send_theirs() {
	local log=$1 group=$2 port=$3 cenc=$4 turns=$5
	shift 5
	if ((${#theirs[@]})); then
		start "$log" "$peer_sender" -d "$group" -p "$port" --bind 127.0.0.1:0 --tsi "$tsi" -b "${RATE}000" --cenc "$cenc" \
			--max-transfer-count "$turns" "${theirs[@]}" --symbol-length "$symbol" --source-block-length "$block" \
			--parity-symbols $(((block * repair + 99) / 100)) "$@"
	else
		start "$log" "$peer" send --to "$group:$port" --tsi "$tsi" --rate "$RATE" --fec "$scheme" --symbol "$symbol" \
			--block "$block" --repair "$repair" "${options[@]}" "${mode_options[@]}" "$@"
	fi
}

# exits PROGRAM: whether the program of that side ends by itself.
exits() { [[ $1 == ours ]] || ((!${#theirs[@]})); }

# arrived DIR FILE…: whether all files are there with the right bytes.
arrived() {
	local dir=$1 f
	shift
	for f in "$@"; do
		[[ -f $dir/${f##*/} ]] && cmp -s "$f" "$dir/${f##*/}" || return 1
	done
}

# over COMMAND…: whether there is nothing to wait for: the command is true, or the sender ended some time ago. $spid and
# $quiet belong to the caller.
over() {
	"$@" && return
	if alive "$spid"; then quiet=$SECONDS; fi
	((SECONDS - quiet > GRACE))
}

# transfer SENDER RECEIVER CODEC CENC LOSS [MODE]: one session, all its files; a case is one file.
transfer() {
	local sender=$1 receiver=$2 cenc=$4 loss=$5 mode=${6-} mode_options
	local name="$sender -> $receiver $3" turns=1 before=$failed
	local dir=$work/$sender-$receiver-$3-$cenc-$loss-${6-} files=() size
	local to=$GROUP rpid spid relay='' lose quiet overflows
	local scheme symbol block repair options smallest theirs sizes code
	codec "$3"
	mode "$sender" "$mode"
	if [[ -n $mode ]]; then
		name+=" $mode" sizes=("${SIZES_MODE[@]}")
		if [[ $sender == theirs ]]; then theirs=(); fi # its command line has no modes
	fi
	[[ $cenc == null ]] || name+=" $cenc"
	tsi=$((tsi + 1))
	next_ports
	local rport=$port
	if [[ $loss == loss ]]; then
		to=$GROUP_BEHIND_RELAY rport=$((port + 1))
		if [[ $scheme == no-code ]]; then
			lose=(-one-in "$ONE_IN") turns=$TURNS name+=", 1 in $ONE_IN lost"
		else
			lose=(-loss "$LOSS") sizes=("${SIZES_LOSS[@]}") name+=", $LOSS lost"
		fi
	fi
	mkdir -p "$dir/in" "$dir/out"
	for size in "${sizes[@]}"; do
		make_file "$dir/in/size-$size.bin" "$size"
		files+=("$dir/in/size-$size.bin")
	done

	overflows=$(overflows)
	"receive_$receiver" "$dir/receiver.log" "$dir/out" "$to" "$rport" "${#files[@]}"
	rpid=$pid
	until_true 5 bound "$rport" || true
	if [[ $loss == loss ]]; then
		start "$dir/relay.log" "$droprelay" -from "$GROUP:$port" -to "$to:$rport" "${lose[@]}" -spare-fdt -seed 1
		relay=$pid
		until_true 5 says listening "$dir/relay.log" || true
	fi
	"send_$sender" "$dir/sender.log" "$GROUP" "$port" "$cenc" "$turns" "${files[@]}"
	spid=$pid quiet=$SECONDS

	if exits "$receiver"; then
		until_true $((TIMEOUT + 5)) over ended "$rpid" || true
		exit_code "$rpid"
		[[ $code == 0 ]] || bad "$name: the receiver's exit code is $code"
	else
		until_true "$TIMEOUT" over arrived "$dir/out" "${files[@]}" || true
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
	if [[ $receiver == ours && $loss == loss && $scheme != no-code ]] && ! says '"repaired":[1-9]' "$dir/receiver.log"; then
		bad "$name: the receiver says that it repaired nothing"
	fi
	if exits "$sender"; then
		until_true "$TIMEOUT" ended "$spid" || true
		exit_code "$spid"
		[[ $code == 0 ]] || bad "$name: the sender's exit code is $code"
	fi
	stop "$spid"
	stop "$rpid"
	if [[ -n $relay ]]; then
		stop "$relay"
		says 'dropped [1-9]' "$dir/relay.log" || bad "$name: the relay dropped nothing"
	fi
	if ((failed == before)); then
		rm -rf "$dir"
	elif (($(overflows) > overflows)); then
		echo "      $(($(overflows) - overflows)) datagrams found a full receive buffer"
	fi
}

main() {
	local directions=() codecs=() modes=() word direction all
	for word in "$@"; do
		case $word in
		install) ;;
		*ours* | theirs-*) directions+=("$word") ;;
		*)
			all=" ${MODES_OURS[*]} ${MODES_THEIRS[*]} "
			if [[ $all == *" $word "* ]]; then
				modes+=("$word")
			elif [[ " ${CODECS[*]} " == *" $word "* ]]; then
				codecs+=("$word")
			else
				echo "no codec or mode $word; there are ${CODECS[*]}$all" >&2 && exit 2
			fi
			;;
		esac
	done
	((${#directions[@]})) || directions=(ours-theirs theirs-ours)
	if ((!${#codecs[@]} && !${#modes[@]})); then
		codecs=("${CODECS[@]}") modes=("${MODES_OURS[@]}" "${MODES_THEIRS[@]}")
	fi
	install_peer
	if [[ ${1-} == install ]]; then exit 0; fi
	build
	for direction in "${directions[@]}"; do
		for word in "${codecs[@]}"; do
			if [[ $word == *-g* && $direction == theirs-* ]]; then continue; fi
			transfer "${direction%-*}" "${direction#*-}" "$word" null none
			case $word in
			no-code | rs) transfer "${direction%-*}" "${direction#*-}" "$word" gzip none ;;
			esac
			transfer "${direction%-*}" "${direction#*-}" "$word" null loss
		done
		all=" ${MODES_OURS[*]} "
		if [[ $direction == theirs-* ]]; then all=" ${MODES_THEIRS[*]} "; fi
		for word in $(printf '%s\n' "${modes[@]}" | awk '!seen[$0]++'); do
			if [[ $all == *" $word "* ]]; then
				transfer "${direction%-*}" "${direction#*-}" no-code null none "$word"
			fi
		done
	done
	total "flute-rs $FLUTE_RS, $SECONDS s"
}

main "$@"
