package binding

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
)

// registry is shared: schemes keep what they have computed.
var registry = sync.OnceValue(func() *fec.Registry { return schemes.Default() })

// maxWorks bounds the Works that have run and were not noticed: more of them wait for that.
const maxWorks = 64

// manualCollect is the least time between two FDT Instances where the program says when: nothing has to be collected.
// The digests of a file that is sent meanwhile are announced as soon.
const manualCollect = 5 * time.Millisecond

// Sender is the core of a session that sends (package flute/sender).
type Sender struct {
	Events Queue
	loans

	session *session

	mu     sync.Mutex
	core   *sender.Session
	closed bool

	running int           // Works
	worked  chan struct{} // one for each that has run
}

// NewSender returns a session. text has keys of a section send of the file of configuration, without those of the
// network and of files; oti, if it is not nil, is in place of those of FEC. manual: files wait until Publish.
func NewSender(text string, oti *OTI, manual bool) (*Sender, error) {
	session, err := newSession(text, oti, time.Now(), notOfSender)
	if err != nil {
		return nil, err
	}
	cfg := session.cfg.Session
	cfg.Registry, cfg.FDTManual = registry(), manual
	if manual {
		cfg.FDTCollect = manualCollect
	}
	if session.cfg.RandomTOI {
		return nil, Wrong("first_toi random: take a number")
	}
	if cfg.TOIBits == 0 && !cfg.Profile.MBMS() {
		cfg.TOIBits = 64 // what calls by TOI can name
	}
	cfg.Session = flute.SessionKey{TSI: session.cfg.TSI}
	core, err := sender.New(cfg)
	if err != nil {
		return nil, Wrong("%v", err)
	}
	return &Sender{session: session, core: core, worked: make(chan struct{}, maxWorks)}, nil
}

// Add takes a file: what text says of it, and its content, which is read until Ended returns its TOI, unless it was
// copied.
func (s *Sender) Add(content []byte, borrowed bool, text string, oti *OTI) (toi uint64, err error) {
	return s.lend(content, borrowed, text, oti, s.add)
}

// AddFile takes the file at a path, which is read while it is sent: nobody may write to it.
func (s *Sender) AddFile(path, text string, oti *OTI) (toi uint64, err error) {
	return addFile(path, text, oti, s.add)
}

// add prepares f and takes it.
func (s *Sender) add(w *fileWords, f sender.File, oti *OTI) (uint64, error) {
	now := time.Now()
	if err := w.apply(&f, s.session.how(now), oti); err != nil {
		return 0, discard(f, err)
	}
	o, err := sender.Prepare(context.Background(), f, nil) // it takes long: other calls go on
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id, err := s.core.Add(o)
	s.work() // a file that was refused is closed
	if err != nil {
		return 0, err
	}
	s.drain(now)
	return numberOf(id), nil
}

// discard closes what f owns.
func discard(f sender.File, err error) error {
	if c, ok := f.Content.(interface{ Close() error }); ok {
		_ = c.Close()
	}
	return err
}

// Read puts the next packet into buf and returns its length. Again: nothing is to be sent at now, see Deadline. End:
// nothing will be sent any more, unless files are added.
func (s *Sender) Read(now time.Time, buf []byte) (n int, code Code, err error) {
	var lengths [1]uint32
	_, code, err = s.ReadBatch(now, buf, lengths[:])
	return int(lengths[0]), code, err
}

// ReadBatch puts packets into buf, one behind the other, and their lengths into lengths: as many as there are at now,
// and as there is room for. The code is that of Read, if there is none.
func (s *Sender) ReadBatch(now time.Time, buf []byte, lengths []uint32) (count int, code Code, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	least := s.core.MaxPacketLen()
	if len(buf) < least {
		return 0, Space, errSpace
	}
packets:
	for at := 0; count < len(lengths) && len(buf)-at >= least; {
		packet, ok, err := s.core.AppendNext(buf[at:at:len(buf)], now)
		s.work()
		switch {
		case err != nil && count == 0:
			return 0, CodeOf(err), err
		case ok:
			lengths[count] = uint32(len(packet))
			at += len(packet)
			count++
			continue
		case err == nil && s.await():
			continue
		}
		break packets
	}
	s.drain(now)
	switch {
	case count > 0:
		return count, OK, nil
	case s.core.Done():
		return 0, End, nil
	}
	return 0, Again, nil
}

