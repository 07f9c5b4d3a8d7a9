package receiver

import (
	"errors"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// In which states bytes of an object can be put, and why they cannot.
func TestOpenPut(t *testing.T) {
	bad := noCode(300, 0, 4)
	for name, c := range map[string]struct {
		edit func(o *Object)
		open bool
		err  error
	}{
		"receiving":    {func(*Object) {}, true, nil},
		"finishing":    {func(o *Object) { o.e.phase = finishing }, false, nil},
		"completed":    {func(o *Object) { o.e.phase = completed }, false, nil},
		"failed":       {func(o *Object) { o.e.phase = failed }, false, errFinished},
		"refused":      {func(o *Object) { o.e.phase = refused }, false, errRefused},
		"rests":        {func(o *Object) { o.e.phase, o.e.resume = resting, start.Add(1) }, false, errPutLater},
		"has rested":   {func(o *Object) { o.e.phase, o.e.resume = resting, start }, true, nil},
		"its try ends": {func(o *Object) { o.e.phase, o.over = resting, true }, false, errPutLater},
		"removed":      {func(o *Object) { o.l.remove(o.e) }, false, errFinished},
		"gone":         {func(o *Object) { o.e.gone = true }, false, errFinished},
		"ended":        {func(o *Object) { o.l.ended = true }, false, errFinished},
		"ending":       {func(o *Object) { o.l.ending = "test" }, false, errFinished},
		"not begun":    {func(o *Object) { o.l.drop(o.e, true); o.e.phase = announced }, true, nil},
		"no OTI":       {func(o *Object) { o.l.drop(o.e, true); o.e.file.HasOTI = false }, false, errNotKnown},
		"bad OTI":      {func(o *Object) { o.l.drop(o.e, true); o.e.badOTI = errors.New("x") }, false, errNotKnown},
		"contested":    {func(o *Object) { o.l.drop(o.e, true); o.e.contested = true }, false, errNotKnown},
		"no file":      {func(o *Object) { o.l.drop(o.e, true); o.e.file = nil }, false, errNotKnown},
		"unusable OTI": {func(o *Object) { o.l.drop(o.e, true); o.e.file.OTI = bad }, false, flute.ErrOTI},
	} {
		r := newRig(t)
		e := described(t, r)
		o := r.object(e.toi)
		c.edit(o)
		open, err := o.openPut(start)
		if open != c.open || !errors.Is(err, c.err) {
			t.Errorf("%s: %v, %v; want %v, %v", name, open, err, c.open, c.err)
		}
		if open && (!e.put.Equal(start) || !r.l.put.Equal(start) || r.l.wake.After(start.Add(repairGrace)) ||
			!r.l.isRepairing(start) || r.l.isRepairing(start.Add(repairGrace))) {
			t.Errorf("%s: put at %v, looked at again at %v", name, e.put, r.l.wake)
		}
		if name == "unusable OTI" && (e.phase != failed || e.reason != event.FailOTI) {
			t.Errorf("%s: %v, %v", name, e.phase, e.reason)
		}
	}
}

// A session is being repaired while an object that has not ended is.
func TestIsRepairing(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(l *Ledger, e *entry)
		want bool
	}{
		"an object":          {func(*Ledger, *entry) {}, true},
		"one that has ended": {func(_ *Ledger, e *entry) { e.phase = failed }, false},
		"long ago":           {func(_ *Ledger, e *entry) { e.put = start.Add(-repairGrace) }, false},
		"never":              {func(l *Ledger, _ *entry) { l.put = noTime }, false},
		"none for long":      {func(l *Ledger, _ *entry) { l.put = start.Add(-repairGrace) }, false},
	} {
		r := newRig(t)
		e := described(t, r)
		e.put, r.l.put = start, start
		if c.edit(r.l, e); r.l.isRepairing(start) != c.want {
			t.Errorf("%s: repairing %v", name, !c.want)
		}
	}
}

// The interval between FDT Instances is the longest of late. For a while an FDT Instance is presumed to be of a run.
func TestIntervalOfInstances(t *testing.T) {
	l := &Ledger{}
	now := start
	for i, c := range []struct{ passed, want time.Duration }{
		{time.Hour, 0},
		{8 * time.Second, 8 * time.Second},
		{time.Second, 7 * time.Second},
		{7 * time.Second, 7 * time.Second},
		{9 * time.Second, 9 * time.Second},
	} {
		now = now.Add(c.passed)
		if l.measureInterval(now); l.fdtInterval != c.want {
			t.Errorf("%d: %v, want %v", i, l.fdtInterval, c.want)
		}
	}
	in := &instance{}
	if in.isPresumed(start) {
		t.Error("it is presumed, and nobody did")
	}
	if in.presumed = start; !in.isPresumed(start.Add(maxRivalTime-1)) || in.isPresumed(start.Add(maxRivalTime)) {
		t.Error("it is presumed for another time")
	}
	l = &Ledger{}
	if l.version = 2; l.otherVersion(1) != nil || l.otherVersion(2) != nil {
		t.Error("there is no FDT Instance of another version")
	}
}

// An object that was put is repaired for a while.
func TestIsRepaired(t *testing.T) {
	now := start.Add(time.Hour)
	for name, c := range map[string]struct {
		put  time.Time
		want bool
	}{
		"never":    {},
		"now":      {now, true},
		"lately":   {now.Add(1 - repairGrace), true},
		"long ago": {now.Add(-repairGrace), false},
	} {
		e := &entry{record: record{toi: flute.NewTOI(1)}, put: c.put}
		if got := e.isRepaired(now); got != c.want {
			t.Errorf("%s: repaired %v", name, got)
		}
	}
}
