#!/usr/bin/env bash
# What is asked of the speed of one large file, one line each: `interop/rate.sh [DIR]`, as root, on a machine that does
# nothing else. DIR is on the disk that is measured; default a temporary folder. SIZE is that of the file, FIRST of the
# one whose first packet is measured, RUNS how often each is measured.
#
#   - the part of the limit, with SHA-256, with MD5 and without digest: at least 70 %; what its processors and its disk
#     take at least
#   - RaptorQ with 5 % repair symbols, 2 % of the datagrams lost: at least half as fast as without a code
#   - a file of 3 GiB: its first packet after 100 ms at most
#   - receive and send as two processes, over the loopback interface and over a veth pair, at the highest rate at which
#     all runs arrive, which is searched to 5 %: within 10 % of each other, and at most 128 MiB of memory each; and who
#     dropped what at the lowest rate at which one did not: "mailbox" is the session, whose disk or processor is late
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
size=${SIZE:-2GiB} first=${FIRST:-3GiB} runs=${RUNS:-5}
dir=${1:-$work}
RX=flute-rate-rx-$$ TX=flute-rate-tx-$$ # namespaces
build
command -v jq >/dev/null || skip "no jq"
[[ -x /usr/bin/time ]] || skip "no /usr/bin/time"
[[ $(id -u) == 0 ]] || skip "namespaces need root"

bench() { "$flute_node" bench file --json --dir "$dir" --runs "$runs" "$@" | grep '"operation":"file"'; }

sync
bench --size "$size" | tee "$work/plain" |
	jq -r '"\(.digest | if . == "" then "none" else . end): \(.median * 100 | round / 100) s, "
		+ "\(.share_of_limit * 100 | round) % of the limit (processors \(.processor_limit_seconds * 100 | round / 100) s, "
		+ "disk \(.disk_seconds * 100 | round / 100) s)"'
none=$(jq 'select(.digest == "").median' "$work/plain")
bench --size "$size" --digest none --fec raptorq --repair 5% --loss 2% |
	jq -r --argjson none "$none" '"raptorq, 5 %, 2 % lost: \(.median * 100 | round / 100) s, "
		+ "\($none / .median * 100 | round) % of no-code"'
runs=1 bench --size "$first" --digest sha-256 |
	jq -r --arg size "$first" '"\($size): first packet after \(.first_packet_ms | round) ms"'

# arrives RATE RECEIVER SENDER INTERFACE INTERFACE: whether the file arrives in all runs at so many Mbit/s; most_rx and
# most_tx become the most memory of both, and why who dropped what, if it does not. What is no loss of the file ends the
# script: it would pass for a low rate.
arrives() {
	local run to code
	most_rx=0 most_tx=0
	for ((run = 0; run < runs; run++)); do
		rm -rf "$dir/rate-in"
		next_ports
		to=$(group_of "$port"):$port
		# shellcheck disable=SC2086 # the next two are commands with arguments, or empty
		start "$work/rx" /usr/bin/time -f 'memory %M' $2 "$flute_node" receive --json --group "$to" \
			--interface "$4" --timeout 60s "$dir/rate-in"
		until_true "$START" grep -q '"event":"ready"' "$work/rx" || broken "the receiver has not begun" "$work/rx"
		# shellcheck disable=SC2086 # as above
		/usr/bin/time -f 'memory %M' $3 "$flute_node" send --json --quiet --digest none --fec no-code \
			--rate "${1}Mbit" --to "$to" --interface "$5" "$dir/rate-file" >"$work/tx" 2>&1 ||
			broken "the file was not sent" "$work/tx"
		code=0
		wait "$pid" || code=$?
		if ((code != 0)); then
			why=$(grep '"event":"summary"' "$work/rx" | jq -r '"dropped \(.dropped), by the kernel \(.kernel_drops)"')
			return 1
		fi
		most_rx=$(memory "$work/rx" "$most_rx") most_tx=$(memory "$work/tx" "$most_tx")
	done
}

# broken WHAT LOG: ends the script.
broken() {
	bad "$1"
	tail -n 5 "$2"
	exit 1
}

# over TITLE RECEIVER SENDER INTERFACE INTERFACE: prints the highest rate at which the file arrives in all runs, to 5 %,
# and the most memory of both. RECEIVER and SENDER are what runs their commands, or empty; the interfaces are theirs. It
# runs in no subshell: remove would not know of its receivers.
over() {
	local title=$1 rate low=0 high=0 best_rx best_tx why=""
	shift
	for rate in 24000 20000 16000 14000 12000 10000 8000 6000 5000 4000 3000 2000 1000; do
		if arrives "$rate" "$@"; then
			low=$rate best_rx=$most_rx best_tx=$most_tx
			break
		fi
		high=$rate
	done
	((low > 0)) || { echo "$title: at none of the rates"; return; }
	while ((high - low > low / 20)); do
		rate=$(((low + high) / 2))
		if arrives "$rate" "$@"; then
			low=$rate best_rx=$most_rx best_tx=$most_tx
		else
			high=$rate
		fi
	done
	echo "$title: $low Mbit/s, memory of the receiver $((best_rx / 1024)) MiB, of the sender $((best_tx / 1024)) MiB"
	((high == 0)) || echo "$title: $high Mbit/s: $why"
}

# memory LOG MOST: the most that a program has held, or MOST.
memory() { awk -v most="$2" '$1 == "memory" && $2 > most { most = $2 } END { print most }' "$1"; }

port=4100
head -c "$(numfmt --from=iec-i --suffix=B "$size" | tr -d B)" /dev/urandom >"$dir/rate-file"
sync
remove() {
	local job
	for job in $(jobs -pr); do # time(1), which leaves its command behind
		# shellcheck disable=SC2046 # a list of ids
		kill $(cat "/proc/$job/task/$job/children") 2>/dev/null || true
	done
	ip netns del "$TX" 2>/dev/null || true
	ip netns del "$RX" 2>/dev/null || true
	rm -rf "$dir/rate-in" "$dir/rate-file"
	cleanup
}
trap remove EXIT
over loopback "" "" lo lo
two_namespaces 10.73.0
over veth "ip netns exec $RX" "ip netns exec $TX" vrx vtx
