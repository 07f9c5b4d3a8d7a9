#!/usr/bin/env bash
# uTP on paths with a rate, a delay and loss, side by side: ours, libutp, librqbit-utp, alone and beside TCP. It prints a
# table of what each got, in Mbit/s, and the delay in the queue; nothing fails by being slow.
#
#   interop/utp-paths.sh [RUNS]      of each case, 1 unless said otherwise; the median is printed
#
# It needs Linux with namespaces of users and /dev/net/tun, jq, python3 (for TCP by cubic); peers as utp.sh has them.
set -euo pipefail
# shellcheck source=interop/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly runs=${1:-1}

build
(cd "$root" && go build -o "$work/bin/" ./interop/link)
install_utp_peers
command -v jq >/dev/null || skip "no jq"
head -c 400000000 /dev/zero >"$work/file"
cat >"$work/tcp.py" <<'EOF'
import socket, sys, time
if sys.argv[1] == "sink":
    server = socket.create_server(("10.9.0.2", 8000))
    while True:
        conn, _ = server.accept()
        while conn.recv(1 << 20):
            pass
s = socket.socket()
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
s.connect(("10.9.0.2", 8000))
end = time.time() + float(sys.argv[1])
while time.time() < end:
    s.send(bytes(65536))
EOF

# receiver WHO PORT, sender WHO PORT FLAGS…
receiver() {
	case $1 in
	ours) echo "$flute_node utp receive --listen 10.9.0.2:$2 - >/dev/null" ;;
	libutp) echo "node $libutp/peer.js receive $2 /dev/null" ;;
	librqbit) echo "$rqbit receive $2 /dev/null" ;;
	esac
}
sender() {
	local who=$1 port=$2
	shift 2
	case $who in
	ours) echo "$flute_node utp send --to 10.9.0.2:$port $* - <$work/file" ;;
	libutp) echo "node $libutp/peer.js send 10.9.0.2 $port $work/file" ;;
	librqbit) echo "$rqbit send 10.9.0.2 $port $work/file" ;;
	esac
}

# median of the numbers on standard input
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# row TITLE FLOWS LINK_FLAGS…: runs the link and prints the mean of each flow, by its port at the server, of all flows
# together, Jain's index, and the 95th percentile of the queue's delay.
row() {
	local title=$1 flows=$2 i
	shift 2
	for ((i = 0; i < runs; i++)); do
		timeout 150 "$work/bin/link" -by-server -seed $((i + 1)) "$@" 2>"$work/link.log" | tail -n 1 >"$work/run.$i"
	done
	{
		printf '%-44s' "$title"
		for flow in $flows; do
			printf ' %s %6.2f' "$flow" "$(for ((i = 0; i < runs; i++)); do
				jq -r --arg f "$flow" '.mbit[$f] // 0' "$work/run.$i"
			done | median)"
		done
		printf '  Jain %.3f  queue p95 %3.0f ms\n' \
			"$(for ((i = 0; i < runs; i++)); do
				jq -r '[.mbit | to_entries[] | select(.key | startswith("udp")) | .value] |
					if length == 0 then 0 else (add * add) / (length * (map(. * .) | add)) end' "$work/run.$i"
			done | median)" \
			"$(for ((i = 0; i < runs; i++)); do jq -r '.queue_ms[1]' "$work/run.$i"; done | median)"
	} || bad "$title: $(tail -n 3 "$work/link.log")"
}

alone() { # TITLE WHO RATE QUEUE LOSS FLAGS…
	local title=$1 who=$2 rate=$3 queue=$4 loss=$5
	shift 5
	row "$title" udp:5000 -rate "$rate" -queue "$queue" -delay 25ms -loss "$loss" -from 4 -to 16 -limit 17s \
		-at-b "$(receiver "$who" 5000)" -at-a "$(sender "$who" 5000 "$@")"
}

beside_tcp() { # TITLE WHO QUEUE FLAGS…
	local title=$1 who=$2 queue=$3
	shift 3
	row "$title" "tcp:8000 udp:5000" -rate 20e6 -queue "$queue" -delay 25ms -from 10 -to 33 -limit 34s \
		-at-b "$(receiver "$who" 5000)" -at-b "python3 $work/tcp.py sink" \
		-at-a "$(sender "$who" 5000 "$@")" -at-a "5:python3 $work/tcp.py 32"
}

together() { # TITLE FLOWS GAP LIMIT FLAGS…
	local title=$1 flows=$2 gap=$3 limit=$4 args=() i
	shift 4
	for ((i = 0; i < flows; i++)); do
		args+=(-at-b "$(receiver ours $((5000 + i)))" -at-a "$((i * gap)):$(sender ours $((5000 + i)) "$@")")
	done
	row "$title" "" -rate 20e6 -queue 200ms -delay 25ms \
		-from $((limit - 31)) -to $((limit - 1)) -limit "${limit}s" "${args[@]}"
}

echo "100 Mbit/s, 50 ms there and back, queue of 100 ms; seconds 4 to 16"
for who in ours "${peers[@]}"; do alone "$who" "$who" 100e6 100ms 0; done
for who in ours "${peers[@]}"; do alone "$who, 1 % loss" "$who" 100e6 100ms 0.01; done
alone "ours, 1 % loss, --loss-tolerant" ours 100e6 100ms 0.01 --loss-tolerant
echo "20 Mbit/s, 50 ms there and back, beside one TCP cubic that starts after 5 s; seconds 10 to 33"
for queue in 200ms 60ms; do
	for who in ours "${peers[@]}"; do beside_tcp "$who, queue of $queue" "$who" "$queue"; done
	beside_tcp "ours, queue of $queue, --loss-tolerant" ours "$queue" --loss-tolerant
	beside_tcp "ours, queue of $queue, ledbat++" ours "$queue" --congestion ledbat++
done
echo "20 Mbit/s, own flows; the last 30 s"
for congestion in ledbat ledbat++; do
	together "2 flows, the second 30 s later, $congestion" 2 30 100 --congestion $congestion
	together "8 flows, at once, $congestion" 8 0 60 --congestion $congestion
done
((failed == 0))
