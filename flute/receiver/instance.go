package receiver

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/store"
)

// instance is one FDT Instance: in reception, or known by its fingerprint until it expires.
type instance struct {
	id      flute.InstanceID
	object  *Object // nil once it was decoded or refused
	memory  *memory
	budget  uint64
	cenc    int // content encoding by EXT_CENC; -1: not seen
	sct     time.Time
	touched time.Time
	forget  time.Time // when its ID may be used again; zero: while it is in reception
	fti     []byte    // EXT_FTI of its packets
	head    [sha256.Size]byte
	hasHead bool // head is the hash of the packet with SBN 0 and ESI 0
	alarmed bool // a conflict was reported
}

// maxKnownInstances bounds the fingerprints that are kept; a sender that publishes every second for an hour stays below.
const maxKnownInstances = 4096

// fdtPacket takes a packet with TOI 0.
func (s *Session) fdtPacket(now time.Time, p *alc.Packet, silence time.Duration) error {
	l := s.l
	if p.FLUTEVersion != 1 && p.FLUTEVersion != 2 ||
		l.cfg.Profile != AnyVersion && p.FLUTEVersion != uint8(l.cfg.Profile) || l.version != 0 && l.version != p.FLUTEVersion {
		return errVersion
	}
	in := l.instances[p.InstanceID]
	if in != nil && in.conflicts(p) {
		if silence < l.cfg.EpochSilence && l.closing.IsZero() {
			return s.conflict(in)
		}
		// The sender ended or fell silent, and begins again with FDT Instance IDs that it has used: it was restarted.
		s.newEpoch()
		in = nil
	}
	if in == nil {
		in = s.openInstance(now, p)
	}
	in.touched = now
	in.fingerprint(p)
	if in.object == nil {
		return errDuplicate
	}
	if p.HasCENC {
		if in.cenc >= 0 && in.cenc != int(p.CENC) {
			s.refuse(now, in, errors.New("EXT_CENC differs between its packets"))
			return flute.ErrOTI
		}
		in.cenc = int(p.CENC)
	}
	if p.Time != nil && in.sct.IsZero() {
		if t, err := lct.ParseTime(p.Time, now); err == nil && t.HasSCT {
			in.sct = t.SCT
		}
	}
	err := in.object.handle(now, p)
	if e := in.object.e; e.phase == failed {
		s.refuse(now, in, failure(in.object))
		return errStore
	}
	if err != nil {
		return err
	}
	if r := in.object.e.rec; r != nil && r.isWhole() {
		l.version = p.FLUTEVersion
		if err := s.decodeInstance(now, in); err != nil {
			s.refuse(now, in, err)
			if errors.Is(err, errExpired) {
				return errExpired
			}
		}
	}
	return nil
}

// failure returns the text of an FDT Instance object's own failure.
func failure(o *Object) error {
	for _, e := range o.Effects().Events {
		if f, ok := e.(event.ObjectFailed); ok {
			return errors.New(f.Detail)
		}
	}
	return errStore
}

// conflicts reports whether p cannot belong to the instance: another length or OTI, or other bytes at its start.
func (in *instance) conflicts(p *alc.Packet) bool {
	if p.FTI != nil && in.fti != nil && !bytes.Equal(p.FTI, in.fti) {
		return true
	}
	head, ok := headHash(p)
	return ok && in.hasHead && head != in.head
}

// fingerprint remembers what conflicts compares.
func (in *instance) fingerprint(p *alc.Packet) {
	if in.fti == nil && p.FTI != nil {
		in.fti = bytes.Clone(p.FTI)
	}
	if head, ok := headHash(p); ok && !in.hasHead {
		in.head, in.hasHead = head, true
	}
}

// headHash hashes the packet that carries the first symbol, told by a FEC Payload ID of zeros.
func headHash(p *alc.Packet) (h [sha256.Size]byte, ok bool) {
	oti := fec.OTI{EncodingID: fec.EncodingID(p.Codepoint), FieldBits: 8}
	n := oti.PayloadIDLen()
	if n == 0 || len(p.Body) <= n {
		return h, false
	}
	if id, _, err := oti.ParsePayloadID(p.Body); err != nil || id.SBN != 0 || id.ESI != 0 {
		return h, false
	}
	return sha256.Sum256(p.Body), true
}

// conflict counts a packet under an FDT Instance ID in use and reports the first one. RFC 6726, section 3.4.1: "Receipt
// of an FDT Instance that reuses an FDT Instance ID value that is currently used by a non-expired FDT Instance MUST be
// considered an error case." The first one is kept.
func (s *Session) conflict(in *instance) error {
	if !in.alarmed {
		in.alarmed = true
		s.emit(event.FDTRejected{Session: s.l.key, ID: in.id, Reason: "other content under an FDT Instance ID in use"})
	}
	return errConflict
}

// newEpoch forgets the database of a sender that was restarted. Objects that are being published finish, apart from
// whatever has their TOI now; the others cannot: nothing of them is sent any more.
func (s *Session) newEpoch() {
	l := s.l
	for toi, e := range l.entries {
		switch {
		case e.phase == finishing:
			l.leaving = append(l.leaving, e)
			s.effects.Detached = append(s.effects.Detached, toi)
		case !e.ended() && e.file != nil:
			s.fail(e, event.FailClosed, "the sender started again")
		default:
			l.drop(e, true)
			s.effects.Ended = append(s.effects.Ended, toi)
		}
		l.remove(e)
	}
	for id, in := range l.instances {
		l.forgetInstance(id, in)
	}
	l.closing, l.version, l.complete = time.Time{}, 0, false
}

