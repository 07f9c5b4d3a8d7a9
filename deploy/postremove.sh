#!/bin/sh
# After a package is removed: systemd forgets the unit. /etc/flute-node, /var/lib/flute-node, received files and the
# user who owns them stay.
set -e
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
