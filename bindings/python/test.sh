#!/usr/bin/env bash
# The Python package as its users get it: wheel and sdist are built, the wheel is installed into a fresh environment, with
# pytest and flute-alc beside it. FLUTE_NODE_LONG=1 looks for leaks in 10^6 packets and 10^4 objects.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

for needed in python3 cc; do
	if ! command -v "$needed" >/dev/null; then
		echo "skipped: there is no $needed"
		exit 77
	fi
done
if ! python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
	echo "skipped: Python 3.10 with venv is needed"
	exit 77
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
python3 reference.py -check
python3 backend.py "$out/dist"
size=$(stat -c %s "$out"/dist/*.whl)
echo "the wheel has $size bytes"
((size <= 15000000))
python3 -m venv "$out/venv"
"$out/venv/bin/pip" install -q --disable-pip-version-check "$out"/dist/*.whl pytest
"$out/venv/bin/pip" install -q --disable-pip-version-check flute-alc==1.11.7 || echo "flute-alc cannot be installed here"
cp -r tests "$out/tests"
cd "$out" # so that the package is the installed one
venv/bin/python -X importtime -c 'import flute_node' 2>&1 | tail -n 1
venv/bin/python -m pytest -q -p no:cacheprovider tests
if venv/bin/pip install -q --disable-pip-version-check mypy; then
	venv/bin/python -m mypy --strict --cache-dir "$out/mypy" "$OLDPWD/src/flute_node"
fi
# The node of its last snippet sends over multicast on the loopback interface.
venv/bin/python -m doctest -o ELLIPSIS "$OLDPWD/../../docs/python.md"
echo "the snippets of docs/python.md run"
venv/bin/python "$OLDPWD/bench.py" --size 30000000 || echo "no figures beside flute-alc"