// openInstance starts the reception of an FDT Instance; the one that was silent longest gives way when there are too
// many.
func (s *Session) openInstance(now time.Time, p *alc.Packet) *instance {
	l := s.l
	open, known := 0, 0
	var oldest, first *instance
	for _, in := range l.instances {
		if in.object != nil {
			if open++; oldest == nil || in.touched.Before(oldest.touched) {
				oldest = in
			}
		} else if known++; first == nil || in.forget.Before(first.forget) {
			first = in
		}
	}
	if open >= l.cfg.MaxInstances {
		l.forgetInstance(oldest.id, oldest)
	}
	if known >= maxKnownInstances {
		l.forgetInstance(first.id, first)
	}
	in := &instance{id: p.InstanceID, cenc: -1, memory: &memory{budget: l.budget, limit: l.fdtLimit()}}
	in.object = &Object{l: l.forFDT(in.memory), e: &entry{}}
	l.instances[in.id] = in
	return in
}

// forFDT returns a ledger that receives one FDT Instance as an object in memory.
func (l *Ledger) forFDT(m *memory) *Ledger {
	cfg := *l.cfg
	cfg.Store = m
	cfg.MaxObjectSize = uint64(l.fdtLimit())
	f := NewLedger(&cfg, l.key)
	f.budget, f.variant = l.budget, l.variant
	return f
}

// fdtLimit returns the largest FDT Instance in bytes, encoded or not.
func (l *Ledger) fdtLimit() int {
	if l.cfg.FDTLimits.Bytes > 0 {
		return l.cfg.FDTLimits.Bytes
	}
	return fdt.DefaultBytes
}

// forgetInstance frees an FDT Instance and its ID.
func (l *Ledger) forgetInstance(id flute.InstanceID, in *instance) {
	in.release()
	delete(l.instances, id)
}

// release frees the memory of the reception and keeps the fingerprint.
func (in *instance) release() {
	if in.object != nil {
		if r := in.object.e.rec; r != nil {
			r.release(true)
		}
		in.object.l.forgetPending(in.object.e)
		in.object = nil
	}
}

// refuse ends an FDT Instance that cannot be used. Its ID is remembered, so that it is refused once.
func (s *Session) refuse(now time.Time, in *instance, err error) {
	in.release()
	in.forget = now.Add(s.l.cfg.SessionTimeout)
	s.l.schedule(in.forget)
	s.emit(event.FDTRejected{Session: s.l.key, ID: in.id, Reason: err.Error()})
}

// decodeInstance reads the FDT Instance that was received and merges it into the database.
func (s *Session) decodeInstance(now time.Time, in *instance) error {
	l := s.l
	r := in.object.e.rec
	if err := r.buffer.Flush(); err != nil {
		return err
	}
	xml, err := in.plain(r.oti.TransferLength, l.fdtLimit())
	if err != nil {
		return err
	}
	f, err := fdt.Parse(xml, now, l.cfg.FDTLimits)
	if err != nil {
		return err
	}
	f.ID = in.id
	if l.cfg.Expiry == ExpiryUseSCT && !in.sct.IsZero() {
		l.skew = in.sct.Sub(now)
	}
	expires := f.Expires.Add(-l.skew)
	if l.cfg.Expiry == ExpiryIgnore {
		expires = now.Add(math.MaxInt64)
	}
	// RFC 6726, section 3.3: "The receiver MUST NOT use a received FDT Instance to interpret packets received beyond the
	// expiration time of the FDT Instance."
	if !expires.After(now) {
		return fmt.Errorf("expired at %v: %w", f.Expires, errExpired)
	}
	in.release()
	in.forget = expires
	l.schedule(expires)
	s.merge(now, f, expires)
	return nil
}

// plain returns the XML of the FDT Instance: what was received, or what it decodes to.
func (in *instance) plain(n uint64, limit int) ([]byte, error) {
	raw := make([]byte, n)
	if _, err := in.memory.ReadAt(raw, 0); err != nil && err != io.EOF {
		return nil, err
	}
	if in.cenc <= int(flute.Null) {
		return raw, nil
	}
	var out bytes.Buffer
	w := &limitedWriter{&out, limit}
	err := decodeContent(w, bufio.NewReader(bytes.NewReader(raw)), flute.ContentEncoding(in.cenc))
	return out.Bytes(), err
}

// limitedWriter refuses what exceeds its rest.
type limitedWriter struct {
	out  *bytes.Buffer
	rest int
}

func (w *limitedWriter) Write(p []byte) (int, error) {
	if len(p) > w.rest {
		return 0, errTooLong
	}
	w.rest -= len(p)
	return w.out.Write(p)
}

// memory is the store of one FDT Instance. It grows with what is written, up to its limit, charged to the budget.
type memory struct {
	budget *store.Budget
	limit  int
	bytes  []byte
}

func (m *memory) Create(uint64) (store.Object, error)          { return m, nil }
func (m *memory) Publish(store.Object, string) (string, error) { return "", errors.ErrUnsupported }
func (m *memory) Close() error                                 { return nil }
func (m *memory) Sync() error                                  { return nil }
func (m *memory) Truncate(int64) error                         { return nil }
func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(m.bytes).ReadAt(p, off)
}

// WriteAt implements io.WriterAt.
func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	end := int(off) + len(p)
	if end > m.limit {
		return 0, errTooLong
	}
	if grow := end - len(m.bytes); grow > 0 {
		if !m.budget.TryReserve(uint64(grow)) {
			return 0, store.ErrBudget
		}
		m.bytes = append(m.bytes, make([]byte, grow)...)
	}
	return copy(m.bytes[off:], p), nil
}

// Discard frees the bytes.
func (m *memory) Discard() error {
	m.budget.Release(uint64(len(m.bytes)))
	m.bytes = nil
	return nil
}
