#!/usr/bin/env bash
# Moves one file over a pair of virtual Ethernet interfaces between two network namespaces, with flute-node and with
# others that send files by multicast, and prints a table in Markdown: the highest rate at which the file arrives each
# time, the time that takes, also as a part of UFTP's, the processor time of both sides, and the time with losses.
#
#   interop/compare.sh [-n RUNS] [-s MIB] [TOOL…]
#
# Without arguments: 3 runs of 256 MiB, all tools. It installs what is missing from Debian's packages (uftp, udpcast,
# libnorm-dev, nftables, iproute2, g++, bc), builds the crate flute with cargo as flute-rs.sh does, and needs root for
# the namespaces. A run begins when the sender's command is started, and ends when the whole file is there. The others
# compute the digests that they compute by default; flute-node once those, once SHA-256 alone (flute-node-sha256), and
# once none (flute-node-plain). On a machine that is not idle, `chrt -r 10 interop/compare.sh` lets the programs go
# first.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly RATES=(20000 10000 6000 4000 3000 2000 1000 500 300 200 100) # Mbit/s, tried in this order
readonly LOSS_RATE=100 LOSS_MIB=32                        # of the runs with losses
readonly LOSS=1                                           # percent of datagrams, dropped where they arrive
readonly LIMIT=5                                          # seconds of one run, besides twice what its rate makes
readonly GRACE=3                                          # seconds for a receiver whose sender has ended
readonly GROUP=239.255.72.1
readonly TX=flute-node-tx-$$ RX=flute-node-rx-$$ # namespaces

readonly TOOLS=(flute-node flute-node-sha256 flute-node-plain flute-node-raptorq flute-rs flute-rs-raptorq
	uftp udpcast udpcast-oneway norm)
declare -A TITLE=(
	[flute-node]="flute-node, no-code" [flute-node-raptorq]="flute-node, RaptorQ, 5 % repair"
	[flute-node-sha256]="flute-node, no-code" [flute-node-plain]="flute-node, no-code"
	[flute-rs]="flute-rs, no-code" [flute-rs-raptorq]="flute-rs, RaptorQ, 5 % repair"
	[uftp]="UFTP" [udpcast]="udpcast" [udpcast-oneway]="udpcast, one-way, FEC 8x8/128" [norm]="NORM (libnorm)"
)
# What comes back from a receiver, and which digests are computed on the way.
declare -A BACK=([uftp]="NAK" [udpcast]="acknowledgement" [norm]="NAK")
declare -A DIGEST=([flute-node]="MD5, SHA-256" [flute-node-raptorq]="MD5, SHA-256" [flute-node-sha256]="SHA-256"
	[flute-rs]="MD5" [flute-rs-raptorq]="MD5")

# By tool, what was measured: Mbit/s, seconds, seconds of processor time, and the time with losses.
declare -A best seconds processor lossy

runs=3 mib=256 port=$((20000 + RANDOM % 9000))

# need COMMAND-OR-FILE PACKAGE
need() {
	if command -v "$1" >/dev/null || [[ -e $1 ]]; then return; fi
	command -v apt-get >/dev/null || skip "$1 is missing"
	install_package "$2" || { apt-get update -qq && install_package "$2"; } || skip "$2 cannot be installed"
}

install_package() {
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >/dev/null
}

prepare() {
	[[ $(id -u) == 0 ]] || skip "namespaces need root"
	need ip iproute2
	need uftp uftp
	need udp-sender udpcast
	need nft nftables
	need /usr/include/normApi.h libnorm-dev
	need g++ g++
	need bc bc
	g++ -O2 -o "$work/norm" "$root/interop/norm/norm.cpp" -lnorm
	install_flute_rs
	build
	trap 'ip netns del "$TX" 2>/dev/null || true; ip netns del "$RX" 2>/dev/null || true; cleanup' EXIT
	two_namespaces 10.72.0
}

