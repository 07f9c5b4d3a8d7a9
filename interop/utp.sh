#!/usr/bin/env bash
# uTP between flute-node and its peers, both ways: libutp (through the npm package utp-native) and the crate
# librqbit-utp, on loopback and through a relay that loses 1 % and 5 % of the datagrams of each direction. The file that
# arrives must have the digest of the one that was sent.
#
#   interop/utp.sh [BYTES]      of the file; 64 MiB unless said otherwise, at most 4 MiB where a peer sends and
#                               datagrams are lost
#   interop/utp.sh install      only installs the peers
#
# Exit codes: see lib.sh. A peer that cannot be installed skips its cases; without any the script is skipped.
set -euo pipefail
# shellcheck source=interop/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly limit=120 # seconds a transfer may take, also on a machine that has much else to do

port=$((16000 + RANDOM % 4000))
# receive_by WHO PORT FILE, send_by WHO PORT FILE: the commands, with their output on standard error.
receive_by() {
	case $1 in
	ours) timeout -k 5 $limit "$flute_node" utp receive --listen "127.0.0.1:$2" - >"$3" ;;
	libutp) timeout -k 5 $limit node "$libutp/peer.js" receive "$2" "$3" >&2 ;;
	librqbit) timeout -k 5 $limit "$rqbit" receive "$2" "$3" >&2 ;;
	esac
}
send_by() {
	case $1 in
	ours) timeout -k 5 $limit "$flute_node" utp send --to "127.0.0.1:$2" - <"$3" >&2 ;;
	libutp) timeout -k 5 $limit node "$libutp/peer.js" send 127.0.0.1 "$2" "$3" >&2 ;;
	librqbit) timeout -k 5 $limit "$rqbit" send 127.0.0.1 "$2" "$3" >&2 ;;
	esac
}

# try SENDER RECEIVER LOSS FILE: librqbit 0.7.0 repeats no SYN, and sometimes not its last packets: at 5 % loss six of
# twenty transfers between two of it failed. So a peer that sends through loss may try three times; other bytes fail at
# once.
try() {
	local attempt
	for attempt in 1 2 3; do
		attempt "$@"
		[[ $reason ]] || break
		[[ $1 != ours && $3 != 0 && $reason != other* && $attempt != 3 ]] || break
		echo "again $verdict: $reason"
	done
	if [[ $reason ]]; then
		bad "$verdict: $reason"
		tail -n 3 "$work/sender.log" "$work/receiver.log"
	else
		ok "$verdict"
	fi
}

# attempt SENDER RECEIVER LOSS FILE: leaves what it was in $verdict, and why it failed in $reason.
attempt() {
	local sender=$1 receiver=$2 loss=$3 file=$4 received=$work/received to sent=0 got=0 start
	reason=
	verdict="$sender → $receiver, $(stat -c %s "$file") bytes, loss $loss"
	next_ports
	to=$port
	rm -f "$received"
	receive_by "$receiver" "$port" "$received" 2>"$work/receiver.log" &
	local receiving=$!
	until_true "$START" bound "$port" || { reason="the receiver does not listen"; return; }
	if [[ $loss != 0 ]]; then
		to=$((port + 1))
		start "$work/relay.log" "$droprelay" -from "127.0.0.1:$to" -to "127.0.0.1:$port" -loss "$loss" -seed "$port"
		local relay=$pid
		until_true "$START" bound "$to" || { reason="the relay does not listen"; return; }
	fi
	start=$EPOCHREALTIME
	send_by "$sender" "$to" "$file" 2>"$work/sender.log" || sent=$?
	wait "$receiving" || got=$?
	verdict+=", $(bc <<<"scale=1; ($EPOCHREALTIME - $start) / 1") s"
	[[ $loss == 0 ]] || stop "$relay"
	if ((sent != 0 || got != 0)); then
		reason="sender exits with $sent, receiver with $got"
	elif [[ $(digest "$received") != $(digest "$file") ]]; then
		reason="other bytes arrived"
	fi
}

install_utp_peers
[[ ${1-} != install ]] || exit 0
readonly bytes=${1:-$((64 << 20))}
build
head -c "$bytes" /dev/urandom >"$work/large"
head -c $((bytes < 4 << 20 ? bytes : 4 << 20)) /dev/urandom >"$work/small"
for peer in "${peers[@]}"; do
	for loss in 0 0.01 0.05; do
		# The peers need minutes for the large file where datagrams are lost.
		file=$work/large
		[[ $loss == 0 ]] || file=$work/small
		try ours "$peer" "$loss" "$work/large"
		try "$peer" ours "$loss" "$file"
	done
done
total utp
