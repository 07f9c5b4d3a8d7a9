# shellcheck shell=bash disable=SC2034 # what is not used here is used by the scripts
# Functions shared by the scripts of this folder. Source it; it needs bash.
# Exit codes of the scripts: 0 all cases passed, 1 a case failed, 77 skipped because a tool is missing.

readonly SKIPPED=77
readonly START=60 # seconds in which a program listens, also on a machine that has much else to do
readonly FLUTE_RS=1.11.7 # the crate flute and its Python package flute-alc; interop/peer/Cargo.toml has the same
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$root/interop/.cache
work=$(mktemp -d)
passed=0 failed=0

# Ends what this script started, and nothing else.
cleanup() {
	local pid
	for pid in $(jobs -pr); do
		kill "$pid" 2>/dev/null || true
	done
	if ((failed == 0)); then
		rm -rf "$work"
	else
		echo "files and logs are kept in $work"
	fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

skip() {
	echo "skipped: $*"
	exit "$SKIPPED"
}

# start LOG COMMAND…: runs it in the background; its id is left in $pid.
start() {
	local log=$1
	shift
	: >"$log" # now, not when the child gets to it: the caller reads the log at once
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
}

# stop PID: ends it and waits until it is gone.
stop() {
	kill "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}

# alive PID, ended PID
alive() { kill -0 "$1" 2>/dev/null; }
ended() { ! alive "$1"; }

# exit_code PID: leaves the exit code of a program, or "running", in $code.
exit_code() {
	code=0
	if alive "$1"; then code=running; else wait "$1" || code=$?; fi
}

# until_true SECONDS COMMAND…: tries it every 50 ms.
until_true() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.05
	done
}

# bound PORT: whether a UDP socket has the port.
bound() { grep -q ":$(printf %04X "$1") " /proc/net/udp /proc/net/udp6 2>/dev/null; }

# group_of PORT: a group of its own for each port, so that a membership tells whose it is, and two runs at once do not
# hear each other.
group_of() { echo "239.70.$(($1 / 256)).$(($1 % 256))"; }

# receives GROUP PORT: whether a UDP socket has the port and this machine is a member of the group (of IPv4). A program
# that has the port only hears nothing yet: on a machine with much else to do it may stand still there while the first
# packets of a sender go by. A system that does not tell its memberships (gVisor) tells the port only.
receives() {
	local a b c d
	bound "$2" || return
	[[ -e /proc/net/igmp ]] || return 0
	IFS=. read -r a b c d <<<"$1"
	grep -q "$(printf %02X%02X%02X%02X "$d" "$c" "$b" "$a") " /proc/net/igmp
}

# two_namespaces NET: the network namespaces $TX and $RX, which the caller removes. A pair of virtual interfaces, vtx
# with the address NET.1 and vrx with NET.2, joins them.
two_namespaces() {
	local end ns ifc addr
	ip netns add "$TX" && ip netns add "$RX" || skip "no network namespaces here"
	ip link add vtx netns "$TX" type veth peer name vrx netns "$RX" || skip "no pairs of virtual interfaces here"
	for end in "$TX vtx $1.1" "$RX vrx $1.2"; do
		read -r ns ifc addr <<<"$end"
		ip -n "$ns" addr add "$addr/24" dev "$ifc"
		ip -n "$ns" link set lo up
		ip -n "$ns" link set "$ifc" up
		ip -n "$ns" route add 224.0.0.0/4 dev "$ifc"
	done
}

# next_ports: moves $port on to the next two that no UDP socket has.
next_ports() {
	port=$((port + 2))
	while bound "$port" || bound $((port + 1)); do port=$((port + 2)); done
}

# overflows: how many datagrams this machine has dropped because a receive buffer was full. A file that is lost for that
# is no fault of either side.
overflows() { awk '$1 == "Udp:" && $6 ~ /^[0-9]/ { print $6 }' /proc/net/snmp 2>/dev/null || echo 0; }

# says PATTERN FILE: whether a log has a line of that pattern.
says() { grep -q -- "$1" "$2"; }

ok() {
	passed=$((passed + 1))
	echo "ok    $*"
}

bad() {
	failed=$((failed + 1))
	echo "FAIL  $*"
}

# total NAME: the last line, and the exit code.
total() {
	echo "$1: $passed passed, $failed failed"
	((failed == 0))
}

digest() { sha256sum <"$1" | cut -d' ' -f1; }

# make_file PATH BYTES: half noise, half text, so that gzip has something to do and something it cannot do.
make_file() {
	local half=$(($2 / 2))
	{
		head -c "$half" /dev/urandom
		seq 1 1000000 | head -c $(($2 - half)) || true
	} >"$1"
}

# install_flute_rs: the command line of the crate, once.
install_flute_rs() {
	local dir=$cache/flute-rs
	peer_sender=$dir/bin/flute-sender
	peer_receiver=$dir/bin/flute-receiver
	if ! [[ -x $peer_sender && -x $peer_receiver ]] ||
		! grep -q "flute $FLUTE_RS " "$dir/.crates.toml" 2>/dev/null; then
		command -v cargo >/dev/null || skip "no cargo to build the peer with"
		cargo install flute --version "$FLUTE_RS" --features cli --locked --root "$dir"
	fi
}

# build_peer: the program of interop/peer.
build_peer() {
	peer=$cache/peer/release/peer
	if command -v cargo >/dev/null; then
		cargo build --release --locked --quiet --manifest-path "$root/interop/peer/Cargo.toml" \
			--target-dir "$cache/peer"
	fi
	[[ -x $peer ]] || skip "no cargo to build interop/peer with"
}

# new_venv DIR: a folder with the Python package, if it is not there yet.
new_venv() {
	"$1/bin/python" -c 'import flute' 2>/dev/null && return
	rm -rf "$1"
	python3 -m venv "$1" && "$1/bin/pip" install -q --disable-pip-version-check "flute-alc==$FLUTE_RS"
}

# install_flute_alc: the Python package of the crate, with the program that uses it, in $alc. Empty without Python.
install_flute_alc() {
	local dir=$cache/flute-alc
	alc=()
	at_a_time new_venv "$dir" || return 0
	alc=("$dir/bin/python" "$root/interop/flute-alc/peer.py")
}

# build: our programs, and the relay that loses datagrams.
build() {
	(cd "$root" && go build -o "$work/bin/" ./cmd/flute-node ./interop/droprelay)
	flute_node=${FLUTE_NODE:-$work/bin/flute-node}
	droprelay=$work/bin/droprelay
}

# at_a_time COMMAND…: one script after the other runs it.
at_a_time() {
	mkdir -p "$cache"
	(
		flock 9
		"$@"
	) 9>"$cache/lock"
}

# npm_ci installs libutp once: npm ci empties the folder first, from which the peer of another script may be read.
npm_ci() {
	local from=$root/interop/utp/libutp
	cp -u "$from"/* "$libutp/" || return
	[[ ! -d $libutp/node_modules ]] || ! cmp -s "$from/package-lock.json" "$libutp/installed" || return 0
	# Its scripts compile what the package already holds.
	(cd "$libutp" && npm ci --ignore-scripts --no-audit --no-fund --silent) &&
		cp "$from/package-lock.json" "$libutp/installed"
}

# install_utp_peers leaves the names of the peers of uTP that are there in $peers, and where they are in $libutp,
# $rqbit.
install_utp_peers() {
	rqbit=$cache/utp/release/utp-peer
	libutp=$cache/libutp
	peers=()
	if command -v npm >/dev/null; then
		mkdir -p "$libutp"
		at_a_time npm_ci && peers+=(libutp)
	fi
	if command -v cargo >/dev/null; then
		cargo build --release --locked --quiet --manifest-path "$root/interop/utp/librqbit/Cargo.toml" \
			--target-dir "$cache/utp" && peers+=(librqbit)
	fi
	((${#peers[@]} > 0)) || skip "neither npm nor cargo to install a peer of uTP with"
}
