#!/usr/bin/env bash
# Moves files between flute-node and the Rust crate flute (github.com/ypo/flute), and its Python package flute-alc, over
# multicast on the loopback interface, and compares SHA-256 sums.
#
#   interop/flute-rs.sh [--full] [--jobs N] [--results FILE] [install] [DIRECTION…] [CODEC…] [MODE…]
#
# Directions: ours-theirs, theirs-ours, ours-alc, alc-ours; these four without arguments. theirs-theirs, alc-alc and
# ours-ours use the programs of one side only: is a failure ours or the peer's? install only builds the peers.
#
# Without --full a sample: all codecs without and with loss, some content encodings, reordering and duplication, all
# modes. With it every codec with every content encoding, and every mode, through each condition of the network: none,
# loss of 10 %, 10 % of the datagrams overtaken by up to 32 others, 10 % sent twice. --results writes a line of JSON for
# each transfer, from which docs/interop.sh makes docs/interop.md.
#
# Schemes that the crate's command line has go through its command line, the others through interop/peer, which calls
# its library; flute-alc goes through interop/flute-alc. All are installed once into interop/.cache, which takes a few
# minutes. The programs of the command line never exit by themselves: they are ended here, by process id.
#
# Towards the peers, packets of FDT Instances keep their places and are not lost: the crate forgets a file whose last
# packet came before its FDT Instance (interop/faults.sh shows it). Towards ours they are treated as all others.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly RATE=60     # Mbit/s; the peer's receive buffer is 1 MiB at most, and it may not run for 100 ms
readonly TIMEOUT=40  # seconds for one transfer
readonly GRACE=8     # seconds for a receiver whose sender has ended: ours waits for 5 if a sender has stood still
readonly PART=0.1    # probability that a datagram is lost, overtaken or repeated
readonly TURNS=8     # transfers of each file in No-Code cases with loss: what one turn lost comes in another
readonly LINGER=3    # seconds for which a sender goes on with FDT Instances: each may be lost

# Sizes of files in bytes. With loss: whole blocks, so that each has repair symbols enough in a single turn.
readonly SIZES_LOSS=(300000 2000000) SIZES_SMALL=(0 1401 300000)

# rs2-M: Reed-Solomon over GF(2^M); -gG: G symbols in a packet, which the crate can only receive. raptor-N, raptorq-N: N
# sub-blocks.
readonly CODECS=(no-code rs rs129 rs2-4 rs2-8 rs2-8-g3 rs2-16 raptor raptor-5 raptorq raptorq-5)
readonly CODECS_ALC=(no-code rs rs129)
readonly ENCODINGS=(null zlib deflate gzip) CONDITIONS=(none loss reorder duplicate)

# How a session is described, sent by the one and by the other. toi-B: TOIs of B bits, the first one at random.
readonly MODES_OURS=(fdt-transfer fdt-full fdt-zlib fdt-deflate fdt-gzip fdt-rs fti-first fti-fdt times
	toi-16 toi-32 toi-48 toi-64 toi-80 toi-112 rfc3926 mbms-extended mbms-download dvb-mabr)
readonly MODES_THEIRS=(fdt-transfer fdt-zlib fdt-deflate fdt-gzip inband-cenc toi-16 toi-32 toi-48 toi-64 toi-80 toi-112
	rfc3926 l6)
readonly MODES_ALC=(fdt-zlib fdt-deflate fdt-gzip l6)

# mode SENDER NAME: sets the options of its program in mode_options.
mode() {
	mode_options=()
	case $1-$2 in
	*-'') ;;
	*-toi-*) mode_options=(--toi-bits "${2#toi-}" --first-toi random) ;;
	*-fdt-transfer) mode_options=(--fdt-mode transfer) ;;
	*-fdt-zlib | *-fdt-deflate | *-fdt-gzip) mode_options=(--fdt-cenc "${2#fdt-}") ;;
	ours-fdt-full) mode_options=(--fdt-mode full) ;;
	ours-fdt-rs) mode_options=(--fdt-fec rs) ;;
	ours-fti-*) mode_options=(--fti "${2#fti-}") ;;
	ours-times) mode_options=(--times sct,file-sct,ert,slc) ;;
	*-l6 | *-inband-cenc) mode_options=("--$2") ;;
	*) mode_options=(--profile "$2") ;;
	esac
}

