package sender

import (
	"errors"
	"slices"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
)

// The errors of a session's methods, to be found with errors.Is.
var (
	ErrClosed   = errors.New("sender: session is closed")
	ErrComplete = errors.New("sender: session is complete: no file may be added")
	errLocation = errors.New("sender: Content-Location is that of another file in the session")
	ErrProfile  = errors.New("sender: not allowed in the session's profile")
)

// Session is the core of one sending transport session. It is not safe for concurrent use.
type Session struct {
	cfg   *Config
	clock clock
	alarm time.Time // nothing but sending packets needs attention before; zero: look now

	names    names
	plan     plan
	schedule schedule
	renewals renewals
	works    worklist
	stats    statistics

	held []*object // until Publish

	admitted   uint64 // objects
	maxPayload int    // bytes of symbols in a packet
	broken     bool   // a file has changed after the session was complete
	closed     bool
	paused     bool // nothing is sent
}

// New returns a session without files. The error names the field of cfg that is at fault.
func New(cfg Config) (*Session, error) {
	c, err := cfg.validated()
	if err != nil {
		return nil, err
	}
	coder, err := newFDTCoder(c)
	if err != nil {
		return nil, err
	}
	if c.FDTTransfers == 0 {
		if c.FDTTransfers = defaultFDTTransfers; !coder.isCoded() {
			c.FDTTransfers += max(1, c.TransferCount)
		}
	}
	s := &Session{cfg: c, names: newNames(c)}
	s.stats = statistics{key: c.Session, each: c.TransferEvents, withXML: c.FDTXML, interval: c.ProgressInterval}
	s.plan = plan{cfg: c, names: &s.names, stats: &s.stats, works: &s.works}
	s.plan.lease = lease{keeper: c.Keeper, strict: c.KeepFirst}
	s.plan.sending.cfg, s.plan.sending.coder = c, coder
	s.plan.sending.ids.next = c.FDTStartID
	if c.Resume != nil {
		s.plan.sending.ids.resume(c.Resume)
	}
	s.schedule = schedule{cfg: c, works: &s.works, cache: blockCache{most: uint64(max(0, c.CacheBytes))}}
	for _, o := range [...]fec.OTI{c.OTI, coder.oti} {
		o = complete(o, 0, c.MaxBlockBytes)
		s.maxPayload = max(s.maxPayload, int(o.SymbolLength)*int(max(1, o.GroupSize)))
	}
	return s, nil
}

// Reserve takes the next free TOI for a file that will be added with it, in File.TOI. It is given to nobody else until
// then, or until Release. It is an error if none is free, or 65,536 are reserved.
func (s *Session) Reserve() (flute.TOI, error) {
	if s.closed {
		return flute.TOI{}, ErrClosed
	}
	return s.names.reserve()
}

// Release gives back a TOI that was reserved. It does nothing to a TOI that an object has.
func (s *Session) Release(toi flute.TOI) { s.names.release(toi) }

// SetComplete declares that no file will be added. From now on all files of the session stay described, those that were
// sent included, and the FDT Instance that describes the newest ones, which is sent after the others, says Complete
// (RFC 6726, section 3.4.2). A session that has been going on for longer than Config.FDTDuration may have ceased to
// describe the files that it sent first: earlier FDT Instances have.
func (s *Session) SetComplete() error {
	switch {
	case s.closed:
		return ErrClosed
	case s.plan.complete:
		return nil
	}
	_ = s.Publish() // it is not closed
	s.plan.close()
	s.alarm = time.Time{}
	return nil
}

// Abort ends the session. Objects that were not sent as often as asked end as failed, with reason as the detail.
// AppendNext returns nothing afterwards; AppendClose is still to be called.
func (s *Session) Abort(reason string) {
	if s.closed {
		return
	}
	for _, p := range s.plan.pages {
		for _, o := range p.objects {
			if n := o.successor; n != nil {
				s.withdraw(n, event.FailClosed, reason)
			}
			if o.live() {
				s.give(o, event.FailClosed, reason)
			}
		}
	}
	unlisted := s.unlisted()
	slices.SortFunc(unlisted, func(a, b *object) int { return a.toi.Compare(b.toi) })
	for _, o := range unlisted {
		s.give(o, event.FailClosed, reason)
	}
	s.renewals.discard()
	s.keepLast()
	s.closed = true
	s.plan.sending.page, s.schedule.idle = nil, nil
}

// AppendClose ends the session, as Abort does, and appends the packet that tells receivers so: flag A, no TOI, no
// payload (RFC 6726, section 3.1). It may be called again, to repeat the packet.
func (s *Session) AppendClose(b []byte) []byte {
	s.Abort("the session was closed")
	start := len(b)
	b = alc.AppendCloseSession(b, s.cfg.Session.TSI)
	s.stats.packet(len(b) - start)
	return b
}

// AppendPadding appends a packet that receivers ignore, for a caller who sends at a constant rate also while nothing is
// to be sent. It may be called before the first file is added, and not after AppendClose.
func (s *Session) AppendPadding(b []byte) []byte {
	start := len(b)
	b = alc.AppendPadding(b, s.cfg.Session.TSI, min(s.MaxPacketLen(), alc.MaxPadding))
	s.stats.packet(len(b) - start)
	s.stats.counts.Padding++
	return b
}

// Done reports whether nothing is left to be sent: all files were sent as often as asked, and the FDT Instance that
// describes them often enough.
func (s *Session) Done() bool {
	if s.closed {
		return true
	}
	if s.plan.live.objects > 0 || s.plan.sending.page != nil {
		return false
	}
	p, _ := s.plan.next(s.schedule.wanted(s.clock.now), s.clock.now)
	return p == nil
}
