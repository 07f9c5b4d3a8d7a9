// Package daemon runs a node by a file of configuration: each section of it is a unit that is started, watched, started
// again when it fails, and replaced when its section has changed.
//
//	d, err := daemon.Start(daemon.Options{Path: "/etc/flute-node/flute-node.yaml", Log: os.Stderr})
//	err = d.Run(ctx, signals)
//
//	Daemon ─┬─ node.Node
//	        ├─ unit (receive) ── receptions, a program
//	        ├─ unit (send) ───── a sending session, files, a watched folder
//	        ├─ unit (utp) ────── a uTP socket, connections
//	        ├─ Outbox ────────── received files, until their sinks have them
//	        └─ Journal ───────── the latest events, for the log, for metrics, for clients
//
// Reload reads the file anew. It is judged whole; if it cannot be used, nothing changes. Units whose sections are the
// same as before are not touched: their sockets stay open, and they lose no packet.
//
// # Limitations
//
// Of node only rate and log_level take effect with a reload; what else has changed there Reload names. A TSI that
// another process of this machine sends with to the same address is noticed on Linux only.
package daemon