# codec NAME: sets how files are coded. repair is a percentage: at a loss of 10 %, the chance that a block of these
# sizes is not decodable is below one in a million.
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
}

# sizes_of CENC CONDITION MODE: sets the sizes of files that a transfer has.
sizes_of() {
	local all=("${SIZES_SMALL[@]}") size
	if [[ -z $3 && $1 == null && $2 == loss && $scheme != no-code ]]; then
		all=("${SIZES_LOSS[@]}")
	elif [[ -z $3 && $1 == null && $2 == none ]]; then
		all=(0 1 16 $((symbol - 1)) "$symbol" $((symbol + 1)) 300000 5000000)
	elif [[ $2 == loss && $scheme != no-code ]]; then
		all=(300000)
	fi
	sizes=()
	for size in "${all[@]}"; do
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

receive_alc() { start "$1" "${alc[@]}" receive --group "$3:$4" "$2"; }

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
			--block "$block" --repair "$repair" --cenc "$cenc" --repeat "$turns" --linger "$linger" "${options[@]}" \
			"${mode_options[@]}" "$@"
	fi
}

send_alc() {
	local log=$1 group=$2 port=$3 cenc=$4 turns=$5
	shift 5
	start "$log" "${alc[@]}" send --to "$group:$port" --tsi "$tsi" --rate "$RATE" --fec "$scheme" --symbol "$symbol" \
		--block "$block" --repair "$repair" --cenc "$cenc" --repeat "$turns" "${mode_options[@]}" "$@"
}

