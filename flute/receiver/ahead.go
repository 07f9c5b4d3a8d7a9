package receiver

import (
	"fmt"
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/lct"
)

// maxAhead bounds the Works that a Receiver has run beside its datagrams: more of them make nothing faster.
const maxAhead = 8

// spawned is a Work that computes digests, or publishes, on another goroutine.
type spawned struct {
	m      *member
	w      *Work
	done   chan struct{} // closed when it has run
	behind bool          // its object is whole, see Config.Behind
}

// digestStep returns how many contiguous bytes are gathered before they are hashed.
func (c *Config) digestStep() uint64 {
	if c.Spawn != nil {
		return spawnedStep
	}
	return digestStep
}

// spawn has w run beside the datagrams, if the program permits it: a Work that computes digests, and, with Behind,
// one that publishes. Whatever else a Work does is over when Handle returns.
func (r *Receiver) spawn(m *member, w *Work) bool {
	_, hashes := w.task.(*hashing)
	if r.cfg.Spawn == nil || len(r.ahead) >= maxAhead || !hashes && (w.publication == nil || r.cfg.Behind <= 0) {
		return false
	}
	h := &spawned{m: m, w: w, done: make(chan struct{})}
	r.ahead = append(r.ahead, h)
	r.cfg.Spawn(func() {
		defer close(h.done)
		defer func() {
			if r := recover(); r != nil { // it is nobody's here; Handle has the object fail
				w.Fail(fmt.Errorf("receiver: panic: %v", r))
			}
		}()
		w.Run(nil)
	})
	return true
}

// collect brings back the Works that have run, or, if all is set, waits for each.
func (r *Receiver) collect(now time.Time, all bool) {
	for i := 0; i < len(r.ahead); {
		h := r.ahead[i]
		if !all {
			select {
			case <-h.done:
			default:
				i++
				continue
			}
		}
		r.join(now, h)
		i = 0 // others may have begun
	}
}

// await brings back the Works of an object that is whole: nothing but them is in the way of its end. With Behind the
// object waits for them while others go on.
func (r *Receiver) await(now time.Time, m *member, toi flute.TOI) {
	for {
		i := slices.IndexFunc(r.ahead, func(h *spawned) bool {
			return !h.behind && h.m == m && h.w.TOI() == toi
		})
		switch {
		case i < 0:
			return
		case r.cfg.Behind > 0:
			r.ahead[i].behind = true
			r.behind++
		default:
			r.join(now, r.ahead[i])
		}
	}
}

// join waits for a Work and hands it back.
func (r *Receiver) join(now time.Time, h *spawned) {
	<-h.done
	if h.behind {
		r.behind--
	}
	r.ahead = slices.DeleteFunc(r.ahead, func(o *spawned) bool { return o == h })
	r.done(now, h.m, h.w)
	if h.m.session.l.ending != "" { // it may have been what the end waited for
		h.m.session.Advance(now)
	}
	r.settleSession(now, h.m)
}

// catchUpFor is catchUp for the object of a datagram: what comes of it finds it as it would without Behind. So does
// another version of its file: the older one would give way to it.
func (r *Receiver) catchUpFor(now time.Time, m *member, datagram []byte) {
	_, toi, _ := lct.Peek(datagram)
	e := m.session.l.entries[toi]
	r.catchUp(now, func(h *spawned) bool {
		return h.m == m && (h.w.TOI() == toi || e != nil && e.file != nil && e.target() == h.w.entry.target())
	})
}

// catchUpAll is catchUp for all objects of a session: an FDT Instance may say that their TOIs mean something else.
func (r *Receiver) catchUpAll(now time.Time, m *member) {
	r.catchUp(now, func(h *spawned) bool { return h.m == m })
}

// catchUp waits for the objects behind the datagrams that wanted chooses, and for others as long as these are too many,
// or there is too little memory.
func (r *Receiver) catchUp(now time.Time, wanted func(*spawned) bool) {
	for r.behind > 0 {
		i := slices.IndexFunc(r.ahead, func(h *spawned) bool { return h.behind && wanted(h) })
		if i < 0 && (r.behind > r.cfg.Behind || r.cfg.Budget.Used() > r.cfg.Budget.Limit()/2) {
			i = slices.IndexFunc(r.ahead, func(h *spawned) bool { return h.behind })
		}
		if i < 0 {
			return
		}
		r.join(now, r.ahead[i])
	}
}

// isWhole reports whether all of the object is there that was sent, and its end has not come.
func (o *Object) isWhole() bool {
	return o.e.phase == finishing || o.e.phase == receiving && o.e.held != nil && o.e.held.IsWhole()
}
