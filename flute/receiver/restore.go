package receiver

import (
	"sync"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/internal/assembly"
	"github.com/flute-node/flute-node/flute/internal/staging"
	"github.com/flute-node/flute-node/store"
)

// A session that begins goes on with the objects of an earlier process, as after a silence: there is a seam behind
// them, and an FDT Instance tells whether the sender is the one that sent them (see run).

// leftovers is what earlier processes have staged, by session. It is safe for concurrent use.
type leftovers struct {
	mu   sync.Mutex
	left map[flute.SessionKey][]leftover
}

type leftover struct {
	noted   *noted
	toi     flute.TOI
	entries [][]byte
	object  store.Object
}

func newLeftovers(list []store.Leftover) *leftovers {
	l := &leftovers{left: map[flute.SessionKey][]leftover{}}
	for _, o := range list {
		if n, toi, entries, err := readNotes(o.Notes); err == nil {
			l.left[n.Session] = append(l.left[n.Session], leftover{n, toi, entries, o.Object})
		}
	}
	return l
}

// take returns what is left of a session, once.
func (l *leftovers) take(key flute.SessionKey) []leftover {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.left[key]
	delete(l.left, key)
	return list
}

// restore begins with what earlier processes have left of the session. It reports whether there was anything.
func (l *Ledger) restore(now time.Time) bool {
	list := l.cfg.leftovers.take(l.key)
	for i := range list {
		o := &list[i]
		if !l.restoreObject(now, o) {
			l.discardLeftover(o)
		}
	}
	if len(l.entries) == 0 {
		return false
	}
	newest := list[0].noted.InstanceID
	for i := range list {
		if id := list[i].noted.InstanceID; id.NewerThan(newest) {
			newest = id
		}
	}
	l.runs, l.proven = 1, true
	l.lines[0] = line{run: 1, told: true, newest: newest}
	return true
}

// discardLeftover discards what cannot be gone on with.
func (l *Ledger) discardLeftover(o *leftover) {
	l.run(l.discard(&entry{record: record{toi: o.toi, phase: failed}, gone: true}, staging.Adopt(l.cfg.Store,
		o.object)))
}

func (l *Ledger) restoreObject(now time.Time, o *leftover) bool {
	n := o.noted
	oti := n.OTI
	if l.checkOTI(&oti) != nil || oti.TransferLength == 0 || n.FLUTEVersion != 1 && n.FLUTEVersion != 2 {
		return false
	}
	scheme, err := l.cfg.Registry.Scheme(&oti)
	if err != nil {
		return false
	}
	file, cost := describedBy(located(&fdt.Instance{}, n.File.file(o.toi))) // which bounds what notes say
	if file.HasOTI && l.checkOTI(&file.OTI) != nil {
		file.HasOTI = false
	}
	h := &holding{Assembly: assembly.New(&l.sender, scheme, oti, n.FTI, staging.Adopt(l.cfg.Store, o.object),
		store.NewBudget(l.cfg.ObjectBudget, l.budgetFor(oti.TransferLength)))}
	if !h.Reserve(l.cfg.holdingCost(oti.TransferLength)) {
		return false
	}
	for _, entries := range o.entries {
		if h.Restore(entries) != nil {
			break
		}
	}
	h.Repaired = n.Repaired
	before := l.entries[o.toi]
	if before != nil && before.held.Received >= h.Received || !l.reserveDescription(now, cost) {
		h.Release()
		return false
	}
	if before != nil {
		l.drop(before, true)
		l.remove(before)
	}
	e := &entry{record: record{
		toi: o.toi, phase: receiving, file: file, instance: n.InstanceID, expires: n.Expires.read(now), first: now,
		run: 1,
	}, held: h, cost: cost, heard: now, recalled: true}
	h.resumed = h.Received
	h.checkpoints = checkpoints{last: now, noted: true, fails: true} // the next notes begin anew
	l.entries[o.toi] = e
	l.version = n.FLUTEVersion
	switch other := l.entries[l.locations[file.ContentLocation]]; {
	case other == nil:
		l.locations[file.ContentLocation] = o.toi
	case e.instance.NewerThan(other.instance):
		l.follows(e, other)
		l.locations[file.ContentLocation] = o.toi
	}
	if due(e.expires, now) { // a later FDT Instance may describe it again
		e.phase = resting
		l.kept[e] = struct{}{}
	}
	l.schedule(e.expires)
	l.schedule(now.Add(l.objectTimeout()))
	l.restoreInstance(now, n)
	l.describes(n.InstanceID, e)
	return true
}

// restoreInstance makes the FDT Instance known that has described an object, until it expires. It is read once more: it
// may describe others.
func (l *Ledger) restoreInstance(now time.Time, n *noted) {
	if n.Instance == nil || l.instances[n.InstanceID] != nil {
		return
	}
	forget := n.Instance.Expires.read(now)
	if due(forget, now) {
		return
	}
	in := &instance{instanceRecord: instanceRecord{
		id: n.InstanceID, run: 1, version: n.FLUTEVersion, cenc: n.Instance.CENC, touched: now, forget: forget,
		fti: n.Instance.FTI, read: true, reread: now,
	}}
	if len(n.Instance.Head) == len(in.head) {
		copy(in.head[:], n.Instance.Head)
		in.hasHead = true
	}
	l.number(in)
	l.schedule(forget)
}
