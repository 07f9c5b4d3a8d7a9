#!/usr/bin/env bash
# Measures this machine, draws the figures of docs/fec.md and writes its table: `docs/fecplot/measure.sh [PEER]`. PEER
# is the built program of interop/peer, whose curves are drawn beside ours. Nothing else should run meanwhile; it takes
# some 5 minutes. TIME is the time for each figure of speed, TRIALS_TIME that for each row of overheads.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
peer=${1:-}
time=${TIME:-300ms} trials_time=${TRIALS_TIME:-10s}
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
go build -C ../.. -o "$bin/flute-node" ./cmd/flute-node
node() { "$bin/flute-node" bench "$@" --json; }

out=measured.jsonl
node fec --time "$time" --scheme rs --k 10,20,50,64,100,200 --repair 25% >"$bin/out"
node fec --time "$time" --scheme rs16 --k 64,100,300,1000 --repair 20% >>"$bin/out" || echo "rs16 was not measured" >&2
for scheme in raptor raptorq ldpc ldpc-triangle; do
	node fec --time "$time" --scheme "$scheme" --k 10,20,50,100,200,500,1000,2000,5000,8192,10000,20000,50000 >>"$bin/out" ||
		echo "$scheme was not measured" >&2
done
node overhead --time "$trials_time" --trials 1000000 --extra 20 --k 100,1000 >>"$bin/out"
node overhead --time "$trials_time" --trials 1000000 --extra 20 --k 1000 --scheme ldpc --ldpc-n1 3 >>"$bin/out" || true
if [[ -n $peer ]]; then
	"$peer" bench --k 10,100,1000,10000 --scheme raptorq,raptor >>"$bin/out"
	"$peer" bench --scheme rs,rs16 >>"$bin/out"
fi
mv "$bin/out" "$out"
go run . -docs .. "$out"
