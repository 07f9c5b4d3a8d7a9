package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// sentence tells an event to people, in one line; empty for what is only counted or drawn. trouble is what --quiet
// shows too.
func sentence(e notice.Event) (text string, trouble bool) {
	switch e := e.(type) {
	case event.ObjectCompleted:
		what, name := "received", plain(e.Path)
		if e.Path == "" {
			name = humanName(e.ContentLocation)
		}
		if e.Sending {
			what, name = "sent", humanName(e.ContentLocation)
		}
		if e.Earlier {
			return fmt.Sprintf("there already: %s, %s", humanName(e.ContentLocation), formatBytes(e.Size)), false
		}
		if e.Kept {
			return fmt.Sprintf("kept %s, which was there; discarded what came, %s", name, formatBytes(e.Size)), false
		}
		text = fmt.Sprintf("%s %s, %s in %s", what, name, formatBytes(e.Size), formatDuration(e.Duration))
		if e.Repaired > 0 {
			text += fmt.Sprintf(", %d symbols repaired", e.Repaired)
		}
		return text, false
	case event.ObjectFailed:
		if e.Sending && e.Reason == event.FailSuperseded {
			return "changed " + humanName(e.ContentLocation) + " before it was sent: its new version follows", false
		}
		text = fmt.Sprintf("failed %s: %s", humanName(e.ContentLocation), e.Reason)
		if e.Detail != "" {
			text += ": " + e.Detail
		}
		if e.Retry {
			text += "; it is tried again"
		}
		return plain(oneLine(text)), true
	case event.FDTReceived:
		if e.RejectedCount > 0 {
			first := e.Rejected[:min(len(e.Rejected), 3)]
			text = fmt.Sprintf("FDT Instance %d: %d of its files refused: %s",
				e.ID, e.RejectedCount, strings.Join(first, "; "))
		}
		return plain(oneLine(text)), text != ""
	case event.FDTPublished, event.ObjectRefused: // of interest to programs
	case event.FDTRejected:
		return plain(fmt.Sprintf("%s refused: %s", e.What(), oneLine(e.Reason))), true
	case notice.ActorRestarted:
		return plain(fmt.Sprintf("%s %s: %s", e.Actor, e.Outcome, oneLine(e.Reason))), true
	case notice.KernelDrops:
		return fmt.Sprintf("the system dropped %d datagrams: the receive buffer was full", e.New), true
	case event.FeedState:
		if e.Alive {
			return plain(fmt.Sprintf("feed %v is heard again", e.Feed)), true
		}
		return plain(fmt.Sprintf("feed %v is silent; the session goes on without it", e.Feed)), true
	case event.Late:
		if e.TOI == (flute.TOI{}) {
			return fmt.Sprintf("the files will be sent %v too late, at the rate that is allowed",
				formatDuration(e.By)), true
		}
		text = fmt.Sprintf("late by %s: %s takes longer than its interval or its target",
			formatDuration(e.By), humanName(e.ContentLocation))
		return plain(text), true
	case event.Warning:
		return plain("warning: " + oneLine(e.Text)), true
	case notice.Warning:
		return plain("warning: " + oneLine(e.Text)), true
	case notice.Missed:
		return fmt.Sprintf("%d events are not shown", e.Count), true
	}
	return "", false
}

// formatDuration rounds to what a reader wants to know.
func formatDuration(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Millisecond).String()
}

// oneLine folds an error, which may be joined of several, into one line.
func oneLine(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "\n", "; ") }

// formatBytes writes a number of bytes for people.
func formatBytes(n uint64) string {
	const units = "KMGT"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, i := float64(n)/1024, 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	return fmt.Sprintf("%.1f %ciB", v, units[i])
}
