package sender

import (
	"bytes"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
)

// readCounter counts the bytes that were read.
type readCounter struct {
	r *bytes.Reader
	n int
}

func (c *readCounter) ReadAt(p []byte, off int64) (int, error) {
	c.n += len(p)
	return c.r.ReadAt(p, off)
}

// cached returns a session with one file that is read, and what counts its reads.
func cached(t testing.TB, cfg Config, size int) (*Session, *readCounter, flute.TOI) {
	t.Helper()
	cfg.Registry, cfg.FDTOTI.SymbolLength, cfg.FDTDuration = schemes.Default(), 1400, 100*time.Hour
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	content := &readCounter{r: bytes.NewReader(pattern(size))}
	toi := addTo(t, s, File{ContentLocation: "a", Content: content, Size: uint64(size), Digests: NoDigest})
	return s, content, toi
}

var cachedConfigs = map[string]Config{
	"Reed-Solomon": {OTI: fec.OTI{EncodingID: fec.ReedSolomonGF28, SymbolLength: 100, MaxSourceBlockLength: 10}},
	"new symbols each turn": {
		OTI: fec.OTI{
			EncodingID: fec.ReedSolomonGF28, SymbolLength: 100, MaxSourceBlockLength: 10, MaxEncodingSymbols: 90,
		},
		Repair: 3,
	},
	"interleaved": {
		OTI: fec.OTI{EncodingID: fec.ReedSolomonGF28, SymbolLength: 100, MaxSourceBlockLength: 10}, Interleave: 4,
	},
	"RaptorQ": {OTI: fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 100, MaxSourceBlockLength: 20}},
	"sub-blocks": {
		OTI: fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 100, MaxSourceBlockLength: 20, SubBlocks: 5}, Interleave: 2,
	},
	"a random start": {
		OTI:   fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 100, MaxSourceBlockLength: 20},
		Order: RandomStart, Interleave: 3,
	},
	"RaptorQ, Works": {
		OTI: fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 30_000, MaxSourceBlockLength: 20}, Repair: 3,
	},
	"Works": {
		OTI: fec.OTI{
			EncodingID: fec.ReedSolomonGF28, SymbolLength: 30_000, MaxSourceBlockLength: 10, MaxEncodingSymbols: 30,
		},
		Repair: 2,
	},
}

// What is kept from one transfer to the next is seen in no packet.
func TestCacheIsNotSeenInPackets(t *testing.T) {
	for name, cfg := range cachedConfigs {
		cfg.TransferCount = 5
		size := 77 * int(cfg.OTI.SymbolLength)
		cfg.CacheBytes = -1
		s, _, _ := cached(t, cfg, size)
		want := send(t, s, func(int) {})
		for _, bytes := range []int{0, size / 2} {
			for _, attended := range []bool{false, true} {
				cfg.CacheBytes = bytes
				s, _, _ = cached(t, cfg, size)
				got := send(t, s, func(int) {
					if attended {
						for _, w := range s.Works() {
							w.Run(nil)
						}
					}
				})
				if len(got) != len(want) {
					t.Fatalf("%s, %d bytes: %d packets, want %d", name, bytes, len(got), len(want))
				}
				for i := range got {
					if !equalButTime(got[i], want[i]) {
						t.Fatalf("%s, %d bytes, attended: %v: packet %d differs", name, bytes, attended, i)
					}
				}
			}
		}
	}
}

// equalButTime compares packets; those of FDT Instances have the time in them.
func equalButTime(a, b []byte) bool {
	return bytes.Equal(a, b) || len(a) == len(b) && bytes.Contains(a, []byte("FDT-Instance"))
}

// From the second transfer on nothing is read, nor encoded again.
func TestCacheSparesReading(t *testing.T) {
	for name, cfg := range cachedConfigs {
		cfg.TransferCount = -1
		size := 77 * int(cfg.OTI.SymbolLength)
		s, content, toi := cached(t, cfg, size)
		transfers := func(n uint64) {
			for until := s.Stats().Transfers + n; s.Stats().Transfers < until; {
				if _, ok, err := s.AppendNext(nil, start); !ok || err != nil {
					t.Fatal(ok, err)
				}
			}
		}
		transfers(1)
		if content.n != size {
			t.Errorf("%s: %d bytes were read in the first transfer of %d", name, content.n, size)
		}
		o := s.names.objects[toi]
		encoders := map[fec.Encoder]bool{}
		for _, k := range o.kept.blocks {
			encoders[k.enc] = true
		}
		transfers(3)
		if content.n != size {
			t.Errorf("%s: %d bytes were read in four transfers of %d", name, content.n, size)
		}
		if len(encoders) != int(o.coding.blocks) {
			t.Errorf("%s: %d blocks were kept of %d", name, len(encoders), o.coding.blocks)
		}
		for sbn, k := range o.kept.blocks {
			if !encoders[k.enc] || k.lost {
				t.Errorf("%s: block %d has another encoder", name, sbn)
			}
		}
		if s.Remove(toi, AtOnce); s.schedule.cache.used != 0 {
			t.Errorf("%s: %d bytes are kept of an object that has ended", name, s.schedule.cache.used)
		}
	}
}

