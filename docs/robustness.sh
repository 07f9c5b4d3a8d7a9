#!/usr/bin/env bash
# Measures the figures of docs/robustness.md anew, and prints them. Each part is one command, which fails if a promise
# breaks.
#
#   docs/robustness.sh            all parts at full length: half an hour and more
#   docs/robustness.sh short      all parts, each short: minutes
#   docs/robustness.sh PART…      of: promises mutants kills flood large
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source-path=SCRIPTDIR source=../interop/lib.sh
source interop/lib.sh

seeds=500 kills=200 flood=200000 floodtime=30s megabytes=4096
parts=()
for word in "$@"; do
	case $word in
	short) seeds=20 kills=4 flood=20000 floodtime=1s megabytes=64 ;;
	promises | mutants | kills | flood | large) parts+=("$word") ;;
	*)
		echo "there is no part \"$word\"" >&2
		exit 2
		;;
	esac
done
((${#parts[@]})) || parts=(promises mutants kills flood large)

# figures PACKAGE TEST ARGUMENT…: what a test logs, and how it ends.
figures() {
	go test "./$1" -count=1 -timeout 60m -run "^$2\$" -v "${@:3}" | grep -E '_test\.go:[0-9]+:|^(---|ok|FAIL|panic)'
}

promises() { "$flute_node" simulate --seeds "0-$((seeds - 1))"; }
mutants() { figures internal/simulator TestMutants -args -mutants; }
kills() { figures integration TestReceiverGoesOnAfterKills -args -kills "$kills"; }
flood() { figures integration TestFloodBesideASession -args -flood "$flood" -floodtime "$floodtime"; }

# large: one file without FEC over a link that loses 5 %, on a carousel, and the most memory of both ends.
large() {
	local dir=$work/large from=239.255.72.1:$port to=239.255.72.2:$((port + 1)) rpid spid relay
	trap 'kill $(jobs -pr) 2>/dev/null || true' EXIT
	mkdir "$dir"
	head -c "$((megabytes << 20))" /dev/urandom >"$dir/file"
	start "$dir/receiver.log" "$flute_node" receive --group "$to" --interface lo --until complete --timeout 45m "$dir/out"
	rpid=$pid
	until_true 5 bound $((port + 1))
	start "$dir/relay.log" "$droprelay" -from "$from" -to "$to" -loss 0.05 -seed 1
	relay=$pid
	until_true 5 says listening "$dir/relay.log"
	start "$dir/sender.log" "$flute_node" send --to "$from" --interface lo --rate 300Mbit --fec no-code \
		--carousel delay=1s "$dir/file"
	spid=$pid
	most "$rpid" "$spid"
	stop "$spid"
	stop "$relay"
	cmp "$dir/file" "$dir/out/file"
	echo "$megabytes MiB without FEC, 5 % loss: whole; ${receiving} MB of memory at most, ${sending} MB of the sender"
}

# most RECEIVER SENDER: waits for the receiver, and notes in receiving and sending the most memory of both, in MB.
most() {
	receiving=0 sending=0
	while kill -0 "$1" 2>/dev/null; do
		receiving=$(peak "$1" "$receiving") sending=$(peak "$2" "$sending")
		sleep 0.2
	done
}

# peak PID BEFORE: the most memory that a process has had, in MB; BEFORE if it has ended.
peak() { awk -v mb="$2" '/^VmHWM/ { mb = int($2 / 1000) } END { print mb }' "/proc/$1/status" 2>/dev/null || echo "$2"; }

build
port=$((20000 + RANDOM % 9000))
for part in "${parts[@]}"; do
	printf '\n=== %s\n' "$part"
	set +e
	(
		set -euo pipefail
		"$part"
	)
	code=$?
	set -e
	((code == 0)) || bad "$part: exit code $code"
done
((failed == 0))
