package sender

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/internal/defaults"
)

func TestConfigErrors(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"Registry":         func(c *Config) { c.Registry = nil },
		"Session.TSI":      func(c *Config) { c.Session.TSI = 1 << 48 },
		"Profile":          func(c *Config) { c.Profile = 9 },
		"FDTInterval":      func(c *Config) { c.FDTInterval = -1 },
		"FDTDuration":      func(c *Config) { c.FDTDuration = 3 * time.Second; c.FDTInterval = 2 * time.Second },
		"FDTDuration ":     func(c *Config) { c.FDTDuration = time.Second; c.FDTInterval = time.Millisecond },
		"FDTDuration  ":    func(c *Config) { c.FDTDuration = 21 * 365 * 24 * time.Hour },
		"FDTStartID":       func(c *Config) { c.FDTStartID = 1 << 20 },
		"FDTCENC":          func(c *Config) { c.FDTCENC = 4 },
		"FDTFiles":         func(c *Config) { c.FDTFiles = -1 },
		"FDTBytes":         func(c *Config) { c.FDTBytes = -1 },
		"FDTTransfers":     func(c *Config) { c.FDTTransfers = -1 },
		"Parallel":         func(c *Config) { c.Parallel = -1 },
		"Parallel ":        func(c *Config) { c.Parallel = maxParallel + 1 },
		"FDTGroups":        func(c *Config) { c.FDTGroups = []string{"\x01"} },
		"FDTGroups ":       func(c *Config) { c.FDTGroups = slices.Repeat([]string{"g"}, 600) },
		"TOIBits":          func(c *Config) { c.TOIBits = 17 },
		"TOIBits ":         func(c *Config) { c.TOIBits = 128 },
		"TOIBits  ":        func(c *Config) { c.TOIBits = -16 },
		"TOIBits 32":       func(c *Config) { c.TOIBits = 32; c.Profile = fdt.DVBMABR },
		"FirstTOI":         func(c *Config) { c.TOIBits, c.FirstTOI = 16, flute.NewTOI(1<<16) },
		"FirstTOI ":        func(c *Config) { c.Profile, c.FirstTOI = fdt.MBMSExtended, flute.NewTOI(1<<16) },
		"Interleave":       func(c *Config) { c.Interleave = -1 },
		"Interleave ":      func(c *Config) { c.Interleave = maxInterleave + 1 },
		"Delay":            func(c *Config) { c.Delay = -1 },
		"ReadAhead":        func(c *Config) { c.ReadAhead = -1 },
		"FDTOTI":           func(c *Config) { c.FDTOTI = fec.OTI{EncodingID: fec.Compact} },
		"Session.TSI 6553": func(c *Config) { c.Profile = fdt.MBMSDownload; c.Session.TSI = 65536 },
		"FDTCENC gzip":     func(c *Config) { c.Profile = fdt.MBMSDownload; c.FDTCENC = flute.GZIP },
		"FDTOTI: ": func(c *Config) {
			c.Profile = fdt.MBMSDownload
			c.FDTOTI = fec.OTI{
				EncodingID: fec.ReedSolomonGF28,
			}
		},
	} {
		cfg := Config{Registry: schemes.Default()}
		change(&cfg)
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), "Config."+strings.TrimSpace(want)) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := New(Config{Registry: schemes.Default()}); err != nil {
		t.Errorf("defaults: %v", err)
	}
}