# losing yes|no: whether datagrams are dropped where they arrive at the receiver.
losing() {
	ip netns exec "$RX" nft flush ruleset
	if [[ $1 == yes ]]; then
		ip netns exec "$RX" nft -f - <<-END
			table inet loss {
				chain input {
					type filter hook input priority 0;
					meta l4proto udp numgen random mod 100 < $LOSS drop
				}
			}
		END
	fi
}

# In the place of the shell, so that its process id is that of the program.
tx() { exec ip netns exec "$TX" "$@"; }
rx() { exec ip netns exec "$RX" "$@"; }

# receive TOOL DIR, send TOOL RATE FILE
receive() {
	case $1 in
	flute-node*) rx "$flute_node" receive --group "$GROUP:$port" --interface vrx --objects 1 "$2" ;;
	flute-rs*) rx "$peer_receiver" -g "$GROUP" -p "$port" -i 10.72.0.2 "$2" ;;
	uftp) rx uftpd -d -I vrx -M "$GROUP" -p "$port" -D "$2" -B 8388608 -L "$2.log" ;;
	udpcast*) rx udp-receiver --interface vrx --portbase $((port & ~1)) --mcast-rdv-address "$GROUP" --file "$2/file" \
		--nokbd ;;
	norm) rx "$work/norm" receive "$GROUP" "$port" vrx "$2" ;;
	esac
}

send() {
	local options
	case $1 in
	flute-node*)
		options=(--fec no-code)
		case $1 in
		*-raptorq) options=(--fec raptorq --block 1024 --repair 5%) ;;
		*-sha256) options+=(--digest sha-256) ;;
		*-plain) options+=(--digest none) ;;
		esac
		tx "$flute_node" send --to "$GROUP:$port" --interface vtx --rate "$2Mbit" "${options[@]}" "$3"
		;;
	flute-rs*)
		options=(--fec no-code --source-block-length 64)
		if [[ $1 == flute-rs-raptorq ]]; then options=(--fec raptorq --source-block-length 1024 --parity-symbols 52); fi
		tx "$peer_sender" -d "$GROUP" -p "$port" --bind 10.72.0.1:0 --tsi 1 -b "$2000" \
			--max-transfer-count 1 "${options[@]}" --symbol-length 1400 "$3"
		;;
	uftp) tx uftp -R "$2000" -I vtx -M "$GROUP" -P "$GROUP" -p "$port" -B 8388608 -r 0.02 "$3" ;;
	udpcast) tx udp-sender --interface vtx --portbase $((port & ~1)) --mcast-rdv-address "$GROUP" --file "$3" --nokbd \
		--min-receivers 1 --max-bitrate "$2m" ;;
	udpcast-oneway) tx udp-sender --interface vtx --portbase $((port & ~1)) --mcast-rdv-address "$GROUP" --file "$3" \
		--nokbd --async --autostart 1 --rexmit-hello-interval 100 --fec 8x8/128 --max-bitrate "$2m" ;;
	norm) tx "$work/norm" send "$GROUP" "$port" vtx "$2" "$3" ;;
	esac
}

