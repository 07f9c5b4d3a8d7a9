package sender

import (
	"cmp"
	"slices"
	"sync"

	"github.com/flute-node/flute-node/fec"
)

// StandIn returns an Object that is sent like the one that Prepare makes of f, but for its bytes: nothing is read, the
// content is zeros, and so are the digests; those that come later are there as soon as the transfer has begun. It is
// for a session that nobody hears, to find out what f.Size bytes will take, or transferLength bytes after content
// encoding.
func (f File) StandIn(transferLength uint64) (*Object, error) {
	f.Content, f.Source = zeros{}, nil
	if err := checkFile(&f); err != nil {
		return nil, err
	}
	f.Digests = f.Digests.of(&f, f.Size)
	o := &Object{
		file: f, cenc: f.CENC, source: f.Content, transferLength: transferLength, blank: true, holder: new(holder),
	}
	if wanted := f.Digests.algorithms(); f.Digests&DigestLater != 0 {
		o.later = wanted
	} else {
		o.setDigests(newDigester(wanted))
	}
	return o, nil
}

// blankJob is the Work of a StandIn.
type blankJob struct{}

func (blankJob) lane() any             { return nil }
func (blankJob) run(sync.Locker) error { return nil }
func (blankJob) cancel()               {}

// zeros is content of any length.
type zeros struct{}

// ReadAt implements io.ReaderAt.
func (zeros) ReadAt(p []byte, _ int64) (int, error) { clear(p); return len(p), nil }

// InMemory says that reading is a copy.
func (zeros) InMemory() bool { return true }

// Blank returns c with the schemes of its Registry, whose encoders make zeros. A session of it sends as many packets,
// as long as one of c, at the cost of none.
func (c Config) Blank() Config {
	c.Registry = blank(c.Registry)
	return c
}

func blank(r *fec.Registry) *fec.Registry {
	blanks := &fec.Registry{}
	for id := range fec.Compact + 1 {
		s, err := r.Scheme(&fec.OTI{EncodingID: id})
		if err != nil {
			continue
		}
		if g, ok := s.(fec.Grouper); ok {
			blanks = blanks.With(id, 0, blankGrouper{blankScheme{s}, g})
		} else {
			blanks = blanks.With(id, 0, blankScheme{s})
		}
	}
	return blanks
}

// blankScheme is a scheme without a code.
type blankScheme struct{ fec.Scheme }

// NewEncoder implements fec.Scheme.
func (blankScheme) NewEncoder(o *fec.OTI, _ fec.Variant, _ uint32, _ []byte) (fec.Encoder, error) {
	return &blankEncoder{int(o.SymbolLength)}, nil
}

// Detaches does what the scheme in it does.
func (s blankScheme) Detaches() bool { return detaches(s.Scheme) }

// Reuse returns false.
func (blankScheme) Reuse(fec.Encoder, *fec.OTI, uint32, []byte) bool { return false }

type blankGrouper struct {
	blankScheme
	fec.Grouper
}

// blankEncoder makes repair symbols of zeros.
type blankEncoder struct{ length int }

// AppendRepair implements fec.Encoder.
func (e *blankEncoder) AppendRepair(b []byte, _ fec.ESI) ([]byte, error) {
	return append(b, padding[:e.length]...), nil
}

// Reset implements fec.Encoder.
func (e *blankEncoder) Reset([]byte) error { return nil }

// Memory bounds what the session holds, in bytes, of the content of its objects and for their FEC: as many of those
// that need most as are in transfer at once.
func (s *Session) Memory() (sum uint64) {
	needs := map[*queue][]uint64{}
	s.each(func(o *object) {
		q := s.schedule.queue(o.priority)
		needs[q] = append(needs[q], o.memory())
	})
	for q, list := range needs {
		slices.SortFunc(list, func(a, b uint64) int { return cmp.Compare(b, a) })
		for _, n := range list[:min(len(list), q.parallel)] {
			sum += n
		}
	}
	return sum
}

// FileMemory bounds what a session holds, in bytes, of each file that waits, and of up to 100,000 that were sent: all
// but its content and FEC. name is the length of its Content-Location. What File.Attributes and File.Elements say comes
// on top.
func (Config) FileMemory(name int) uint64 { return 2400 + 3*uint64(name) }

// CacheMemory bounds what the session keeps, in bytes, to send it again.
func (s *Session) CacheMemory() uint64 { return s.schedule.cache.most }

// memory bounds what a transfer of o holds.
func (o *object) memory() uint64 {
	c := o.coding
	switch {
	case c.blocks == 0:
		return 0
	case !c.whole:
		return min(readWindow, c.oti.TransferLength)
	}
	k := c.part.BlockSymbols(0)
	block := uint64(k) * uint64(c.oti.SymbolLength)
	slots := min(uint64(max(1, o.interleave)), uint64(c.blocks))
	ahead := block
	if c.lends {
		ahead = 0
	}
	return slots*(block+c.scheme.Memory(&c.oti, k).Encoder) + ahead
}