// What does not fit is not kept, and what is in the cache stays.
func TestCacheIsBounded(t *testing.T) {
	cfg := cachedConfigs["interleaved"]
	cfg.TransferCount, cfg.CacheBytes = -1, 40_000
	s, content, toi := cached(t, cfg, 7700)
	for s.Stats().Transfers < 6 {
		if _, ok, err := s.AppendNext(nil, start); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if c := s.schedule.cache; c.used > c.most {
			t.Fatalf("%d bytes are used of %d", c.used, c.most)
		}
	}
	kept := len(s.names.objects[toi].kept.blocks)
	if kept == 0 || kept == 8 {
		t.Fatalf("%d of 8 blocks were kept", kept)
	}
	// 8 blocks; those that were kept were read once.
	if want := 7700 + 5*(7700-kept*1000); content.n < want || content.n > want+5*kept*100 {
		t.Errorf("%d bytes were read in 6 transfers, of which %d blocks were kept; want %d", content.n, kept, want)
	}
	// The last transfer keeps nothing.
	cfg.TransferCount, cfg.CacheBytes = 1, 0
	s, _, _ = cached(t, cfg, 7700)
	send(t, s, func(int) {
		if used := s.schedule.cache.used; used != 0 {
			t.Fatalf("%d bytes are kept for nobody", used)
		}
	})
}

// A block whose Work is still running when it is given up, as with an object that is paused too long, is made anew.
func TestCacheAfterALostWork(t *testing.T) {
	k := &keptBlock{held: []byte{1}, enc: &xorEncoder{}}
	own := []byte{2}
	b := block{held: own, work: &Work{}}
	b.own, b.kept, b.held = keptBlock{held: own}, k, k.held
	b.work.state.Store(workRunning)
	b.leave()
	if !k.lost || b.kept != nil || &b.held[0] != &own[0] || b.work != nil {
		t.Errorf("kept %+v, block %+v", k, b)
	}
	x := transfer{kept: &keptBlocks{blocks: map[fec.SBN]*keptBlock{0: k}}}
	if x.find(0) != nil {
		t.Error("it is found")
	}
	// When it was sent once more it takes the place of the other one, whose room it has; without room there is none.
	for most, kept := range map[uint64]bool{100: true, 99: false} {
		x.kept = &keptBlocks{blocks: map[fec.SBN]*keptBlock{0: {size: 30, lost: true}}, bytes: 30}
		x.cache = &blockCache{most: most, used: 30}
		x.coding = &coding{scheme: takes{bytes: 90}}
		again := sent()
		x.keep(again)
		used := uint64(0)
		if kept {
			used = 100
		}
		found, taken := x.find(0) != nil, len(again.held) == 0
		if found != kept || taken != kept || x.cache.used != used || x.kept.bytes != used {
			t.Errorf("of %d bytes %d are used, %d by the object, kept: %v", most, x.cache.used, x.kept.bytes, kept)
		}
	}
}

// takes is a scheme whose encoders take so many bytes.
type takes struct {
	fec.Scheme
	bytes uint64
}

func (s takes) Memory(*fec.OTI, uint32) fec.Memory { return fec.Memory{Encoder: s.bytes} }

// sent returns a source block of two symbols that was sent whole, with one repair symbol.
func sent() *block {
	return &block{
		held: make([]byte, 10), packet: 3, enc: &xorEncoder{}, group: group{k: 2, g: 1, sources: 2, repairs: 1},
	}
}

// TestWhatIsKept: a block that was sent whole, with repair symbols, which no Work and no crash has left half done.
func TestWhatIsKept(t *testing.T) {
	for name, change := range map[string]func(x *transfer, b *block){
		"":                        func(*transfer, *block) {},
		"no cache":                func(x *transfer, _ *block) { x.cache = nil },
		"a crash":                 func(_ *transfer, b *block) { b.stale = true },
		"no repair symbols":       func(_ *transfer, b *block) { b.group.repairs, b.group.sources = 0, 3 },
		"a Work":                  func(_ *transfer, b *block) { b.work = &Work{} },
		"a packet is missing":     func(_ *transfer, b *block) { b.packet-- },
		"its bytes were lent":     func(_ *transfer, b *block) { b.held = nil },
		"there is no room at all": func(x *transfer, _ *block) { x.cache.used = 1 },
	} {
		x := &transfer{kept: &keptBlocks{}, cache: &blockCache{most: 100}, coding: &coding{scheme: takes{bytes: 90}}}
		b := sent()
		change(x, b)
		held := len(b.held)
		if x.keep(b); (x.find(0) != nil) != (name == "") || name != "" && len(b.held) != held {
			t.Errorf("%s: it is kept: %v", name, x.find(0) != nil)
		}
	}
}
