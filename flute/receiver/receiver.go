package receiver

import (
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// Receiver receives any number of transport sessions without sockets, goroutines or a clock: hand it datagrams, call
// Advance when Deadline has come, drain Events. It does what takes long, such as publication, inside Handle and
// Advance; a program that cannot wait there uses Session and Object, or package node. It is not safe for concurrent
// use.
type Receiver struct {
	cfg      *Config
	sessions map[flute.SessionKey]*member
	latest   *member // whose datagram came last; nil: none, or it has ended
	events   []event.Event
	ahead    []*spawned
	behind   int // how many of these are Works of objects that are whole
}

// member is a session with its objects.
type member struct {
	key     flute.SessionKey
	session *Session
	objects map[flute.TOI]*Object
	latest  *Object // that was looked for last; nil: none, or it has ended
}

// New returns a Receiver, or an error that names the field of cfg which is wrong.
func New(cfg Config) (*Receiver, error) {
	valid, err := cfg.Validated()
	if err != nil {
		return nil, err
	}
	return &Receiver{cfg: valid, sessions: map[flute.SessionKey]*member{}}, nil
}

// Handle takes one datagram of the session key. The bytes are not kept. A session is opened by its first datagram,
// whatever that holds: choose beforehand which TSIs are wanted.
func (r *Receiver) Handle(now time.Time, key flute.SessionKey, datagram []byte) {
	r.HandleFrom(now, key, Origin{}, datagram)
}

// HandleFrom is Handle for a datagram of which more is known: a new UDP source port tells a sender that was started
// again from the one before, and feeds are counted apart.
func (r *Receiver) HandleFrom(now time.Time, key flute.SessionKey, origin Origin, datagram []byte) {
	r.collect(now, false)
	m := r.member(key)
	if r.behind > 0 {
		r.catchUpFor(now, m, datagram)
		m = r.member(key) // the session may have ended with an object
	}
	var p Packet
	if m.session.RouteTo(now, origin, &p, datagram) {
		r.settleSession(now, m)
		o := m.object(p.TOI())
		o.Handle(now, &p)
		r.settle(now, m, o)
	}
	r.settleSession(now, m)
}

// member returns the session key, opened if there is none.
func (r *Receiver) member(key flute.SessionKey) *member {
	if m := r.latest; m != nil && m.key == key {
		return m
	}
	m := r.sessions[key]
	if m == nil {
		m = &member{key: key, session: NewLedger(r.cfg, key).NewSession(), objects: map[flute.TOI]*Object{}}
		r.sessions[key] = m
	}
	r.latest = m
	return m
}

// Advance does what time alone brings.
func (r *Receiver) Advance(now time.Time) {
	r.collect(now, false)
	r.catchUp(now, func(*spawned) bool { return false })
	for _, m := range r.sessions {
		m.session.Advance(now)
		r.settleSession(now, m)
	}
}

// Deadline returns when Advance must be called at the latest; the zero time when there is nothing to wait for.
func (r *Receiver) Deadline() time.Time {
	var least time.Time
	for _, m := range r.sessions {
		if d := m.session.Deadline(); !d.IsZero() && (least.IsZero() || d.Before(least)) {
			least = d
		}
	}
	return least
}

// Close ends all sessions.
func (r *Receiver) Close(now time.Time) {
	r.collect(now, true)
	for _, m := range r.sessions {
		m.session.Close("receiver closed")
		r.settleSession(now, m)
	}
}

// Events drains what was announced since the last call.
func (r *Receiver) Events() []event.Event {
	e := r.events
	r.events = nil
	return e
}

// Counters returns the packet counts of a session, and whether it is there.
func (r *Receiver) Counters(key flute.SessionKey) (flute.Counters, bool) {
	m := r.sessions[key]
	if m == nil {
		return flute.Counters{}, false
	}
	return m.session.Ledger().Counters(), true
}

// Verifying returns how many objects that lack nothing are verified beside the datagrams, see Config.Behind.
func (r *Receiver) Verifying() int { return r.behind }

// Sessions returns how many sessions there are, also those that have shown nothing yet: whoever opens them by datagrams
// of strangers bounds them.
func (r *Receiver) Sessions() int { return len(r.sessions) }

func (m *member) object(toi flute.TOI) *Object {
	if o := m.latest; o != nil && o.TOI() == toi {
		return o
	}
	o := m.objects[toi]
	if o == nil {
		o = m.session.Ledger().NewObject(toi)
		m.objects[toi] = o
	}
	m.latest = o
	return o
}

// forget drops the Object of toi.
func (m *member) forget(toi flute.TOI) {
	delete(m.objects, toi)
	m.latest = nil
}

// settle does what an object wants done, until it wants nothing more.
func (r *Receiver) settle(now time.Time, m *member, o *Object) {
	for o.HasEffects() {
		f := o.Effects()
		r.events = append(r.events, f.Events...)
		if len(f.Works) == 0 {
			break
		}
		for _, w := range f.Works {
			if r.spawn(m, w) {
				continue
			}
			w.Run(nil)
			o.Done(now, w)
		}
	}
	if len(r.ahead) > 0 && o.isWhole() {
		r.await(now, m, o.TOI())
	}
	if o.Ended() {
		m.forget(o.TOI())
	}
}

// settleSession does what a session wants done, until it wants nothing more.
func (r *Receiver) settleSession(now time.Time, m *member) {
	for m.session.HasEffects() {
		f := m.session.Effects()
		r.events = append(r.events, f.Events...)
		for _, toi := range f.Ended { // a detached one stays in the Ledger: any Object of its TOI takes its end
			m.forget(toi)
		}
		for _, toi := range f.Described {
			o := m.object(toi)
			o.Describe(now)
			r.settle(now, m, o)
		}
		for _, w := range f.Works {
			if w.reading != nil {
				r.catchUpAll(now, m)
			}
			w.Run(nil)
			r.done(now, m, w)
		}
	}
	if l := m.session.l; l.ending != "" && !l.ended {
		r.catchUpAll(now, m) // until then no packet is taken, not even of the next session of its key
	}
	// A Work of a session that has ended may come back when there is a new one of its key.
	if m.session.Ended() && r.sessions[m.key] == m {
		delete(r.sessions, m.key)
		r.latest = nil
	}
}

// done brings a Work of the session back to who awaits it.
func (r *Receiver) done(now time.Time, m *member, w *Work) {
	switch {
	case w.TOI().IsFDT():
		m.session.Done(now, w)
	case m.session.Ledger().Awaits(w):
		o := m.object(w.TOI())
		o.Done(now, w)
		r.settle(now, m, o)
	default:
		w.Cancel()
	}
}
