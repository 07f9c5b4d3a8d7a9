package sender

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
)

// TestConfigBounds: each field has a last value that is taken, and a first one that is not, whose error names it.
func TestConfigBounds(t *testing.T) {
	mbms := Config{Profile: fdt.MBMSExtended}
	toi := flute.NewTOI
	for _, c := range []struct {
		field     string // of the error
		good, bad Config
	}{
		// 48 bits (RFC 5651, section 5.1); 16 of 3GPP (TS 26.346, section 7.2.7)
		{"Session.TSI", tsi(Config{}, 1<<48-1), tsi(Config{}, 1<<48)},
		{"Session.TSI", tsi(mbms, 1<<16-1), tsi(mbms, 1<<16)},
		{"Profile", Config{Profile: fdt.DVBMABR}, Config{Profile: fdt.DVBMABR + 1}},
		{"FDTInterval", Config{FDTInterval: 1}, Config{FDTInterval: -1}},
		{"FDTDuration", Config{FDTDuration: 2 * time.Second}, Config{FDTDuration: 2*time.Second - 1}},
		{
			"FDTDuration",
			Config{FDTDuration: 8 * time.Second, FDTInterval: 4 * time.Second},
			Config{FDTDuration: 8*time.Second - 1, FDTInterval: 4 * time.Second},
		},
		{"FDTDuration", Config{FDTDuration: maxFDTDuration}, Config{FDTDuration: maxFDTDuration + 1}},
		// RFC 6726, section 3.4.1: 20 bits
		{"FDTStartID", Config{FDTStartID: 1<<20 - 1}, Config{FDTStartID: 1 << 20}},
		{"FDTCENC", Config{FDTCENC: flute.GZIP}, Config{FDTCENC: flute.GZIP + 1}},
		{"FDTFiles", Config{FDTFiles: 1}, Config{FDTFiles: -1}},
		{"FDTBytes", Config{FDTBytes: 1}, Config{FDTBytes: -1}},
		{"FDTTransfers", Config{FDTTransfers: 1}, Config{FDTTransfers: -1}},
		{"TOIBits", Config{TOIBits: 16}, Config{TOIBits: -16}},
		{"TOIBits", Config{TOIBits: 32}, Config{TOIBits: 8}},
		{"TOIBits", Config{TOIBits: 48}, Config{TOIBits: 47}},
		{"TOIBits", Config{TOIBits: 112}, Config{TOIBits: 128}},
		{"TOIBits", Config{Profile: fdt.MBMSExtended, TOIBits: 16}, Config{Profile: fdt.MBMSExtended, TOIBits: 32}},
		{"FirstTOI", Config{TOIBits: 32, FirstTOI: toi(1<<32 - 1)}, Config{TOIBits: 32, FirstTOI: toi(1 << 32)}},
		{"FirstTOI", Config{FirstTOI: toi(0)}, Config{Profile: fdt.MBMSExtended, FirstTOI: toi(1 << 16)}},
		{"Parallel", Config{Parallel: maxParallel}, Config{Parallel: maxParallel + 1}},
		{"Parallel", Config{Parallel: 1}, Config{Parallel: -1}},
		{"Interleave", Config{Interleave: maxInterleave}, Config{Interleave: maxInterleave + 1}},
		{"Interleave", Config{Interleave: 1}, Config{Interleave: -1}},
		{"ReadAhead", Config{ReadAhead: 1}, Config{ReadAhead: -1}},
		{"Order", Config{Order: Spread}, Config{Order: Spread + 1}},
		{"Redundancy", Config{Redundancy: maxRedundancy}, Config{Redundancy: math.Nextafter(maxRedundancy, 2000)}},
		{"Redundancy", Config{Redundancy: -1}, Config{Redundancy: math.NaN()}},
		{"FullFDT", Config{FullFDT: true}, Config{FullFDT: true, FDTInTransfer: true}},
		{"FullFDT", Config{FDTInTransfer: true}, Config{FullFDT: true, Profile: fdt.MBMSDownload}},
		{"FullFDT", Config{FullFDT: true, Profile: fdt.MBMSExtended}, Config{FullFDT: true, Profile: fdt.DVBMABR}},
		{"FTI", Config{FTI: FDTOnly}, Config{FTI: FDTOnly + 1}},
		{"FTI", Config{FTI: FirstOfBlock}, Config{FTI: FirstOfBlock, Profile: fdt.MBMSExtended}},
		{"SLC", Config{SLC: true}, Config{SLC: true, Profile: fdt.MBMSExtended}},
		{"FileSCT", Config{FileSCT: true}, Config{FileSCT: true, Profile: fdt.MBMSExtended}},
		{"ERT", Config{ERT: true}, Config{ERT: true, Profile: fdt.MBMSExtended}},
		{"FDTCENC", mbms, Config{FDTCENC: flute.ZLIB, Profile: fdt.MBMSExtended}},
		{"Queues[-3]", Config{Queues: map[int8]int{-3: 1}}, Config{Queues: map[int8]int{-3: 0}}},
		{"Queues[5]", Config{Queues: map[int8]int{5: maxParallel}}, Config{Queues: map[int8]int{5: maxParallel + 1}}},
		{"Delay", Config{Delay: 1}, Config{Delay: -1}},
		{"Interval", Config{Interval: 1}, Config{Interval: -1}},
		{"Interval", Config{Interval: 1}, Config{Interval: 1, Delay: 1}},
		{"Burst", Config{Burst: 3, TransferCount: 3}, Config{Burst: 4, TransferCount: 3}},
		{"Burst", Config{Burst: 3, TransferCount: -1}, Config{Burst: 2}},
		{"Burst", Config{Burst: 3, Until: start}, Config{Burst: -1}},
		{
			"Resume: FDT Instance ID", resumed(Numbers{InstanceID: 1<<20 - 1, TOI: toi(1)}),
			resumed(Numbers{InstanceID: 1 << 20, TOI: toi(1)}),
		},
		{
			"Resume: 1048576 FDT Instance IDs", resumed(Numbers{InUse: 1<<20 - 1, TOI: toi(1)}),
			resumed(Numbers{InUse: 1 << 20, TOI: toi(1)}),
		},
		{"Resume: TOI", resumed(Numbers{TOI: toi(1<<32 - 1)}), resumed(Numbers{TOI: toi(1 << 32)})},
		{"Resume: TOI", resumed(Numbers{TOI: toi(1)}), resumed(Numbers{})},
		{"Registry", Config{}, Config{Registry: new(fec.Registry)}},
	} {
		if c.good.Registry = schemes.Default(); c.field != "Registry" {
			c.bad.Registry = c.good.Registry
		} else {
			c.bad.Registry = nil
		}
		if _, err := New(c.good); err != nil {
			t.Errorf("%s: %v", c.field, err)
		}
		_, err := New(c.bad)
		if err == nil {
			t.Errorf("%s: no error", c.field)
			continue
		}
		rest, ok := strings.CutPrefix(err.Error(), "sender: Config."+c.field)
		if !ok || rest[0] != ' ' && rest[0] != ':' {
			t.Errorf("%s: %v", c.field, err)
		}
	}
}

