package sender

import (
	"cmp"
	"errors"
	"fmt"
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
	ErrLocation = errors.New("sender: Content-Location is that of another file in the session")
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
	s.stats = statistics{key: c.Session, each: c.TransferEvents, withXML: c.FDTXML}
	s.plan = plan{cfg: c, names: &s.names, stats: &s.stats, works: &s.works, lease: lease{keeper: c.Keeper}}
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

// Add takes o into the session and returns its TOI. The file is described in the next FDT Instance and then sent. The
// errors tell that the session cannot send it: ErrClosed or ErrComplete, or a *FileError with ErrTOI, ErrLocation,
// ErrProfile, or flute.ErrOTI when its FEC cannot code it.
func (s *Session) Add(o *Object) (flute.TOI, error) {
	err := ErrComplete
	if s.closed || !s.plan.complete {
		var n *object
		if n, err = s.admit(o, nil); err == nil {
			if n.held = s.cfg.FDTManual; n.held {
				s.held = append(s.held, n)
			}
			s.enlist(n, false)
			return n.toi, nil
		}
	}
	return flute.TOI{}, s.Refuse(o, err)
}

// Refuse ends o, which is not added after all because of err, and returns that with the name of the file. Add and
// Update do so themselves.
func (s *Session) Refuse(o *Object, err error) error {
	s.closeOwned(o)
	if _, ok := errors.AsType[*FileError](err); ok {
		return err
	}
	return fmt.Errorf("%w (%s)", err, o.file.ContentLocation)
}

// codingOf returns how o is coded in this session.
func (s *Session) codingOf(o *Object) (coding, error) {
	oti, variant := s.cfg.OTI, s.cfg.Variant
	f := &o.file
	more := redundancy{
		symbols: cmp.Or(f.Repair, s.cfg.Repair), ratio: cmp.Or(f.Redundancy, s.cfg.Redundancy), share: s.cfg.share,
		least: s.cfg.LeastRepair,
	}
	if f.OTI != nil {
		oti, variant, more.share = *f.OTI, f.Variant, 0
	}
	if f.Redundancy > 0 {
		more.share, more.least = f.Redundancy, 0
	}
	return newCoding(s.cfg, oti, variant, more, o.transferLength)
}

// admit makes o an object of the session, in the place of before if that is not nil. It is to be enlisted then.
func (s *Session) admit(o *Object, before *object) (*object, error) {
	f := &o.file
	switch {
	case s.closed:
		return nil, ErrClosed
	case !s.cfg.encodes(f.CENC):
		return nil, f.fault("CENC", fmt.Errorf("%w: content encoding %v in %v", ErrProfile, f.CENC, s.cfg.Profile))
	}
	if err := f.checkTarget(cmp.Or(f.TransferCount, s.cfg.TransferCount) == 1); err != nil {
		return nil, err
	}
	old := s.names.locations[f.ContentLocation]
	if old != nil && old != before && old.live() {
		return nil, f.fault("ContentLocation", fmt.Errorf("%w: TOI %v; remove it first", ErrLocation, old.toi))
	}
	c, err := s.codingOf(o)
	if err != nil {
		return nil, f.fault("OTI", err)
	}
	// TS 26.346, section L.4.7: Compact No-Code and Raptor are what the receivers of these profiles have.
	if id := c.oti.EncodingID; s.cfg.mbms() && id != fec.CompactNoCode && id != fec.Raptor {
		return nil, f.fault("OTI", fmt.Errorf("%w: FEC Encoding ID %d in %v", ErrProfile, uint8(id), s.cfg.Profile))
	}
	toi, err := s.names.assign(f.TOI)
	if err != nil {
		return nil, f.fault("TOI", err)
	}
	n := &object{
		Object: o, coding: c, toi: toi, location: f.ContentLocation, carousel: newCarousel(s.cfg, f),
		priority: f.Priority, interleave: cmp.Or(f.Interleave, s.cfg.Interleave),
		order: cmp.Or(f.Order, s.cfg.Order), seed: mix(uint64(s.cfg.Session.TSI)) + s.admitted,
	}
	if n.headers, err = newHeaders(s.cfg, toi, &n.coding.oti); err != nil {
		return nil, err
	}
	if err = n.describe(s.cfg); err != nil {
		return nil, err
	}
	if old != nil && old != before { // finished: the newer version of the file stands for it from now on
		s.plan.bury(old)
	}
	s.maxPayload = max(s.maxPayload, c.payload())
	s.names.add(n)
	s.admitted++
	return n, nil
}

// enlist has n described and sent. It comes first if it takes the place of another one: it has waited, and it may
// change again before its next turn.
func (s *Session) enlist(n *object, first bool) {
	s.stats.counts.Added++
	s.plan.add(n)
	s.schedule.queue(n.priority).live++
	if !n.held {
		s.start(n, first)
	}
}

// start has n sent.
func (s *Session) start(n *object, first bool) {
	at := n.file.StartAt
	switch {
	case at.After(s.clock.now):
		n.due = at
		s.schedule.delay(n, at)
	case first:
		s.schedule.pushFront(n)
	default:
		s.schedule.push(n)
	}
}

// Reserve takes the next free TOI for a file that will be added with it, in File.TOI. It is given to nobody else until
// then, or until Release. The error wraps ErrTOI if none is free, or 65,536 are reserved.
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

// each calls visit with all live objects.
func (s *Session) each(visit func(o *object)) {
	for _, p := range s.plan.pages {
		if p.live == 0 {
			continue
		}
		for _, o := range p.objects {
			if !o.live() {
				continue
			}
			visit(o)
			if o.successor != nil {
				visit(o.successor)
			}
		}
	}
	for _, o := range s.unlisted() {
		visit(o)
	}
}

// unlisted returns the live objects that are on no page, but for those that are deferred.
func (s *Session) unlisted() (list []*object) {
	if s.cfg.FDTMode == AllFiles && !s.cfg.FDTManual {
		return nil
	}
	for _, o := range s.names.objects {
		if o.live() && o.page == nil && o.state != deferred {
			list = append(list, o)
		}
	}
	return list
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
