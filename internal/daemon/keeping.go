package daemon

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/flute-node/flute-node/internal/config"
)

// daemonStarted is the first event of a process whose events outlive it.
type daemonStarted struct {
	Version string `json:"version"`
	// Clean tells that the process before has ended in order: all of its events are kept. Else what it told last may be
	// missing, to those who were not there.
	Clean bool `json:"clean"`
}

// EventName implements [notice.Event].
func (daemonStarted) EventName() string { return "daemon_started" }

// eventsPath returns the file that keeps events; empty: there is none.
func eventsPath(n *config.Node, env config.Lookup) string {
	switch n.EventsFile {
	case "off":
		return ""
	case "":
		folders, _ := env("STATE_DIRECTORY") // systemd separates several by colons
		if first, _, _ := strings.Cut(folders, ":"); first != "" {
			return filepath.Join(first, "events")
		}
		return ""
	}
	return n.EventsFile
}

// openJournal makes the journal, with what earlier processes have left. A file that cannot be read costs its events.
func (d *Daemon) openJournal(n *config.Node, now time.Time) (before earlier) {
	if path := eventsPath(n, d.options.Env); path != "" {
		var err error
		if before, err = readEvents(path); err != nil {
			d.log.Warn("earlier events are not read", "file", path, "error", err.Error())
		}
	}
	d.journal = newJournal(n.Events, now, before, d.observe)
	return before
}

// tellStart makes the start the first event of a process whose events outlive it.
func (d *Daemon) tellStart(before earlier) {
	if eventsPath(&d.first.Node, d.options.Env) != "" {
		d.journal.add(daemonStarted{Version: d.options.Version, Clean: !before.killed})
	}
}

// keepJournal has the journal outlive the process, if that is wanted.
func (d *Daemon) keepJournal(before earlier) {
	if path := eventsPath(&d.first.Node, d.options.Env); path != "" {
		d.kept = keepEvents(path, before, d.journal, d.log)
	}
}
