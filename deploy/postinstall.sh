#!/bin/sh
# After the installation of a package, or of a newer one: the user and the folder of the example are made, systemd and
# the kernel read what is new. Nothing is started, but a service that runs goes on with the new binary.
set -e
if command -v systemd-sysusers >/dev/null; then systemd-sysusers flute-node.conf; fi
if [ ! -e /srv/flute ] && id flute-node >/dev/null 2>&1; then
	install -d -o flute-node -g flute-node -m 0750 /srv/flute
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	sysctl -q -p /usr/lib/sysctl.d/90-flute-node.conf || true # a container may not
	systemctl try-restart flute-node.service || true           # its log says what is wrong
fi
