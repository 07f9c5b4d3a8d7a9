#!/usr/bin/env bash
# The wheel for arm64, as an arm64 Python of Debian takes it, in an emulator: it is installed, and each scheme repairs a
# file. Nothing of arm64 is installed beside the system's own packages: Python is unpacked into a folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

for needed in apt-get dpkg-deb python3 qemu-aarch64 aarch64-linux-gnu-gcc; do
	if ! command -v "$needed" >/dev/null; then
		echo "skipped: there is no $needed"
		exit 77
	fi
done
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
GOARCH=arm64 CC=aarch64-linux-gnu-gcc python3 -c 'import sys, backend; print(backend.build_wheel(sys.argv[1]))' "$out"
[[ -f $(echo "$out"/flute_node-*-py3-none-manylinux_*_aarch64.whl) ]]

mkdir -p "$out"/apt/{lists,cache/archives}/partial "$out"/{root,site}
touch "$out/apt/status"
cat >"$out/apt.conf" <<-END
	APT::Architecture "arm64";
	APT::Architectures { "arm64"; };
	APT::Sandbox::User "root";
	Dir::State "$out/apt";
	Dir::State::status "$out/apt/status";
	Dir::Cache "$out/apt/cache";
END
export APT_CONFIG=$out/apt.conf
if ! apt-get update -qq || ! apt-get install -y -qq --download-only --no-install-recommends python3 >"$out/log" 2>&1; then
	cat "$out/log"
	echo "skipped: there is no Python for arm64 here"
	exit 77
fi
for package in "$out"/apt/cache/archives/*.deb; do dpkg-deb -x "$package" "$out/root"; done
python3 -m zipfile -e "$out"/*.whl "$out/site"

cat >"$out/carry.py" <<'END'
import platform
import random
import sys

import flute_node

content = random.Random(1).randbytes(300_000)
for fec, repair in ("no-code", None), ("rs", 0.3), ("rs16", 0.3), ("raptor", 0.3), ("raptorq", 0.3), ("ldpc", 0.5):
    options = {"fec": fec} if repair is None else {"fec": fec, "repair": repair}
    with flute_node.Sender(**options) as sender, flute_node.Receiver() as receiver:
        sender.add(content, "x.bin")
        sender.complete()
        for i, datagram in enumerate(sender):
            if repair is None or i % 20 != 19:
                receiver.push(datagram)
        assert receiver.objects() == {"x.bin": content}, fec
assert platform.machine() == "aarch64"
print("delivered on", platform.machine(), "by Python", sys.version.split()[0])
END
PYTHONPATH=$out/site timeout -k 5 120 qemu-aarch64 -L "$out/root" "$(echo "$out"/root/usr/bin/python3.[0-9]*)" "$out/carry.py"
