#!/usr/bin/env bash
# Reproduces the faults of peers that docs/interop.md names: what each of them does in a situation, and what this
# project does in the same. A peer that has mended a fault fails here, too: then the page is to be corrected.
#
#   interop/faults.sh [--results FILE] [FAULT…]
#
# Programs: ours; cli, the command line of the Rust crate flute; lib, its library (interop/peer); alc, its Python
# package (interop/flute-alc). --results adds a line of JSON for each fault to a file, for docs/interop.sh.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly PATIENCE=12 # seconds for what a peer is not expected to do; LONG for what is to arrive
readonly LONG=40
readonly QUIET=5     # seconds after which nothing arrives any more; flute-node waits as long where a sender stood still
readonly AT_ONCE=4
readonly FAULTS=(late-packet late-fdt empty-raptorq empty-raptor names large-block large-datagram several-symbols link
	later-pass two-sources empty-fdt namespace)

# describe FAULT: what it is, and whose; and the trials: words SENDER>RECEIVER=right|wrong, as they are expected.
describe() {
	case $1 in
	late-packet)
		text="A packet that comes after the one with the B flag is not taken: the object is lost, though every packet \
has come. RFC 5651, section 5.1, lets a receiver assume that none comes; but packets may overtake one another."
		trials=(ours'>'ours=right ours'>'cli=wrong ours'>'alc=wrong cli'>'cli=wrong cli'>'ours=right)
		;;
	late-fdt)
		text="An object whose packets, the one with the B flag among them, have come before its FDT Instance is \
forgotten (RFC 6726, section 3.2: packets of files may come before any FDT Instance)."
		trials=(ours'>'ours=right ours'>'cli=wrong cli'>'cli=wrong cli'>'ours=right)
		;;
	empty-raptorq)
		text="A file of no bytes is sent with RaptorQ as no source block (Z = 0) and some repair symbols; its own \
receiver takes none."
		trials=(ours'>'ours=right ours'>'cli=wrong cli'>'cli=wrong cli'>'ours=right)
		;;
	empty-raptor)
		text="The same with Raptor."
		trials=(ours'>'ours=right ours'>'cli=wrong cli'>'cli=wrong cli'>'ours=right)
		;;
	names)
		text="A percent-encoded Content-Location is not decoded: 'two words.txt' arrives as 'two%20words.txt'."
		trials=(ours'>'ours=right ours'>'cli=wrong cli'>'cli=wrong cli'>'ours=right)
		;;
	large-block)
		text="An object with a source block of more than 10 MiB is never received."
		trials=(ours'>'ours=right ours'>'cli=wrong cli'>'cli=wrong cli'>'ours=right)
		;;
	large-datagram)
		text="The command line reads at most 2,048 bytes of a datagram and pads the rest with zeros."
		trials=(ours'>'ours=right ours'>'cli=wrong cli'>'cli=wrong ours'>'lib=right)
		;;
	several-symbols)
		text="Packets with several encoding symbols are dropped, but for FEC Encoding ID 2."
		trials=(ours'>'ours=right ours'>'lib=wrong)
		;;
	later-pass)
		text="With --no-receive-once a file that is whole is truncated when its next transfer begins, and is lost if \
the sender ends in the middle of that."
		trials=(ours'>'ours=right ours'>'cli=wrong)
		;;
	two-sources)
		text="Two senders of one group that have the same TSI are merged: TSI and TOI alone tell objects apart, not \
the source address (RFC 6726, section 3.1: the TSI is scoped by the address of the sender)."
		trials=(cli'>'ours=right cli'>'cli=wrong)
		;;
	empty-fdt)
		text="With FDT Instances that describe the files in transfer only, the first one describes none (RFC 6726, \
section 3.2: at least one). flute-node inspect tells so as rule E15."
		trials=(ours'>'inspect=right lib'>'inspect=wrong)
		;;
	namespace)
		text="FDT Instances of FLUTE version 2 have the namespace that 3GPP gave those of version 1 (RFC 6726, section \
3.4.2, has urn:ietf:params:xml:ns:fdt)."
		trials=(ours'>'inspect=right lib'>'inspect=wrong alc'>'inspect=wrong)
		;;
	link)
		text="A symbolic link in the receiver's folder is followed: who sends a file of its name overwrites what it \
points to, outside of the folder."
		trials=(ours'>'ours=right ours'>'cli=wrong ours'>'alc=wrong)
		;;
	esac
}

