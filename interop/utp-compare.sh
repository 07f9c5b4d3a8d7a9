#!/usr/bin/env bash
# uTP side by side in one run: ours, libutp (npm utp-native), librqbit-utp and TCP cubic; over loopback, and over a link
# with a rate, a queue, a delay and loss (interop/link). It prints one table: medians, how many times the value of each
# peer that is, the worst of our runs, and whether the median meets our goal. A goal that is missed does not fail the
# script; a case without a value does. What TCP keeps beside a flow is its mean over the seconds 10 to 28, of which it
# has been there since the fifth; "alone" is what it has on the same link without that flow.
#
#   interop/utp-compare.sh                  5 runs of each case, in turns: some 45 minutes
#   interop/utp-compare.sh --peer-runs 1    peers have one run on the link: some 27 minutes
#   interop/utp-compare.sh --short          what CI runs: one run of short cases, ours alone on the link; half a minute
#   interop/utp-compare.sh loss tcp         cases whose names begin with one of these words
#
#   --runs N       of each case
#   --peer-runs N  of each case on the link, for peers
#   --json FILE    medians as one JSON array, and each run
#   --curves FILE  adds a JSON line for each case: the rates by second of the first run, for docs/fecplot
#
# Peers move less over loopback than ours (PEER_BYTES, 32 MiB): libutp would take minutes for 1 GiB.
# It needs Linux with namespaces of users and /dev/net/tun, jq, python3; peers as utp.sh has them.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

runs=5 peer_runs="" short=0 json="" curves="" only=()
while (($# > 0)); do
	case $1 in
	--runs) runs=$2 && shift ;;
	--peer-runs) peer_runs=$2 && shift ;;
	--json) json=$2 && shift ;;
	--curves) curves=$2 && shift ;;
	--short) short=1 runs=1 ;;
	-*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
	*) only+=("$1") ;;
	esac
	shift
done
peer_runs=${peer_runs:-$runs}
own_bytes=$((1 << 30)) peer_bytes=${PEER_BYTES:-$((32 << 20))}
if ((short)); then own_bytes=$((256 << 20)) peer_bytes=$((8 << 20)); fi

command -v jq >/dev/null || skip "no jq"
command -v python3 >/dev/null || skip "no python3"
build
(cd "$root" && go build -o "$work/bin/" ./interop/link)
install_utp_peers
head -c 400000000 /dev/zero >"$work/file"
head -c "$peer_bytes" /dev/zero >"$work/small"
cat >"$work/tcp.py" <<'EOF2'
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
EOF2

# wanted CASE: whether it was asked for.
wanted() {
	((${#only[@]} == 0)) && return
	local word
	for word in "${only[@]}"; do [[ $1 == "$word"* ]] && return; done
	return 1
}

# value CASE WHO NUMBER: notes the outcome of one run.
value() {
	[[ $3 =~ ^[0-9.]+(e-?[0-9]+)?$ ]] || {
		bad "$1 $2: no value: $(tail -n 3 "$work/log" | cut -c -300)"
		return 0
	}
	printf '{"case":"%s","who":"%s","value":%s}\n' "$1" "$2" "$3" >>"$work/values"
	echo "      $1 $2 $3"
}

# receiver WHO ADDRESS PORT, sender WHO ADDRESS PORT FLAGS…: commands
receiver() {
	case $1 in
	libutp) echo "node $libutp/peer.js receive $3 /dev/null" ;;
	librqbit) echo "$rqbit receive $3 /dev/null" ;;
	alone) echo true ;;
	*) echo "$flute_node utp receive --listen $2:$3 - >/dev/null" ;;
	esac
}
sender() {
	local who=$1 to=$2 port=$3 file=$work/file
	shift 3
	case $who in
	libutp) echo "node $libutp/peer.js send $to $port $file" ;;
	librqbit) echo "$rqbit send $to $port $file" ;;
	alone) echo "sleep 60" ;;
	*) echo "$flute_node utp send --to $to:$port $* - <$file" ;;
	esac
}

