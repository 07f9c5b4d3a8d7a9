package settings

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/store/mem"
)

// TestEverySchemeIsInTheTable finds out what is registered by asking for every FEC Encoding ID.
func TestEverySchemeIsInTheTable(t *testing.T) {
	registry, names := schemes.Default(), map[string]bool{}
	for id := range 256 {
		_, err := registry.Scheme(&fec.OTI{EncodingID: fec.EncodingID(id)})
		known := slices.ContainsFunc(Schemes(), func(s Scheme) bool { return int(s.ID) == id })
		if err == nil && !known {
			t.Errorf("there is no name for %v", fec.EncodingID(id))
		}
	}
	for _, s := range Schemes() {
		if names[s.Name] || s.Help == "" || s.Block == 0 {
			t.Errorf("%+v: incomplete, or there twice", s)
		}
		names[s.Name] = true
		if got, err := FindScheme(s.Name); err != nil || got.Name != s.Name {
			t.Errorf("%s is found as %q, %v", s.Name, got.Name, err)
		}
	}
}

// eachScheme runs test for each scheme.
func eachScheme(t *testing.T, test func(t *testing.T, s Scheme)) {
	for _, s := range Schemes() {
		t.Run(s.Name, func(t *testing.T) { test(t, s) })
	}
}

// TestConf_A21_O06_SchemesDeliver sends files of many sizes, each once, by the defaults of each scheme, and loses a
// tenth of the packets: the repair that a demo chooses must be enough for all of them.
func TestConf_A21_O06_SchemesDeliver(t *testing.T) {
	eachScheme(t, func(t *testing.T, s Scheme) {
		f := FEC{Scheme: s.Name, Loss: 0.1}
		if !s.IsCoded() {
			f.Loss = 0
		}
		for _, size := range []uint64{0, 1, 2, 3, 4, 5, 7, 1400, 4000, 14000, 100_000, 400_000, 3_000_001} {
			deliver(t, f, size)
		}
	})
}

// TestSchemesDeliverByOtherWords has one case for each word that a scheme takes.
func TestSchemesDeliverByOtherWords(t *testing.T) {
	cases := map[word]FEC{
		wordRSMatrix:  {RSMatrix: "backblaze"},
		wordFieldBits: {FieldBits: 13},
		wordSubBlocks: {SubBlocks: 7},
		wordAlignment: {Alignment: 1},
		wordN1:        {N1: 5},
		wordSeed:      {LDPCSeed: 12345},
		wordGroup:     {Group: 3},
		wordSymbol:    {Symbol: 64},
		wordBlock:     {Block: 40},
		wordRepair:    {Repair: new(Percent(1))},
		wordMaxRepair: {MaxRepair: new(Percent(1.5))},
	}
	eachScheme(t, func(t *testing.T, s Scheme) {
		for _, w := range append(slices.Clone(s.words), wordSymbol, wordBlock, wordRepair) {
			f, ok := cases[w]
			if !ok {
				t.Fatalf("%s has no case", w)
			}
			f.Scheme, f.Loss = s.Name, 0.1
			if !s.IsCoded() {
				f.Loss, f.Repair = 0, nil
			}
			deliver(t, f, 200_000)
		}
	})
}

var sessionKey = flute.SessionKey{Source: netip.MustParseAddr("192.0.2.1"), TSI: 7}

// newSession returns a session of cfg with one file, whose OTI is that of the session if own is nil.
func newSession(t *testing.T, cfg sender.Config, content []byte, own *fec.OTI) *sender.Session {
	t.Helper()
	cfg.Session, cfg.Registry = sessionKey, schemes.Default()
	s, err := sender.New(cfg)
	if err != nil {
		t.Fatalf("%+v: %v", cfg.OTI, err)
	}
	o, err := sender.Prepare(context.Background(), sender.File{
		ContentLocation: "file:///f", Content: bytes.NewReader(content), Size: uint64(len(content)),
		OTI: own, Variant: cfg.Variant,
	}, nil)
	if err != nil {
		t.Fatalf("%+v: %v", cfg.OTI, err)
	}
	if _, err := s.Add(o); err != nil {
		t.Fatalf("%+v, %d bytes: %v", cfg.OTI, len(content), err)
	}
	return s
}

// deliver sends a file of size bytes through cores of a sender and a receiver, and loses packets of it by f.Loss. All
// packets of FDT Instances arrive.
func deliver(t *testing.T, f FEC, size uint64) {
	t.Helper()
	var cfg sender.Config
	if err := f.Apply(&cfg, size); err != nil {
		t.Fatalf("%+v: %v", f, err)
	}
	random := rand.New(rand.NewPCG(size, 2))
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(random.Uint32())
	}
	s := newSession(t, cfg, content, f.ForSize(&cfg, size))
	files := mem.New()
	r, err := receiver.New(receiver.Config{Registry: schemes.Default(), Store: files})
	if err != nil {
		t.Fatal(err)
	}
	now, lost := time.Unix(1e9, 0), 0
	for s.Stats().Completed == 0 {
		d, ok, err := s.AppendNext(nil, now)
		if err != nil {
			t.Fatalf("%+v, %d bytes: %v", f, size, err)
		}
		if !ok {
			now = s.Deadline()
			continue
		}
		p, err := alc.Parse(d)
		if err != nil {
			t.Fatal(err)
		}
		// What is too short for Raptor or LDPC goes uncoded: there is no repair for it.
		uncoded := f.Scheme == "raptor" && size < 4 || strings.HasPrefix(f.Scheme, "ldpc") && size < 2
		if p.TOI != flute.NewTOI(0) && random.Float64() < float64(f.Loss) && !uncoded {
			lost++
			continue
		}
		r.Handle(now, sessionKey, d)
	}
	got, ok := files.Get("f")
	if !ok || !bytes.Equal(got, content) {
		t.Errorf("%+v, %d bytes: not delivered, %d packets lost", f, size, lost)
	}
}
