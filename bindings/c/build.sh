#!/usr/bin/env bash
# Builds the shared library: bindings/c/build.sh FOLDER [GOOS GOARCH]. Another system needs its compiler in CC.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

out=$1 GOOS=${2:-$(go env GOOS)} GOARCH=${3:-$(go env GOARCH)}
case $GOOS in
darwin) name=libflute_node.dylib ;;
windows) name=flute_node.dll ;;
*) name=libflute_node.so ;;
esac
mkdir -p "$out"
export GOOS GOARCH CGO_ENABLED=1
# -s -w: without symbols and DWARF, a third of the size.
go build -buildmode=c-shared -trimpath -ldflags "-s -w${LDFLAGS_EXTRA:+ $LDFLAGS_EXTRA}" -o "$out/$name" ./bindings/c
rm -f "${out:?}/${name%.*}.h" # what cgo writes is not the header: that is flute_node.h
cp bindings/c/flute_node.h "$out/"
