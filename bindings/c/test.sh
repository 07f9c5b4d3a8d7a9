#!/usr/bin/env bash
# The C ABI as C programs use it: the example and the tests, under the address sanitizer, which also looks for leaks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if ! command -v cc >/dev/null; then
	echo "skipped: there is no C compiler"
	exit 77
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
bindings/c/build.sh "$out"
for program in example test; do
	cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -g -fsanitize=address,undefined -fno-sanitize-recover=undefined \
		-I"$out" "bindings/c/programs/$program.c" -L"$out" -lflute_node -lpthread -Wl,-rpath,"$out" -o "$out/$program"
	# The runtime of Go lives as long as the process: what it holds is no leak. What C allocates is looked at.
	timeout -k 5 300 "$out/$program"
done
echo '#include "flute_node.h"
int main() { return flute_abi_version() == FLUTE_ABI_VERSION ? 0 : 1; }' >"$out/header.cc"
if command -v c++ >/dev/null; then
	c++ -std=c++11 -Wall -Wextra -Werror -I"$out" "$out/header.cc" -L"$out" -lflute_node -Wl,-rpath,"$out" -o "$out/header"
	"$out/header"
fi