# exits send|receive PROGRAM: whether the program of that side ends by itself.
exits() {
	case $1-$2 in
	*-ours | send-alc) true ;;
	receive-alc) false ;;
	*-theirs) ((!${#theirs[@]})) ;;
	esac
}

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

# transfer SENDER RECEIVER CODEC CENC CONDITION [MODE]: one session, all its files; a case is one file.
transfer() {
	local sender=$1 receiver=$2 cenc=$4 condition=$5 mode=${6-} mode_options
	local name="$sender -> $receiver $3" turns=1 linger=0 before=$failed
	local dir=$work/$sender-$receiver-$3-$cenc-$condition-$mode files=() size
	local group to rpid spid relay='' change=(-one-in 0) quiet overflows
	local scheme symbol block repair options smallest theirs sizes code
	codec "$3"
	mode "$sender" "$mode"
	if [[ -n $mode ]]; then
		name+=" $mode"
		if [[ $sender == theirs ]]; then theirs=(); fi # its command line has no modes
		if [[ $mode == inband-cenc ]]; then cenc=gzip; fi
	fi
	sizes_of "$cenc" "$condition" "$mode"
	[[ $cenc == null ]] || name+=" $cenc"
	next_ports
	local rport=$port
	group=$(group_of "$port")
	to=$group
	if [[ $condition != none ]]; then
		name+=", $condition $PART" rport=$((port + 1)) linger=$LINGER
		to=$(group_of "$rport")
		case $condition in
		loss) change=(-loss "$PART") ;;
		*) change+=("-$condition" "$PART") ;;
		esac
		# What is overtaken by the last packet of an object comes in the next turn: flute-rs wants nothing after that
		# one.
		if [[ $scheme == no-code && $condition == loss ]]; then
			turns=$TURNS
		elif [[ $scheme == no-code && $receiver != ours ]]; then
			turns=2
		fi
		if [[ $receiver != ours || $sender == alc ]]; then change+=(-spare-fdt); fi # flute-alc sends one FDT Instance
	fi
	rm -rf "$dir" # of the try before
	mkdir -p "$dir/in" "$dir/out"
	for size in "${sizes[@]}"; do
		make_file "$dir/in/size-$size.bin" "$size"
		files+=("$dir/in/size-$size.bin")
	done

	overflows=$(overflows)
	"receive_$receiver" "$dir/receiver.log" "$dir/out" "$to" "$rport" "${#files[@]}"
	rpid=$pid
	until_true "$START" receives "$to" "$rport" || bad "$name: the receiver does not listen"
	if [[ $condition != none ]]; then
		start "$dir/relay.log" "$droprelay" -from "$group:$port" -to "$to:$rport" "${change[@]}" -seed 1
		relay=$pid
		until_true "$START" says listening "$dir/relay.log" || bad "$name: the relay does not listen"
	fi
	"send_$sender" "$dir/sender.log" "$group" "$port" "$cenc" "$turns" "${files[@]}"
	spid=$pid quiet=$SECONDS

	if exits receive "$receiver"; then
		until_true $((TIMEOUT + 5)) over ended "$rpid" || true
		exit_code "$rpid"
		[[ $code == 0 ]] || bad "$name: the receiver's exit code is $code"
	else
		until_true "$TIMEOUT" over arrived "$dir/out" "${files[@]}" || true
	fi
	local file right=0
	for file in "${files[@]}"; do
		size=${file##*/size-} size=${size%.bin}
		if [[ ! -f $dir/out/${file##*/} ]]; then
			bad "$name, $size bytes: no file"
		elif [[ $(digest "$file") != $(digest "$dir/out/${file##*/}") ]]; then
			bad "$name, $size bytes: other bytes"
		else
			ok "$name, $size bytes"
			right=$((right + 1))
		fi
	done
	if [[ $receiver == ours && $condition == loss && $scheme != no-code ]] && ! says '"repaired":[1-9]' "$dir/receiver.log"; then
		bad "$name: the receiver says that it repaired nothing"
	fi
	if exits send "$sender"; then
		until_true "$TIMEOUT" ended "$spid" || true
		exit_code "$spid"
		[[ $code == 0 ]] || bad "$name: the sender's exit code is $code"
	fi
	stop "$spid"
	stop "$rpid"
	if [[ -n $relay ]]; then
		stop "$relay"
		says '\(dropped\|overtaken\|repeated\) [1-9]' "$dir/relay.log" || bad "$name: the relay did nothing"
	fi
	printf '{"sender":"%s","receiver":"%s","codec":"%s","encoding":"%s","condition":"%s","mode":"%s","files":%d,"right":%d}\n' \
		"$sender" "$receiver" "$3" "$cenc" "$condition" "$mode" "${#files[@]}" "$right" >"$result"
	if ((failed == before)); then
		rm -rf "$dir"
	elif (($(overflows) > overflows)); then
		echo "      $(($(overflows) - overflows)) datagrams found a full receive buffer meanwhile"
		touch "$result.overflow"
	fi
}

# alone INDEX ARGUMENT…: a transfer in a process of its own, which leaves what it says and its result in $work/INDEX.
alone() {
	local index=$1 result=$work/$1.json
	shift
	trap 'for child in $(jobs -pr); do kill "$child" 2>/dev/null || true; done' EXIT
	trap 'exit 130' INT TERM
	passed=0 failed=0 port=$((first_port + 4 * index)) tsi=$((first_tsi + index))
	transfer "$@" >"$work/$index.log" 2>&1
	echo "$passed $failed" >"$work/$index.counts"
}

# tell INDEX: prints what a transfer said and counts its cases.
tell() {
	local counts=(0 1)
	if [[ -s $work/$1.counts ]]; then read -ra counts <"$work/$1.counts"; else echo "FAIL  ${cases[$1]}: it broke off"; fi
	cat "$work/$1.log"
	passed=$((passed + counts[0])) failed=$((failed + counts[1]))
	if [[ -n $results && -s $work/$1.json ]]; then cat "$work/$1.json" >>"$results"; fi
}

# run: all cases, some at once. One that failed while datagrams found a full receive buffer is tried again, alone: for
# want of a processor neither side is to blame.
run() {
	local index again=()
	for index in "${!cases[@]}"; do
		while (($(jobs -pr | wc -l) >= jobs_at_once)); do wait -n || true; done
		# shellcheck disable=SC2086 # words
		alone "$index" ${cases[$index]} &
	done
	wait || true
	for index in "${!cases[@]}"; do
		if [[ -e $work/$index.json.overflow ]]; then again+=("$index"); else tell "$index"; fi
	done
	for index in "${again[@]}"; do
		echo "again, alone: ${cases[$index]}"
		rm "$work/$index.json.overflow"
		# shellcheck disable=SC2086
		alone "$index" ${cases[$index]} &
		wait $! || true
		tell "$index"
	done
}

# plan DIRECTION: adds the cases of a direction.
plan() {
	local sides="${1/-/ }" word cenc condition all=("${CODECS[@]}") all_modes=("${MODES_OURS[@]}") told=" ${modes[*]} "
	case $1 in
	*alc*) all=("${CODECS_ALC[@]}") ;;
	esac
	case $1 in
	theirs-*) all_modes=("${MODES_THEIRS[@]}") ;;
	alc-*) all_modes=("${MODES_ALC[@]}") ;;
	esac
	for word in "${all[@]}"; do
		if [[ " ${codecs[*]} " != *" $word "* || $word == *-g* && $1 == theirs-* ]]; then continue; fi
		for cenc in "${ENCODINGS[@]}"; do
			for condition in "${CONDITIONS[@]}"; do
				if [[ -n $full ]]; then
					cases+=("$sides $word $cenc $condition")
					continue
				fi
				case $word-$cenc-$condition in
				*-null-none | *-null-loss | no-code-gzip-none | rs-gzip-none | no-code-null-* | raptorq-null-*)
					cases+=("$sides $word $cenc $condition")
					;;
				esac
			done
		done
	done
	if [[ $1 == *-alc ]]; then return; fi # the receiver is that of theirs
	for word in "${all_modes[@]}"; do
		if [[ $told != *" $word "* ]]; then continue; fi
		for condition in "${CONDITIONS[@]}"; do
			if [[ -n $full || $condition == none ]]; then cases+=("$sides no-code null $condition $word"); fi
		done
	done
}

