#!/usr/bin/env bash
# Measures this machine, draws the figures of docs/performance.md and writes its tables:
# `docs/fecplot/performance.sh [DIR]`. DIR is on the disk that is measured; default a temporary folder. Nothing else
# should run meanwhile; it takes some minutes. SIZE is that of the file, RUNS how often it is sent with each digest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
size=${SIZE:-2GiB} runs=${RUNS:-5}
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
dir=${1:-$bin}
go build -C ../.. -o "$bin/flute-node" ./cmd/flute-node
node() { "$bin/flute-node" bench "$@" --json; }

out=performance.jsonl
node io --size 1GiB --dir "$dir" >"$bin/out"
node file --size "$size" --runs "$runs" --dir "$dir" >>"$bin/out"
node sessions --rate 2Gbit --seconds 5 --sessions 1,10,100,1000 >>"$bin/out"
node sessions --rate 1Gbit --seconds 5 --sessions 1 --objects 1,100,1000,10000 >>"$bin/out"
mv "$bin/out" "$out"
go run . -docs .. -performance "$out"