func tsi(c Config, tsi flute.TSI) Config {
	c.Session.TSI = tsi
	return c
}

func resumed(n Numbers) Config { return Config{TOIBits: 32, Resume: &n} }

// TestConfigDefaults: what a Config leaves open has the documented value.
func TestConfigDefaults(t *testing.T) {
	c, err := Config{Registry: schemes.Default()}.validated()
	if err != nil {
		t.Fatal(err)
	}
	type values struct {
		duration, interval, collect                      time.Duration
		files, bytes, parallel, interleave, count, burst int
		cache, readAhead, toiBits                        int
		block                                            uint64
		redundancy, share                                float64
		toi                                              flute.TOI
		fti                                              FTI
	}
	of := func(c *Config) values {
		return values{
			c.FDTDuration, c.FDTInterval, c.FDTCollect, c.FDTFiles, c.FDTBytes, c.Parallel, c.Interleave,
			c.TransferCount, c.Burst, c.CacheBytes, c.ReadAhead, c.TOIBits, c.MaxBlockBytes, c.Redundancy, c.share,
			c.FirstTOI, c.FTI,
		}
	}
	want := values{
		time.Hour, time.Second, 100 * time.Millisecond, 5000, 256 << 10, 3, 1, 1,
		1, 16 << 20, 64 << 10, 112, 10 << 20, 0.25, 0, flute.NewTOI(1), EveryPacket,
	}
	if got := of(c); got != want {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	if c, err = (Config{Registry: schemes.Default(), Until: start, Profile: fdt.MBMSDownload}).validated(); err != nil {
		t.Fatal(err)
	}
	want.count, want.toiBits, want.fti = -1, 16, FDTOnly
	if got := of(c); got != want {
		t.Errorf("until a time, in a profile of 3GPP: %+v\nwant %+v", got, want)
	}
	set := Config{Registry: schemes.Default(), Until: start, TransferCount: 2, Redundancy: -1, FDTCollect: -1}
	c, err = set.validated()
	if err != nil {
		t.Fatal(err)
	}
	if c.TransferCount != 2 || c.Redundancy != -1 || c.share != 0 || c.FDTCollect != 0 {
		t.Errorf("%+v", c)
	}
}