# loopback WHO: MB/s, of ours with the time of 1,000 dials.
loopback() {
	local port=$((20000 + RANDOM % 20000)) start end
	if [[ $1 == ours ]]; then
		"$flute_node" utp bench --size "$own_bytes" --dials 1000 --json >"$work/log" 2>&1 || true
		value loopback ours "$(jq -r 'select(.event == "utp_bench").bytes_per_second / 1e6' "$work/log" || true)"
		value dials ours "$(jq -r 'select(.event == "utp_bench").dial_seconds' "$work/log" || true)"
		return
	fi
	until ! bound "$port"; do port=$((port + 1)); done
	local send
	send=$(sender "$1" 127.0.0.1 "$port")
	# shellcheck disable=SC2046 # a command and its arguments
	start "$work/log" timeout 300 $(receiver "$1" 127.0.0.1 "$port")
	until_true "$START" bound "$port" || true
	start=$(date +%s%N)
	# shellcheck disable=SC2086 # a command and its arguments
	timeout 300 ${send/"$work/file"/"$work/small"} >"$work/sent" 2>&1 || cp "$work/sent" "$work/log"
	end=$(date +%s%N)
	stop "$pid"
	value loopback "$1" "$(sed -n 's/.*seconds=\([0-9.]*\).*/\1/p' "$work/sent" |
		awk -v n="$peer_bytes" -v whole=$((end - start)) 'NR == 1 { s = $1 > 0 ? $1 : whole / 1e9; print n / 1e6 / s }')"
}

# on_link CASE WHO RUN VALUE LINK_FLAGS…: VALUE is a program of jq for the line of means.
on_link() {
	local name=$1 who=$2 run=$3 program=$4
	shift 4
	timeout 150 "$work/bin/link" -by-server -seed "$run" "$@" >"$work/lines" 2>"$work/log" || true
	value "$name" "$who" "$(tail -n 1 "$work/lines" | jq -r "$program" || true)"
	if [[ -n $curves && $run == 1 ]]; then
		jq -sc --arg case "$name" --arg who "$who" '{operation: "utp", case: $case, peer: $who,
			seconds: map(select(.second != null) | {second, mbit, queue_ms: .queue_ms[0]})}' \
			"$work/lines" >>"$curves"
	fi
}

# alone CASE WHO RUN LOSS FLAGS…: Mbit/s of one flow on 100 Mbit/s.
alone() {
	local name=$1 who=$2 run=$3 loss=$4 to=16
	shift 4
	if ((short)); then to=20; fi # the programs may start late on a machine that has other work
	on_link "$name" "$who" "$run" '.mbit["udp:5000"] // 0' -rate 100e6 -queue 100ms -delay 25ms -loss "$loss" \
		-from 4 -to "$to" -limit "$((to + 1))s" \
		-at-b "$(receiver "$who" 10.9.0.2 5000)" -at-a "$(sender "$who" 10.9.0.2 5000 "$@")"
}

# beside CASE WHO RUN QUEUE FLAGS…: Mbit/s that one TCP, which starts after 5 s, keeps of 20, its start included but for
# the first 5 s.
beside() {
	local name=$1 who=$2 run=$3 queue=$4
	shift 4
	on_link "$name" "$who" "$run" '.mbit["tcp:8000"] // 0' -rate 20e6 -queue "$queue" -delay 25ms \
		-from 10 -to 28 -limit 29s -at-b "$(receiver "$who" 10.9.0.2 5000)" -at-b "python3 $work/tcp.py sink" \
		-at-a "$(sender "$who" 10.9.0.2 5000 "$@")" -at-a "5:python3 $work/tcp.py 23"
}

# together CASE RUN FLOWS GAP LIMIT: Jain's index of our own flows on 20 Mbit/s, over the last 30 s.
together() {
	local name=$1 run=$2 flows=$3 gap=$4 limit=$5 args=() i
	for ((i = 0; i < flows; i++)); do
		args+=(-at-b "$(receiver ours 10.9.0.2 $((5000 + i)))")
		args+=(-at-a "$((i * gap)):$(sender ours 10.9.0.2 $((5000 + i)))")
	done
	on_link "$name" ours "$run" '[.mbit | to_entries[] | select(.key | startswith("udp")) | .value] |
		if length == 0 then "" else (add * add) / (length * (map(. * .) | add)) end' \
		-rate 20e6 -queue 200ms -delay 25ms -from $((limit - 31)) -to $((limit - 1)) -limit "${limit}s" "${args[@]}"
}