# used PID: processor time of a process and of its children so far, in clock ticks.
used() {
	local total=0 p stat
	for p in "$1" $(pgrep -P "$1" || true); do
		if stat=$(cat "/proc/$p/stat" 2>/dev/null); then
			# shellcheck disable=SC2086 # fields
			set -- ${stat##*) }
			total=$((total + ${12} + ${13} + ${14} + ${15}))
		fi
	done
	echo "$total"
}

now() { echo "${EPOCHREALTIME/[.,]/}"; } # µs

# transfer TOOL RATE FILE: one run. $took has the seconds and $cpu the seconds of processor time of both sides; it fails
# if the file does not arrive.
transfer() {
	local tool=$1 rate=$2 file=$3 dir=$work/in began ended=0 u v usedr=0 useds=0 code=1 rpid spid
	local limit=$((LIMIT * 1000000 + 16 * $(stat -c %s "$file") / rate)) # µs
	rm -rf "$dir" && mkdir "$dir"
	port=$((port + 4))
	receive "$tool" "$dir" >"$work/receiver.log" 2>&1 </dev/null &
	rpid=$!
	sleep 0.5
	began=$(now)
	send "$tool" "$rate" "$file" >"$work/sender.log" 2>&1 </dev/null &
	spid=$!
	while (($(now) < began + limit)); do
		u=$(used "$rpid") v=$(used "$spid")
		((u > usedr)) && usedr=$u
		((v > useds)) && useds=$v
		if [[ $(stat -c %s "$dir/file" 2>/dev/null) == $(stat -c %s "$file") ]] && cmp -s "$file" "$dir/file"; then
			took=$(printf '%.2f' "$(bc <<<"scale=3; ($(now) - $began) / 1000000")")
			cpu=$(printf '%.2f' "$(bc <<<"scale=3; ($usedr + $useds) / $(getconf CLK_TCK)")")
			code=0
			break
		fi
		if alive "$spid"; then ended=$(now); elif (($(now) > ended + GRACE * 1000000)); then break; fi
		sleep 0.02
	done
	# Not stop: udp-sender does not end for a signal that it can catch.
	kill -KILL "$spid" "$rpid" 2>/dev/null || true
	wait "$spid" "$rpid" 2>/dev/null || true
	return "$code"
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# all TOOL RATE FILE: all runs at one rate; $took and $cpu have the medians.
all() {
	local i times=() cpus=()
	for ((i = 0; i < runs; i++)); do
		transfer "$@" || return 1
		times+=("$took") cpus+=("$cpu")
	done
	took=$(printf '%s\n' "${times[@]}" | median)
	cpu=$(printf '%s\n' "${cpus[@]}" | median)
}

main() {
	local tools tool rate
	while getopts n:s: option; do
		case $option in
		n) runs=$OPTARG ;;
		s) mib=$OPTARG ;;
		*) exit 2 ;;
		esac
	done
	shift $((OPTIND - 1))
	tools=("$@")
	((${#tools[@]})) || tools=("${TOOLS[@]}")
	prepare
	mkdir "$work/big" "$work/small"
	head -c "${mib}M" /dev/urandom >"$work/big/file"
	head -c "${LOSS_MIB}M" /dev/urandom >"$work/small/file"
	echo "$mib MiB; medians of $runs runs; $(nproc) processors," \
		"$(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)"
	echo
	for tool in "${tools[@]}"; do
		losing no
		for rate in "${RATES[@]}"; do
			if all "$tool" "$rate" "$work/big/file"; then
				best[$tool]=$rate seconds[$tool]=$took processor[$tool]=$cpu
				break
			fi
		done
		losing yes
		if all "$tool" "$LOSS_RATE" "$work/small/file"; then lossy[$tool]="$took s"; fi
		echo "$tool: ${best[$tool]-no rate} Mbit/s, ${seconds[$tool]--} s" >&2 # the table comes at the end
	done
	table "${tools[@]}"
}

# table TOOL…: what main has measured.
table() {
	local tool row ratio
	echo "| | way back | digests | highest rate | time | of UFTP's | processor time |" \
		"$LOSS_MIB MiB at $LOSS_RATE Mbit/s, $LOSS % lost |"
	echo "|---|---|---|---|---|---|---|---|"
	for tool in "$@"; do
		row="| ${TITLE[$tool]} | ${BACK[$tool]-none} | ${DIGEST[$tool]-none} | "
		if [[ -v best[$tool] ]]; then
			ratio=-
			if [[ -v seconds[uftp] ]]; then ratio=$(printf '%.2f' "$(bc <<<"scale=3; ${seconds[$tool]} / ${seconds[uftp]}")"); fi
			row+="${best[$tool]} Mbit/s | ${seconds[$tool]} s | $ratio | ${processor[$tool]} s | "
		else
			row+="- | - | - | - | "
		fi
		echo "$row${lossy[$tool]-does not arrive} |"
	done
}

main "$@"
