package main

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
		known := slices.ContainsFunc(fecSchemes(), func(s fecScheme) bool { return int(s.id) == id })
		if err == nil && !known {
			t.Errorf("the command line does not know %v", fec.EncodingID(id))
		}
	}
	for _, s := range fecSchemes() {
		if names[s.name] || s.help == "" || s.block == 0 || s.blocks == 0 || len(s.sizes) == 0 {
			t.Errorf("%+v: incomplete, or there twice", s)
		}
		names[s.name] = true
		if got, err := findScheme(s.name); err != nil || got.name != s.name {
			t.Errorf("%s is found as %q, %v", s.name, got.name, err)
		}
	}
}

// eachScheme runs test for each scheme.
func eachScheme(t *testing.T, test func(t *testing.T, s fecScheme)) {
	for _, s := range fecSchemes() {
		t.Run(s.name, func(t *testing.T) { test(t, s) })
	}
}

// TestSchemesDeliver sends files of many sizes, each once, by the default flags of each scheme, and loses a tenth of the
// packets: the repair that a demo chooses must be enough for all of them.
func TestSchemesDeliver(t *testing.T) {
	eachScheme(t, func(t *testing.T, s fecScheme) {
		f := fecFlags{FEC: s.name, loss: 0.1}
		if s.family == uncoded {
			f.loss = 0
		}
		for _, size := range []uint64{0, 1, 2, 3, 4, 5, 7, 1400, 4000, 14000, 100_000, 400_000, 3_000_001} {
			deliver(t, f, size)
		}
	})
}

// TestSchemesDeliverByOtherFlags has one case for each flag that a scheme takes.
func TestSchemesDeliverByOtherFlags(t *testing.T) {
	eachScheme(t, func(t *testing.T, s fecScheme) {
		for _, flag := range append(slices.Clone(s.flags), "--symbol", "--block", "--repair") {
			f := fecFlags{FEC: s.name, loss: 0.1}
			switch flag {
			case flagMatrix:
				f.RSMatrix = "backblaze"
			case flagFieldBits:
				f.FieldBits = 13
			case flagSubBlocks:
				f.SubBlocks = 7
			case flagAlignment:
				f.Alignment = 1
			case flagN1:
				f.N1 = 5
			case flagSeed:
				f.LDPCSeed = 12345
			case flagGroup:
				f.Group = 3
			case "--symbol":
				f.Symbol = 64
			case "--block":
				f.Block = 40
			case "--repair":
				f.Repair = new(percentage(1))
			default:
				t.Fatalf("%s has no case", flag)
			}
			if s.family == uncoded {
				f.loss, f.Repair = 0, nil
			}
			deliver(t, f, 200_000)
		}
	})
}

// deliver sends a file of size bytes through cores of a sender and a receiver, and loses packets of it by f.loss. All packets
// of FDT Instances arrive.
func deliver(t *testing.T, f fecFlags, size uint64) {
	t.Helper()
	var cfg sender.Config
	if err := f.apply(&cfg, size); err != nil {
		t.Fatalf("%+v: %v", f, err)
	}
	key := flute.SessionKey{Source: netip.MustParseAddr("192.0.2.1"), TSI: 7}
	cfg.Session, cfg.Registry = key, schemes.Default()
	s, err := sender.New(cfg)
	if err != nil {
		t.Fatalf("%+v: %v", f, err)
	}
	random := rand.New(rand.NewPCG(size, 2))
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(random.Uint32())
	}
	o, err := sender.Prepare(context.Background(), sender.File{
		ContentLocation: "file:///f", Content: bytes.NewReader(content), Size: size, OTI: f.forSize(&cfg, size), Variant: cfg.Variant,
	}, nil)
	if err != nil {
		t.Fatalf("%+v: %v", f, err)
	}
	if _, err := s.Add(o); err != nil {
		t.Fatalf("%+v, %d bytes: %v", f, size, err)
	}
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
		uncoded := f.FEC == "raptor" && size < 4 || strings.HasPrefix(f.FEC, "ldpc") && size < 2
		if p.TOI != flute.NewTOI(0) && random.Float64() < float64(f.loss) && !uncoded {
			lost++
			continue
		}
		r.Handle(now, key, d)
	}
	got, ok := files.Get("f")
	if !ok || !bytes.Equal(got, content) {
		t.Errorf("%+v, %d bytes: not delivered, %d packets lost", f, size, lost)
	}
}
