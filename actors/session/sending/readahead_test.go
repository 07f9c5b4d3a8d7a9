package sending

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/pacing"
)

// TestManySessionsReadLessAhead: more than readAlone sessions that send share readShare bytes; one without a rate, or
// that shares none, reads ahead what it wants.
func TestManySessionsReadLessAhead(t *testing.T) {
	var link pacing.Link
	now := time.Now()
	pacers := make([]pacer, 0, 512)
	for range cap(pacers) {
		pacers = append(pacers, newPacer(Pace{Rate: 8 << 20, Member: link.Join(1)}))
	}
	p := &pacers[0]
	if all, least := p.readAhead(); all != 0 || least != 0 {
		t.Errorf("without a rate: %d bytes, %d of each file at least", all, least)
	}
	for i := range pacers {
		pacers[i].adjust(nil, now)
		all, least := p.readAhead()
		wantAll, wantLeast := 0, 0
		if busy := i + 1; busy > readAlone {
			wantAll, wantLeast = readShare/busy, 128<<10
		}
		if all != wantAll || least != wantLeast {
			t.Fatalf("%d sessions: %d and %d bytes, want %d and %d", i+1, all, least, wantAll, wantLeast)
		}
	}
	alone := newPacer(Pace{Rate: 8 << 20})
	alone.adjust(nil, now)
	if all, least := alone.readAhead(); all != 0 || least != 0 {
		t.Errorf("without others: %d bytes, %d of each file at least", all, least)
	}
}