# prepare FAULT: the file, and what programs are told.
prepare() {
	file=file.bin size=300000 relay_options=() ours=() cli=() lib=() ours_receives=() cli_receives=()
	case $1 in
	late-packet) relay_options=(-one-in 0 -late-at 100) ;;
	late-fdt) relay_options=(-one-in 0 -late-fdt) ;;
	empty-raptorq) size=0 ours=(--fec raptorq) cli=(--fec raptorq) ;;
	empty-raptor) size=0 ours=(--fec raptor) cli=(--fec raptor) ;;
	names) file='two words.txt' ;;
	large-block) size=12000000 ours=(--block 9000) cli=(--source-block-length 9000) ;;
	large-datagram) ours=(--symbol 4000) cli=(--symbol-length 4000) ;;
	several-symbols) ours=(--fec raptorq --symbol 400 --group 3) ;;
	empty-fdt) ours=(--fdt-mode transfer) lib=(--fdt-mode transfer) ;;
	later-pass) ours=(--rate 2Mbit --repeat forever) ours_receives=(--once off) cli_receives=(--no-receive-once) ;;
	esac
}

send() {
	case $1 in
	ours)
		start "$dir/sender.log" "$flute_node" send --to "$group:$port" --interface lo --tsi "$tsi" --rate 100Mbit \
			--fec no-code --symbol 1400 --block 64 "${ours[@]}" "$dir/in/$file"
		;;
	cli)
		start "$dir/sender.log" "$peer_sender" -d "$group" -p "$port" --bind 127.0.0.1:0 --tsi "$tsi" "${cli[@]}" \
			"$dir/in/$file"
		;;
	lib) start "$dir/sender.log" "$peer" send --to "$group:$port" --tsi "$tsi" "${lib[@]}" "$dir/in/$file" ;;
	alc) start "$dir/sender.log" "${alc[@]}" send --to "$group:$port" --tsi "$tsi" "$dir/in/$file" ;;
	esac
	spid=$pid
}

receive() {
	case $1 in
	ours) start "$dir/receiver.log" "$flute_node" receive --group "$to:$rport" --interface lo --max-datagram 9000 \
		--until forever "${ours_receives[@]}" "$dir/out" ;;
	cli) start "$dir/receiver.log" "$peer_receiver" -g "$to" -p "$rport" -i 127.0.0.1 "${cli_receives[@]}" "$dir/out" ;;
	lib) start "$dir/receiver.log" "$peer" receive --group "$to:$rport" --timeout 30 "$dir/out" ;;
	inspect) start "$dir/receiver.log" "$flute_node" capture --group "$to:$rport" --interface lo \
		"$dir/capture.pcapng" ;;
	alc) start "$dir/receiver.log" "${alc[@]}" receive --group "$to:$rport" "$dir/out" ;;
	esac
	rpid=$pid
}

# arrived FAULT: whether the receiver has done what it should.
arrived() {
	cmp -s "$dir/in/$file" "$dir/out/$file" || return 1
	case $1 in
	link) [[ $(wc -c <"$dir/victim") == 5 ]] ;;
	two-sources) cmp -s "$dir/in/other.bin" "$dir/out/other.bin" ;;
	esac
}

# judge FAULT: what inspect says of the capture, once the sender has ended.
judge() {
	until_true "$LONG" ended "$spid" || true
	sleep 1
	stop "$rpid"
	"$flute_node" inspect "$dir/capture.pcapng" >"$dir/verdict" 2>"$dir/inspect.log" || true
	says 'FLUTE version 2' "$dir/verdict" || return 0 # nothing to judge
	case $1 in
	empty-fdt) if says E15 "$dir/verdict"; then echo wrong; else echo right; fi ;;
	namespace) if says 'namespace urn:ietf:params:xml:ns:fdt' "$dir/verdict"; then echo right; else echo wrong; fi ;;
	esac
}

# broken: whether a program has ended that should not have, or failed: then nothing is shown of a peer.
broken() {
	ended "$rpid" && return
	exit_code "$spid"
	[[ $code != 0 && $code != running && $code != 137 ]] # 137: killed here
}