// work has the Works of the core run: they compute digests while the file is sent, and read ahead.
func (s *Sender) work() {
	for len(s.worked) > 0 {
		<-s.worked
		s.running--
	}
	for _, w := range s.core.Works() {
		s.running++
		go func() {
			defer func() {
				if r := recover(); r != nil {
					w.Fail(Fault(r))
				}
				s.worked <- struct{}{}
			}()
			w.Run(nil)
		}()
	}
}

// await waits for a Work, and reports whether there was one: what it was needed for can be sent then. A caller who asks
// for a packet is not told that there is none because of how the library shares its work.
func (s *Sender) await() bool {
	if s.running == 0 {
		return false
	}
	<-s.worked
	s.running--
	return true
}

// Call does something with the core.
func (s *Sender) Call(do func(core *sender.Session) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := do(s.core)
	s.work() // an object that ends is closed, whether or not somebody reads on
	s.drain(time.Now())
	return err
}

// Remove ends an object, at once or after its running transfer.
func (s *Sender) Remove(toi uint64, after bool) (was bool, err error) {
	when := sender.AtOnce
	if after {
		when = sender.AfterTransfer
	}
	err = s.Call(func(core *sender.Session) error {
		was = core.Remove(toiOf(toi), when)
		return nil
	})
	return was, err
}

// Trigger has the next turn of an object begin.
func (s *Sender) Trigger(toi uint64, at time.Time) error {
	return s.Call(func(core *sender.Session) error { return found(core.Trigger(toiOf(toi), at)) })
}

// Pause has an object, or with toi 0 the session, wait.
func (s *Sender) Pause(toi uint64, paused bool) error {
	return s.Call(func(core *sender.Session) error {
		if toi == 0 {
			core.PauseSession(paused)
			return nil
		}
		return found(core.PauseObject(toiOf(toi), paused))
	})
}

func found(ok bool) error {
	if !ok {
		return errNotFound
	}
	return nil
}

// Deadline returns when there may be something to send; zero: never, as things are.
func (s *Sender) Deadline() (at time.Time) {
	_ = s.Call(func(core *sender.Session) error {
		at = core.Deadline()
		return nil
	})
	return at
}

// MaxPacket returns the length that a packet has at most.
func (s *Sender) MaxPacket() (n int) {
	_ = s.Call(func(core *sender.Session) error {
		n = core.MaxPacketLen()
		return nil
	})
	return n
}

// CloseSession puts the packet that ends the session into buf.
func (s *Sender) CloseSession(buf []byte) (n int, err error) {
	err = s.Call(func(core *sender.Session) error {
		packet := core.AppendClose(nil)
		if len(packet) > len(buf) {
			return errSpace
		}
		n = copy(buf, packet)
		return nil
	})
	return n, err
}

// Stats returns the counters as JSON, with the number of objects that have packets to come.
func (s *Sender) Stats() (text []byte, err error) {
	err = s.Call(func(core *sender.Session) error {
		text, err = json.Marshal(core.Stats())
		return err
	})
	return text, err
}

// Pending returns the number of objects that have packets to come.
func (s *Sender) Pending() (n uint64) {
	_ = s.Call(func(core *sender.Session) error {
		n = core.Stats().Pending
		return nil
	})
	return n
}

// Close ends the session. Nothing of it reads borrowed memory afterwards.
func (s *Sender) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.core.Abort("closed")
	s.work()
	for s.await() { // they may read borrowed memory
	}
	s.drain(time.Now())
	s.Events.end()
	return nil
}

// Queued returns the events.
func (s *Sender) Queued() *Queue { return &s.Events }

// drain takes what the core has to tell.
func (s *Sender) drain(now time.Time) {
	for _, e := range s.core.Events() {
		s.Events.add(now, notice.Event(e))
	}
}