main() {
	local directions=() codecs=() modes=() cases=() word full='' results='' jobs_at_once
	local all_modes=" ${MODES_OURS[*]} ${MODES_THEIRS[*]} "
	jobs_at_once=$(getconf _NPROCESSORS_ONLN)
	while (($#)); do
		word=$1
		shift
		case $word in
		--full) full=yes ;;
		--jobs) jobs_at_once=$1 && shift ;;
		--results) results=$(realpath "$1") && shift ;;
		install) directions+=(install) ;;
		ours-* | theirs-* | alc-*) directions+=("$word") ;;
		*)
			if [[ $all_modes == *" $word "* ]]; then
				modes+=("$word")
			elif [[ " ${CODECS[*]} " == *" $word "* ]]; then
				codecs+=("$word")
			else
				echo "no codec or mode $word; there are ${CODECS[*]}$all_modes" >&2 && exit 2
			fi
			;;
		esac
	done
	((${#directions[@]})) || directions=(ours-theirs theirs-ours ours-alc alc-ours)
	if ((!${#codecs[@]} && !${#modes[@]})); then
		codecs=("${CODECS[@]}") modes=("${MODES_OURS[@]}" "${MODES_THEIRS[@]}")
	fi
	install_peer
	if [[ ${directions[*]} == *alc* || ${directions[*]} == install ]]; then install_flute_alc; fi
	if [[ ${directions[*]} == install ]]; then exit 0; fi
	build
	for word in "${directions[@]}"; do
		if [[ $word == *alc* && ${#alc[@]} == 0 ]]; then
			echo "no flute-alc: $word is left out"
		else
			plan "$word"
		fi
	done
	if [[ -n $results ]]; then : >"$results"; fi
	first_port=$((20000 + RANDOM % 9000)) first_tsi=$((RANDOM + 1))
	run
	total "flute-rs and flute-alc $FLUTE_RS, ${#cases[@]} transfers, $SECONDS s"
}

main "$@"
