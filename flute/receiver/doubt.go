package receiver

import (
	"fmt"
	"time"
)

// An object whose digest fails is not received anew at once: what comes again is compared with what is held, and the
// object gets other versions of the source symbols that differ; see package assembly. Only if nothing differs, or there
// is no memory for that, it starts anew.

const (
	// doubtAtOnce is how many bytes are hashed for one object, in all, before it is waited for further symbols that
	// differ; and doubtWait for how long.
	doubtAtOnce = 4 << 20
	doubtWait   = time.Second
	// doubtFree is the same before the tries have pauses between them, which double.
	doubtFree = 64 << 20
	// maxPauses bounds how often they do.
	maxPauses = 9
)

// doubt keeps what is held of an object whose digest failed, to be compared with what comes again. The first time that
// is the end of a try, and told. It returns false if it cannot.
func (o *Object) doubt(now time.Time, w *Work) bool {
	e, h := o.e, o.e.held
	if !o.l.mayPass(e, w.reason()) {
		return false
	}
	h.digest = nil
	if h.InDoubt() {
		h.tried++
		if over := h.hashedInDoubt() / doubtFree; over > 0 {
			h.differs = now.Add(restFirst << min(over, maxPauses))
		}
		e.phase = receiving
		o.reconsider(now)
		return true
	}
	t := h.Tagging()
	if t == nil {
		return false
	}
	h.tagging = true
	o.start(&Work{task: t, tagging: t})
	if told := o.l.rest(now, e, w.reason(), w.err.Error()); told != nil {
		o.emit(told)
	}
	return true
}

// isDone reports whether nothing needs to come any more.
func (h *holding) isDone() bool { return h.IsWhole() && !h.InDoubt() }

// hashedInDoubt returns how many bytes were hashed since the digest failed first.
func (h *holding) hashedInDoubt() uint64 { return uint64(h.tried) * h.OTI.TransferLength }

// reconsider gives an object whose digest failed other versions of its symbols, once there are some, and verifies it
// again; or it starts the object anew.
func (o *Object) reconsider(now time.Time) {
	e, h := o.e, o.e.held
	if h.working || h.IsWriting() {
		return
	}
	atOnce := h.hashedInDoubt() <= doubtAtOnce && h.tried < maxTries
	switch compared := h.Compared(); {
	case h.HasExchange() && (atOnce || due(h.differs.Add(doubtWait), now)):
		x := h.Exchange()
		e.phase = finishing
		o.start(&Work{task: x, exchange: x})
	case h.HasExchange():
		o.wait()
	case compared: // nothing that came again differs
		o.l.drop(e, true)
		o.over = true
		e.tries-- // it was counted and told when the digest failed first
		o.l.rest(now, e, e.reason, fmt.Sprintf("%s; %d versions of it were verified", e.detail, h.tried))
	}
}
