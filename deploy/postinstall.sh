#!/bin/sh
# After the installation of a package: the user is made, systemd and the kernel read what is new. Nothing is started.
set -e
if command -v systemd-sysusers >/dev/null; then systemd-sysusers flute-node.conf; fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	sysctl -q -p /usr/lib/sysctl.d/90-flute-node.conf || true # a container may not
fi
