package receiver

import (
	"fmt"
	"strings"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// maxReasons bounds FDTReceived.Rejected, as package fdt bounds its Warnings: an FDT Instance of one datagram may have
// 100,000 faults, and a subscriber that is slow holds many events.
const maxReasons = 16

// report begins the event about f with the faults that package fdt found. The first time in a session the operator is
// told of them by a Warning too; the sender may repeat them every second.
func (s *Session) report(f *fdt.Instance) event.FDTReceived {
	l := s.l
	report := event.FDTReceived{
		Session: l.key, ID: f.ID, Expires: f.Expires, Complete: f.Complete,
		RejectedCount: f.RejectedCount, Warnings: f.Warnings, WarningCount: f.WarningCount,
	}
	for i, r := range f.Rejected {
		if i < maxReasons {
			report.Rejected = append(report.Rejected, fmt.Sprintf("TOI %s: %s", r.TOI, r.Reason))
		}
		l.completion.refuse(r.TOI)
	}
	if n := f.RejectedCount + f.WarningCount; n > 0 && !l.warned {
		l.warned = true
		var first string
		if len(report.Rejected) > 0 {
			first = report.Rejected[0] + "; the file is refused"
		} else {
			first = report.Warnings[0]
		}
		if n > 1 {
			first += fmt.Sprintf("; and %d more", n-1)
		}
		s.emit(event.Warning{Text: fmt.Sprintf("session %v, FDT Instance %d: %s", l.key, f.ID, first)})
	}
	return report
}

// reject adds a File element that cannot be merged.
func reject(report *event.FDTReceived, toi flute.TOI, err error) {
	if report.RejectedCount++; len(report.Rejected) < maxReasons {
		report.Rejected = append(report.Rejected, fmt.Sprintf("TOI %v: %v", toi, err))
	}
}

// maxReason bounds the text of FDTRejected in bytes: errors may show names from the document.
const maxReason = 256

// brief returns what err says, shortened.
func brief(err error) string {
	s := err.Error()
	if len(s) > maxReason {
		s = strings.ToValidUTF8(s[:maxReason], "") + "…"
	}
	return s
}
