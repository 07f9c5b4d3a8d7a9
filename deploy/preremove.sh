#!/bin/sh
# Before a package is removed: the service is stopped, and does not start with the system any more. What an upgrade of a
# deb ("upgrade") or of an rpm (1 package is left) removes comes back at once.
set -e
case "${1-}" in
upgrade | 1 | failed-upgrade) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then
	systemctl --no-reload disable --now flute-node.service || true
fi
