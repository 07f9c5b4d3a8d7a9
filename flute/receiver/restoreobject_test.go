package receiver

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/store"
)

// What notes say is used as far as this node can: an object that it could not receive is not gone on with, and of a
// description what cannot be used is left out.
func TestRestoreObject(t *testing.T) {
	o := plain(t, 1, 100_000, 1000, 7)
	bad := o.oti
	bad.SymbolLength = 0
	for name, c := range map[string]struct {
		edit   func(l *Ledger, n *noted)
		want   bool
		hasOTI bool
	}{
		"as it was":         {func(*Ledger, *noted) {}, true, true},
		"bad OTI of a file": {func(_ *Ledger, n *noted) { n.File.OTI = &bad }, true, false},
		"no OTI of a file":  {func(_ *Ledger, n *noted) { n.File.OTI = nil }, true, false},
		"bad OTI":           {func(_ *Ledger, n *noted) { n.OTI = bad }, false, false},
		"empty":             {func(_ *Ledger, n *noted) { n.OTI.TransferLength = 0 }, false, false},
		"unknown code":      {func(_ *Ledger, n *noted) { n.OTI.EncodingID = fec.EncodingID(99) }, false, false},
		"version 1":         {func(_ *Ledger, n *noted) { n.FLUTEVersion = 1 }, true, true},
		"version 3":         {func(_ *Ledger, n *noted) { n.FLUTEVersion = 3 }, false, false},
		"no memory": {func(l *Ledger, _ *noted) {
			l.cfg.Budget.TryReserve(l.cfg.Budget.Limit() - l.cfg.Budget.Used())
		}, false, false},
	} {
		d, notes := notesOf(t, o)
		n, toi, entries, err := readNotes(notes)
		if err != nil {
			t.Fatal(err)
		}
		r := newRig(t, func(cfg *Config) { cfg.Store = d })
		c.edit(r.l, n)
		used := r.cfg.Budget.Used()
		got := r.l.restoreObject(r.now, &leftover{n, toi, entries, d.staged[0]})
		e := r.l.entries[toi]
		if got != c.want || (e != nil) != c.want || got && e.file.HasOTI != c.hasOTI {
			t.Errorf("%s: gone on with %v: %+v", name, got, e)
		}
		if !got && r.cfg.Budget.Used() != used {
			t.Errorf("%s: %d bytes are charged for nothing", name, r.cfg.Budget.Used()-used)
		}
		if got && (r.l.version != n.FLUTEVersion || e.run != 1 || !e.held.checkpoints.noted || e.held.Received == 0) {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// What is known of an object and of its FDT Instance is known again; one whose description has expired rests.
func TestWhatIsRestored(t *testing.T) {
	o := plain(t, 1, 100_000, 1000, 7)
	for name, c := range map[string]struct {
		edit     func(l *Ledger, n *noted)
		expired  bool
		instance bool // it is known again
	}{
		"all":              {func(*Ledger, *noted) {}, false, true},
		"expired":          {func(_ *Ledger, n *noted) { n.Expires.At = start.Add(-1) }, true, true},
		"no Instance":      {func(_ *Ledger, n *noted) { n.Instance = nil }, false, false},
		"expired Instance": {func(_ *Ledger, n *noted) { n.Instance.Expires.At = start }, false, false},
		"another Instance": {func(l *Ledger, n *noted) {
			l.instances[n.InstanceID] = &instance{serial: 77}
		}, false, false},
	} {
		d, notes := notesOf(t, o)
		n, toi, entries, err := readNotes(notes)
		if err != nil || len(n.Instance.Head) == 0 {
			t.Fatal(err)
		}
		head := n.Instance.Head
		r := newRig(t, func(cfg *Config) { cfg.Store = d })
		c.edit(r.l, n)
		if !r.l.restoreObject(start, &leftover{n, toi, entries, d.staged[0]}) {
			t.Fatalf("%s: not gone on with", name)
		}
		e, h := r.l.entries[toi], r.l.entries[toi].held
		_, kept := r.l.kept[e]
		if kept != c.expired || (e.phase == resting) != c.expired || !c.expired && e.phase != receiving {
			t.Errorf("%s: %v, kept %v", name, e.phase, kept)
		}
		if h.resumed != h.Received || !h.checkpoints.fails || !h.checkpoints.noted || !e.recalled ||
			r.l.locations["a"] != toi || !e.first.Equal(start) || !e.heard.Equal(start) {
			t.Errorf("%s: %+v", name, e)
		}
		in := r.l.instances[n.InstanceID]
		if known := in != nil && in.serial != 77; known != c.instance {
			t.Errorf("%s: the FDT Instance is known: %v", name, in)
		} else if known && (in.run != 1 || !in.read || !in.hasHead || string(in.head[:]) != string(head) ||
			in.serial == 0 || e.by != in.serial || !in.forget.Equal(n.Instance.Expires.read(start))) {
			t.Errorf("%s: %+v", name, in)
		}
		if c.expired != r.l.wake.Before(start) || r.l.wake.IsZero() {
			t.Errorf("%s: looked at again at %v", name, r.l.wake)
		}
	}
	// A head of another length is not used.
	r := newRig(t)
	r.l.restoreInstance(start, &noted{Instance: &notedInstance{
		Head: []byte("short"), Expires: noteTime(start, start.Add(time.Minute)),
	}})
	if in := r.l.instances[0]; in == nil || in.hasHead || !r.l.wake.Equal(start.Add(time.Minute)) {
		t.Errorf("%+v, looked at again at %v", in, r.l.wake)
	}
}

// Of two objects that were left with one TOI the one of which more had come is gone on with; the other is discarded.
func TestRestoreTheLargerOne(t *testing.T) {
	o := plain(t, 1, 100_000, 1000, 7)
	one, _ := notesOf(t, o)
	two, _ := notesOf(t, o)
	for _, second := range []bool{false, true} {
		var list []leftover
		for _, d := range []*disk{one, two} {
			n, toi, entries, err := readNotes(d.staged[0].notes)
			if err != nil {
				t.Fatal(err)
			}
			if (d == one) == second {
				entries = entries[:1] // less
			}
			list = append(list, leftover{n, toi, entries, &ended{Object: d.staged[0]}})
		}
		r := newRig(t)
		if !r.l.restoreObject(r.now, &list[0]) || r.l.restoreObject(r.now, &list[1]) != second {
			t.Errorf("second %v: others are gone on with", second)
		}
		r.settle()
		if gone := list[0].object.(*ended).discarded; gone != second {
			t.Errorf("second %v: the first is discarded %v", second, gone)
		}
	}
}

// ended is an object of a store that tells whether it was discarded.
type ended struct {
	store.Object
	discarded bool
}

func (e *ended) Discard() error { e.discarded = true; return nil }