// complete must give every OTI of the defaults that its scheme accepts.
func TestDefaultOTI(t *testing.T) {
	for _, tt := range []struct {
		in   fec.OTI
		want fec.OTI
	}{
		{fec.OTI{}, fec.OTI{SymbolLength: 1400, MaxSourceBlockLength: 64}},
		{
			fec.OTI{EncodingID: fec.ReedSolomonGF28},
			fec.OTI{
				EncodingID: fec.ReedSolomonGF28, SymbolLength: 1400, MaxSourceBlockLength: 64, MaxEncodingSymbols: 80,
			},
		},
		{
			fec.OTI{EncodingID: fec.ReedSolomonGF28, MaxSourceBlockLength: 250, SymbolLength: 8},
			fec.OTI{
				EncodingID: fec.ReedSolomonGF28, SymbolLength: 8, MaxSourceBlockLength: 250, MaxEncodingSymbols: 255,
			},
		},
		{
			fec.OTI{EncodingID: fec.SmallBlockSystematic, MaxSourceBlockLength: 3},
			fec.OTI{
				EncodingID: fec.SmallBlockSystematic, SymbolLength: 1400, MaxSourceBlockLength: 3,
				MaxEncodingSymbols: 4,
			},
		},
		{
			fec.OTI{EncodingID: fec.ReedSolomonGF2m},
			fec.OTI{
				EncodingID: fec.ReedSolomonGF2m, SymbolLength: 1400, MaxSourceBlockLength: 64, MaxEncodingSymbols: 80,
				FieldBits: 8, GroupSize: 1,
			},
		},
		{ // 10,000 bytes are 8 symbols of 1400: one block
			fec.OTI{EncodingID: fec.RaptorQ},
			fec.OTI{
				EncodingID: fec.RaptorQ, SymbolLength: 1400, MaxSourceBlockLength: 8, SourceBlocks: 1, SubBlocks: 1,
				Alignment: 4,
			},
		},
		{
			fec.OTI{EncodingID: fec.Raptor, MaxSourceBlockLength: 5},
			fec.OTI{
				EncodingID: fec.Raptor, SymbolLength: 1400, MaxSourceBlockLength: 4, SourceBlocks: 2, SubBlocks: 1,
				Alignment: 4,
			},
		},
		{ // each source symbol takes part in seven repair symbols
			fec.OTI{EncodingID: fec.LDPCStaircase},
			fec.OTI{
				EncodingID: fec.LDPCStaircase, SymbolLength: 1400, MaxSourceBlockLength: 8, MaxEncodingSymbols: 15,
				N1: 7, Seed: 1, GroupSize: 1,
			},
		},
		{ // blocks of eight symbols at least, with the same share of repair symbols
			fec.OTI{EncodingID: fec.LDPCTriangle, MaxSourceBlockLength: 4, MaxEncodingSymbols: 9, N1: 3, Seed: 5},
			fec.OTI{
				EncodingID: fec.LDPCTriangle, SymbolLength: 1400, MaxSourceBlockLength: 8, MaxEncodingSymbols: 18,
				N1: 3, Seed: 5, GroupSize: 1,
			},
		},
		{
			fec.OTI{EncodingID: fec.LDPCTriangle, MaxSourceBlockLength: 4, MaxEncodingSymbols: 6, SymbolLength: 100},
			fec.OTI{ // blocks of 8 and 7
				EncodingID: fec.LDPCTriangle, SymbolLength: 100, MaxSourceBlockLength: 8, MaxEncodingSymbols: 16,
				N1: 7, Seed: 1, GroupSize: 1,
			},
		},
		{
			fec.OTI{EncodingID: fec.LDPCStaircase, SymbolLength: 5, GroupSize: 9},
			fec.OTI{
				EncodingID: fec.LDPCStaircase, SymbolLength: 5, MaxSourceBlockLength: 1000, MaxEncodingSymbols: 1250,
				N1: 7, Seed: 1, GroupSize: 9,
			},
		},
	} {
		got := complete(tt.in, 10_000, defaults.MaxBlockBytes)
		tt.want.TransferLength = 10_000
		if got != tt.want {
			t.Errorf("%+v:\n got %+v\nwant %+v", tt.in, got, tt.want)
		}
		if err := got.Validate(); err != nil {
			t.Errorf("%+v: %v", got, err)
		}
	}
}

// sized is content of any size, all zero.
type sized struct{}

func (sized) ReadAt(p []byte, _ int64) (int, error) { clear(p); return len(p), nil }

