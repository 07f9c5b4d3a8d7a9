package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

const (
	// maxBars is how many objects in transfer have a bar; the others are counted in one line.
	maxBars = 8
	// rateMemory is how long a rate that has changed takes to be shown as it is.
	rateMemory = 3 * time.Second
	// stalledAfter is for how long nothing has come of a file that is stalled.
	stalledAfter = 10 * time.Second
	// stalledSteps is how many times as long as its last step a bar stands still when its file is stalled. A large file
	// may take minutes from one percent to the next, and progress is told by whole percents.
	stalledSteps = 3
	// wideBar and widest are the columns of a terminal from which a line has a bar, and the longest line.
	wideBar = 60
	widest  = 120
)

// object is what has a progress bar.
type object struct {
	session flute.SessionKey
	toi     flute.TOI
	sending bool
}

// transfer is an object on its way.
type transfer struct {
	object
	name     string
	total    uint64 // bytes
	done     uint64
	rate     float64 // bytes per second
	measured uint64  // done at the last look
	since    time.Time
	moved    time.Time     // when done has changed
	step     time.Duration // how long it took to change; zero: it has not
}

// bars are the transfers that are shown, the oldest first.
type bars struct {
	all    []*transfer
	index  map[object]*transfer
	status string // the last line, of all transfers; empty: there is none
}

// add takes note of an event at now.
func (b *bars) add(now time.Time, e notice.Event) {
	switch e := e.(type) {
	case event.ObjectStarted:
		o := object{e.Session, e.TOI, e.Sending}
		b.drop(o)
		if b.index == nil {
			b.index = map[object]*transfer{}
		}
		t := &transfer{
			object: o, name: humanName(e.ContentLocation), total: e.TransferLength, done: e.Resumed, since: now,
			moved: now,
		}
		b.all, b.index[o] = append(b.all, t), t
	case event.ObjectProgress:
		if t := b.index[object{e.Session, e.TOI, e.Sending}]; t != nil {
			t.advance(now, e.Received)
		}
	case event.ObjectCompleted:
		b.drop(object{e.Session, e.TOI, e.Sending})
	case event.ObjectFailed:
		b.drop(object{e.Session, e.TOI, e.Sending})
	}
}

func (b *bars) drop(o object) {
	if t := b.index[o]; t != nil {
		delete(b.index, o)
		b.all = slices.DeleteFunc(b.all, func(x *transfer) bool { return x == t })
	}
}

// lines draws the bars at now, for a terminal of width columns and so many rows.
func (b *bars) lines(now time.Time, width, rows int) []string {
	width = min(width-1, widest) // the last column is where terminals differ
	var lines []string
	var rate float64
	shown, most := 0, max(1, min(maxBars, rows-3))
	for _, t := range b.all {
		if t.out() {
			continue
		}
		t.measure(now)
		rate += t.rate
		if shown++; shown <= most {
			lines = append(lines, t.line(now, width))
		}
	}
	if n := shown - most; n > 0 {
		lines = append(lines, shorten(fmt.Sprintf("and %d more, %s/s in all", n, formatBytes(uint64(rate))), width))
	}
	if b.status != "" {
		lines = append(lines, shorten(b.status, width))
	}
	return lines
}

// advance takes note of so many bytes. Fewer than before are those of the next transfer of a file that is sent again.
func (t *transfer) advance(now time.Time, done uint64) {
	if done < t.done {
		t.measured, t.since, t.rate = 0, now, 0
	}
	if done != t.done {
		t.step, t.moved = max(now.Sub(t.moved), time.Nanosecond), now
	}
	t.done = done
}

// out reports whether all bytes of a transfer are sent: the file is done, or waits for its next turn.
func (t *transfer) out() bool { return t.sending && t.done > 0 && t.done >= t.total }

// stalled returns for how long nothing has come of a file of which more should; zero: it is not stalled. One that is
// sent waits for its turn.
func (t *transfer) stalled(now time.Time) time.Duration {
	silent := now.Sub(t.moved)
	if t.sending || t.step == 0 || t.done >= t.total || silent < max(stalledAfter, stalledSteps*t.step) {
		return 0
	}
	return silent
}

// measure moves the rate towards what it was since the last look.
func (t *transfer) measure(now time.Time) {
	d := now.Sub(t.since)
	if d <= 0 || t.rate == 0 && t.done == t.measured { // the first bytes count from the start
		return
	}
	current := float64(t.done-min(t.done, t.measured)) / d.Seconds()
	if old := math.Exp(-float64(d) / float64(rateMemory)); t.rate > 0 {
		t.rate = t.rate*old + current*(1-old)
	} else {
		t.rate = current
	}
	t.measured, t.since = t.done, now
}

// line writes name, bar, percent, rate and time left at now, or for how long it is stalled. The name gives way first,
// then the bar.
func (t *transfer) line(now time.Time, width int) string {
	percent := uint64(100)
	if t.total > 0 {
		percent = min(99, t.done*100/t.total) // it is 100 when it is published
	}
	left := "-:--"
	if t.rate >= 1 && t.total >= t.done {
		left = formatLeft(float64(t.total-t.done) / t.rate)
	}
	silent := t.stalled(now)
	if width < wideBar {
		figures := fmt.Sprintf(" %d%% %s/s %s", percent, compactBytes(uint64(t.rate)), left)
		if silent > 0 {
			figures = fmt.Sprintf(" %d%% stalled %s", percent, formatLeft(silent.Seconds()))
		}
		room := max(0, width-columns(figures))
		return shorten(pad(shorten(t.name, room), room)+figures, width)
	}
	figures := fmt.Sprintf(" %3d%% %11s/s %7s", percent, formatBytes(uint64(t.rate)), left)
	if silent > 0 {
		figures = fmt.Sprintf(" %3d%% %21s", percent, "stalled for "+formatLeft(silent.Seconds()))
	}
	bar := (width - columns(figures)) * 2 / 5
	room := width - columns(figures) - bar - 3
	full := int(percent) * bar / 100
	name := pad(shorten(t.name, room), room)
	return name + " [" + strings.Repeat("=", full) + strings.Repeat(" ", bar-full) + "]" + figures
}

// formatLeft writes seconds as 0:07, 12:34 or 3h05.
func formatLeft(seconds float64) string {
	if seconds >= 100*3600 {
		return ">99h"
	}
	s := int(math.Ceil(seconds))
	if s >= 3600 {
		return fmt.Sprintf("%dh%02d", s/3600, s/60%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// compactBytes writes a number of bytes in at most four columns.
func compactBytes(n uint64) string {
	v, i := float64(n), 0
	for v >= 999.5 && i < 5 {
		v, i = v/1024, i+1
	}
	unit := string("BKMGTP"[i])
	if v < 9.95 && i > 0 {
		return fmt.Sprintf("%.1f%s", v, unit)
	}
	return fmt.Sprintf("%.0f%s", v, unit)
}