# trial FAULT SENDER RECEIVER EXPECTED: prints right or wrong, or broken.
trial() {
	local fault=$1 group to rport=$port file size relay_options ours cli lib ours_receives cli_receives
	local spid rpid end code quiet=$QUIET
	prepare "$fault"
	mkdir -p "$dir/in" "$dir/out"
	make_file "$dir/in/$file" "$size"
	group=$(group_of "$port")
	if ((${#relay_options[@]})); then rport=$((port + 1)); fi
	to=$(group_of "$rport")
	if [[ $fault == link ]]; then
		echo mine >"$dir/victim"
		ln -s ../victim "$dir/out/$file"
	fi
	receive "$3"
	until_true "$START" receives "$to" "$rport" || true
	sleep 0.3
	if ((${#relay_options[@]})); then
		start "$dir/relay.log" "$droprelay" -from "$group:$port" -to "$to:$rport" "${relay_options[@]}"
		until_true "$START" says listening "$dir/relay.log" || true
	fi
	if [[ $fault == two-sources ]]; then
		make_file "$dir/in/other.bin" 400000
		start "$dir/other.log" "$peer_sender" -d "$group" -p "$port" --bind 127.0.0.2:0 --tsi "$tsi" -b 3000 \
			"$dir/in/other.bin"
		cli=(-b 3000)
	fi
	send "$2"
	if [[ $3 == inspect ]]; then
		judge "$fault"
		return
	fi
	end=$((SECONDS + PATIENCE))
	if [[ $4 == right ]]; then end=$((SECONDS + LONG)) quiet=$((3 * QUIET)); fi
	until arrived "$fault" || ((SECONDS > end)); do
		if ended "$spid"; then end=$((end < SECONDS + quiet ? end : SECONDS + quiet)); fi
		sleep 0.2
	done
	if [[ $fault == later-pass ]]; then
		sleep 0.5
		interrupted "$fault"
		kill -9 "$spid"
		wait "$spid" 2>/dev/null || true
	fi
	if arrived "$fault"; then
		echo right
	elif broken; then
		echo broken
	else
		echo wrong
	fi
}

# interrupted FAULT: stops the sender in the middle of a later transfer. Between two of them the file is whole for a
# moment, with a receiver that truncates it, too: then the sender goes on. With one that does not it always is whole.
interrupted() {
	local try
	for try in 1 2 3 4; do
		kill -STOP "$spid"
		sleep 1 # what was sent is read
		arrived "$1" || return 0
		kill -CONT "$spid"
		sleep "0.$try"
	done
	kill -STOP "$spid"
	sleep 1
}

# lacking PAIR: whether a program of it is not there.
lacking() { [[ $1 == *alc* && ${#alc[@]} == 0 ]]; }

# alone INDEX FAULT SENDER RECEIVER EXPECTED: a trial in a process of its own. What should have arrived and has not is
# tried again if meanwhile datagrams found a full receive buffer: for want of a processor neither side is to blame.
alone() {
	local index=$1 port=$((first_port + 4 * $1)) tsi=$((1000 + $1)) dir try before
	trap 'for child in $(jobs -pr); do kill "$child" 2>/dev/null || true; done' EXIT
	trap 'exit 130' INT TERM
	for try in 1 2 3; do
		dir=$work/$index before=$(overflows)
		rm -rf "$dir"
		mkdir "$dir"
		next_ports
		trial "${@:2}" >"$work/$index.outcome"
		[[ $5 == right && $(<"$work/$index.outcome") == wrong ]] && (($(overflows) > before)) || break
		for child in $(jobs -pr); do kill "$child" 2>/dev/null || true; done
		wait || true
		echo "again: $2, $3 -> $4 (try $try)"
	done
}

main() {
	local results='' wanted=() fault index=0 first_port=$((20000 + RANDOM % 9000)) text trials t pair line outcome
	while (($#)); do
		case $1 in
		--results) results=$(realpath "$2") && shift ;;
		*) wanted+=("$1") ;;
		esac
		shift
	done
	((${#wanted[@]})) || wanted=("${FAULTS[@]}")
	install_flute_rs
	build_peer
	install_flute_alc
	build
	for fault in "${wanted[@]}"; do
		describe "$fault"
		for t in "${trials[@]}"; do
			pair=${t%=*}
			if lacking "$pair"; then
				index=$((index + 1))
				continue
			fi
			while (($(jobs -pr | wc -l) >= AT_ONCE)); do wait -n || true; done
			alone "$index" "$fault" "${pair%>*}" "${pair#*>}" "${t#*=}" &
			index=$((index + 1))
		done
	done
	wait || true
	index=0
	for fault in "${wanted[@]}"; do
		describe "$fault"
		line=
		for t in "${trials[@]}"; do
			pair=${t%=*}
			if ! lacking "$pair"; then
				outcome='nothing came of it'
				if [[ -s $work/$index.outcome ]]; then outcome=$(<"$work/$index.outcome"); fi
				if [[ $outcome == "${t#*=}" ]]; then
					ok "$fault: ${pair/>/ -> }: $outcome"
				else
					bad "$fault: ${pair/>/ -> }: $outcome, not ${t#*=}; see $work/$index"
				fi
				line+="${line:+,}\"${pair/>/ → }\":\"$outcome\""
			fi
			index=$((index + 1))
		done
		if [[ -n $results ]]; then
			printf '{"fault":"%s","text":"%s","outcomes":{%s}}\n' "$fault" "$text" "$line" >>"$results"
		fi
	done
	total "faults of peers, $SECONDS s"
}

main "$@"