func TestAddRefusesWhatCannotBeCoded(t *testing.T) {
	rs := fec.OTI{EncodingID: fec.ReedSolomonGF28, SymbolLength: 1, MaxSourceBlockLength: 1, MaxEncodingSymbols: 2}
	for _, tt := range []struct {
		name string
		size uint64
		oti  fec.OTI
		rep  uint32
		v    fec.Variant
		ok   bool
	}{
		{"no-code, 2^16 blocks", 1 << 16, fec.OTI{SymbolLength: 1, MaxSourceBlockLength: 1}, 0, "", true},
		{"no-code, a block more: longer blocks", 1<<16 + 1, fec.OTI{SymbolLength: 1, MaxSourceBlockLength: 1}, 0, "", true},
		{"no-code, a symbol more", 1<<32 + 1, fec.OTI{SymbolLength: 1, MaxSourceBlockLength: 1}, 0, "", false},
		{"RS, 300 blocks", 300, rs, 0, "", true},
		{"RS, 2^24 blocks", 1 << 24, rs, 0, "", true},
		{"RS, a block more", 1<<24 + 1, rs, 0, "", false},
		{"RS, 256 symbols", 1 << 20, fec.OTI{EncodingID: fec.ReedSolomonGF28, MaxSourceBlockLength: 200, MaxEncodingSymbols: 256}, 0, "", false},
		{"RS, max_n below B", 1, fec.OTI{EncodingID: fec.ReedSolomonGF28, MaxSourceBlockLength: 20, MaxEncodingSymbols: 19}, 0, "", false},
		{"RS, repair up to max_n", 10, rs, 1, "", true},
		{"RS, more repair than max_n", 10, rs, 2, "", false},
		{"RS, known variant", 10, rs, 0, "backblaze", true},
		{"RS, unknown variant", 10, rs, 0, "cauchy", false},
		{"no-code, repair", 10, fec.OTI{}, 1, "", false},
		{"unknown scheme", 10, fec.OTI{EncodingID: 77}, 0, "", false},
		{"block of 10 MiB", 64 << 20, fec.OTI{SymbolLength: 1 << 10, MaxSourceBlockLength: 10 << 10}, 0, "", true},
		{"block of more", (10<<10 + 1) << 10, fec.OTI{SymbolLength: 1 << 10, MaxSourceBlockLength: 10<<10 + 1}, 0, "", false},
		{"small file of large blocks", 1 << 20, fec.OTI{SymbolLength: 1 << 10, MaxSourceBlockLength: 1 << 16}, 0, "", true},
	} {
		s, err := New(Config{Registry: schemes.Default()})
		if err != nil {
			t.Fatal(err)
		}
		o, err := Prepare(context.Background(), File{
			ContentLocation: "a", Content: sized{}, Size: tt.size, OTI: &tt.oti, Variant: tt.v, Repair: tt.rep,
			Digests: NoDigest,
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Add(o)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err != nil && !errors.Is(err, flute.ErrOTI) {
			t.Errorf("%s: %v is not ErrOTI", tt.name, err)
		}
	}
}

// What the FDT cannot say is the error of one file, not of the FDT Instances of all.
func TestAddRefusesWhatCannotBeDescribed(t *testing.T) {
	s, err := New(Config{Registry: schemes.Default()})
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 8<<10+1)
	for _, c := range []struct {
		field string
		file  File
	}{
		{"ContentType", File{ContentType: "text/\x00"}},
		{"ContentType", File{ContentType: "text/" + long}},
		{"ETag", File{ETag: "\xff"}},
		{"ETag", File{ETag: long}},
		{"Groups", File{Groups: []string{"\x01"}}},
		{"Attributes", File{Attributes: []fdt.Attribute{{Space: "urn:app", Local: "channel", Value: long}}}},
		{"Elements", File{Elements: []fdt.Element{{Space: "urn:app", Local: "a", XML: "</File>"}}}},
	} {
		f := c.file
		f.ContentLocation = "a"
		o, err := Prepare(context.Background(), f, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Add(o)
		e, ok := errors.AsType[*FileError](err)
		if !errors.Is(err, fdt.ErrNotWritable) || !ok || e.Field != c.field {
			t.Errorf("%s: %v", c.field, err)
		}
	}
	if st := s.Stats(); st.Added != 0 || !s.Done() {
		t.Errorf("%+v", st)
	}
}

// Large descriptions: an FDT Instance stays below FDTBytes, and all files are described before they are sent.
func TestFDTBytes(t *testing.T) {
	const limit = 4000
	s, err := New(Config{Registry: schemes.Default(), FDTBytes: limit, FDTCollect: -1, FDTOTI: fec.OTI{
		SymbolLength: 8000,
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		f := File{ContentLocation: strings.Repeat("x", 100*i) + "/" +
			strings.Repeat("y", i), Content: bytes.NewReader([]byte{1}), Size: 1}
		addTo(t, s, f)
	}
	if err := s.SetComplete(); err != nil {
		t.Errorf("SetComplete: %v", err)
	}
	v := viewer{start: start}
	described := map[flute.TOI]bool{}
	for now := start; !s.Done(); {
		pkt, ok, err := s.AppendNext(nil, now)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			now = s.Deadline()
			continue
		}
		p := v.read(t, pkt, now)
		if p.fdt != nil {
			if p.oti.TransferLength > limit {
				t.Errorf("FDT Instance of %d bytes", p.oti.TransferLength)
			}
			for i := range p.fdt.Files {
				described[p.fdt.Files[i].TOI] = true
			}
		} else if !described[p.TOI] {
			t.Errorf("TOI %v is not described", p.TOI)
		}
	}
	if len(described) != 20 {
		t.Errorf("%d files are described", len(described))
	}
}

func TestAddErrors(t *testing.T) {
	add := func(s *Session, name string) error {
		o, err := Prepare(context.Background(),
			File{ContentLocation: name, Content: bytes.NewReader([]byte("x")), Size: 1}, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Add(o)
		return err
	}
	s, _ := New(Config{Registry: schemes.Default()})
	if err := add(s, "a"); err != nil {
		t.Fatal(err)
	}
	if err := add(s, "a"); !errors.Is(err, errLocation) {
		t.Errorf("twice: %v", err)
	}
	if err := s.SetComplete(); err != nil {
		t.Fatal(err)
	}
	if err := add(s, "b"); !errors.Is(err, ErrComplete) {
		t.Errorf("after SetComplete: %v", err)
	}
	s.AppendClose(nil)
	if err := add(s, "b"); !errors.Is(err, ErrClosed) {
		t.Errorf("after AppendClose: %v", err)
	}
	if err := s.SetComplete(); !errors.Is(err, ErrClosed) {
		t.Errorf("SetComplete after AppendClose: %v", err)
	}
}

// TestConfigIsCopied: whoever changes a Config after New changes no session.
func TestConfigIsCopied(t *testing.T) {
	cfg := Config{Registry: schemes.Default(), Queues: map[int8]int{1: 2}}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Queues[1] = 9
	if got := s.schedule.queue(1).parallel; got != 2 {
		t.Errorf("%d files at once, want 2", got)
	}
}