echo "side by side, $runs runs of each case, in turns"
for ((run = 1; run <= runs; run++)); do
	if wanted loopback; then for who in ours "${peers[@]}"; do loopback "$who"; done; fi
	if ((short)); then
		if wanted link; then alone link ours "$run" 0; fi
		continue
	fi
	for who in ours "${peers[@]}" alone; do
		if [[ $who != ours ]] && ((run > peer_runs)); then continue; fi
		if wanted tcp-200ms; then beside tcp-200ms "$who" "$run" 200ms; fi
		if wanted tcp-60ms; then beside tcp-60ms "$who" "$run" 60ms; fi
		if [[ $who == alone ]]; then continue; fi
		if wanted link; then alone link "$who" "$run" 0; fi
		if wanted loss; then alone loss "$who" "$run" 0.01; fi
	done
	if wanted tolerant; then alone tolerant ours "$run" 0.01 --loss-tolerant; fi
	if wanted fair-2; then together fair-2 "$run" 2 30 90; fi
	if wanted fair-8; then together fair-8 "$run" 8 0 50; fi
done

[[ -s $work/values ]] || {
	bad "no case has a value"
	exit 1
}
python3 - "$work/values" "$json" <<'EOF2'
import json, statistics, sys

# name: title, unit, goal of ours, whether more is better
cases = {
    "loopback": ("loopback, one connection", "MB/s", 250, True),
    "dials": ("1,000 dials, 16 at a time", "s", 0.8, False),
    "link": ("100 Mbit/s, 50 ms, from second 4", "Mbit/s", 90, True),
    "loss": ("the same, 1 % lost both ways", "Mbit/s", 6, True),
    "tolerant": ("the same, --loss-tolerant", "Mbit/s", 40, True),
    "tcp-200ms": ("TCP beside it, 20 Mbit/s, 200 ms buffer", "Mbit/s", 19.6, True),
    "tcp-60ms": ("TCP beside it, 20 Mbit/s, 60 ms buffer", "Mbit/s", 16, True),
    "fair-2": ("2 flows, one 30 s late: Jain", "", 0.95, True),
    "fair-8": ("8 flows: Jain", "", 0.95, True),
}
runs = {}
for line in open(sys.argv[1]):
    v = json.loads(line)
    runs.setdefault(v["case"], {}).setdefault(v["who"], []).append(v["value"])
peers = ["libutp", "librqbit"]
rows = []
print(f"\n{'':41} {'ours':>9} {'worst':>9} {'libutp':>9} {'librqbit':>9} {'alone':>9}  {'goal':>14}")
for name, (title, unit, goal, more) in cases.items():
    if "ours" not in runs.get(name, {}):
        continue
    medians = {who: statistics.median(v) for who, v in runs[name].items()}
    ours = medians["ours"]
    worst = (min if more else max)(runs[name]["ours"])
    met = ours >= goal if more else ours <= goal
    if name == "loopback" and medians.get("libutp"):
        met = met and ours >= 5 * medians["libutp"]
    cell = lambda who: f"{medians[who]:9.3g}" if who in medians else f"{'':>9}"
    ratios = {p: round(ours / medians[p], 2) for p in peers if medians.get(p)}
    print(f"{title:41} {ours:9.4g} {worst:9.4g} {cell('libutp')} {cell('librqbit')} {cell('alone')}  {'≥' if more else '≤'} {goal:<5g} {unit:6} "
          f"{'met' if met else 'MISSED'}  " + ", ".join(f"{r:g} × {p}" for p, r in ratios.items()))
    rows.append({"case": name, "title": title, "unit": unit, "goal": goal, "met": met, "worst": worst, "medians": medians,
                 "ratios": ratios, "runs": runs[name]})
if sys.argv[2]:
    with open(sys.argv[2], "w") as f:
        json.dump(rows, f, indent=1)
        f.write("\n")
EOF2
((failed == 0))
