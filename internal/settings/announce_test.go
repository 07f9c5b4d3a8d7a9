package settings

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/defaults"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
)

// TestAnnounce: each word reaches its field, and a word that was not given changes nothing.
func TestAnnounce(t *testing.T) {
	config := func(a Announce, profile string) node.SendConfig {
		t.Helper()
		cfg, err := (&Send{Announce: a, Profile: profile, FEC: FEC{Scheme: "no-code"}}).Config(mib)
		if err != nil {
			t.Fatalf("%+v: %v", a, err)
		}
		return cfg
	}
	plain := config(Announce{}, "")
	for name, tt := range map[string]struct {
		words Announce
		want  func(c *node.SendConfig)
	}{
		"mode":       {Announce{Mode: "transfer"}, func(c *node.SendConfig) { c.Session.FDTInTransfer = true }},
		"full":       {Announce{Mode: "full"}, func(c *node.SendConfig) { c.Session.FullFDT = true }},
		"all":        {Announce{Mode: "all"}, func(*node.SendConfig) {}},
		"interval":   {Announce{Interval: time.Minute}, func(c *node.SendConfig) { c.Session.FDTInterval = time.Minute }},
		"duration":   {Announce{Duration: time.Minute}, func(c *node.SendConfig) { c.Session.FDTDuration = time.Minute }},
		"cenc":       {Announce{CENC: "gzip"}, func(c *node.SendConfig) { c.Session.FDTCENC = flute.GZIP }},
		"groups":     {Announce{Groups: []string{"a"}}, func(c *node.SendConfig) { c.Session.FDTGroups = []string{"a"} }},
		"start id":   {Announce{StartID: 9}, func(c *node.SendConfig) { c.Session.FDTStartID = 9 }},
		"first":      {Announce{FTI: "first"}, func(c *node.SendConfig) { c.Session.FTI = sender.FirstOfBlock }},
		"fdt":        {Announce{FTI: "fdt"}, func(c *node.SendConfig) { c.Session.FTI = sender.FDTOnly }},
		"no times":   {Announce{Times: "none"}, func(c *node.SendConfig) { c.Session.NoSCT = true }},
		"same times": {Announce{Times: "sct"}, func(*node.SendConfig) {}},
		"all times": {Announce{Times: "sct,file-sct,ert,slc"}, func(c *node.SendConfig) {
			c.Session.FileSCT, c.Session.ERT, c.Session.SLC = true, true, true
		}},
		"one time": {Announce{Times: "ert"}, func(c *node.SendConfig) { c.Session.NoSCT, c.Session.ERT = true, true }},
		"bits":     {Announce{TOIBits: 48}, func(c *node.SendConfig) { c.Session.TOIBits = 48 }},
		"first toi": {Announce{FirstTOI: "18446744073709551616"}, func(c *node.SendConfig) {
			c.Session.FirstTOI = flute.NewTOI(1<<64 - 1).Next()
		}},
		"random":       {Announce{FirstTOI: "random"}, func(c *node.SendConfig) { c.RandomTOI = true }},
		"state":        {Announce{State: "s"}, func(c *node.SendConfig) { c.State = "s" }},
		"close repeat": {Announce{CloseRepeat: new(time.Duration)}, func(c *node.SendConfig) { c.CloseRepeat = -1 }},
	} {
		want := plain
		tt.want(&want)
		if got := config(tt.words, ""); !reflect.DeepEqual(want, got) {
			t.Errorf("%s: %+v; want %+v", name, got, want)
		}
	}
	oti := config(Announce{FEC: "raptorq"}, "").Session.FDTOTI
	if oti.EncodingID != fec.RaptorQ || oti.SymbolLength != plain.Session.OTI.SymbolLength {
		t.Errorf("FDTOTI %+v", oti)
	}
	if cfg := config(Announce{Times: "none", FTI: "fdt", TOIBits: 16},
		"mbms-extended"); cfg.Session.FTI != sender.FDTOnly {
		t.Errorf("mbms-extended: %+v", cfg)
	}
}

// TestAnnounceErrors: each names its word.
func TestAnnounceErrors(t *testing.T) {
	long, negative := 2*defaults.MaxCloseRepeat, -time.Second
	for _, tt := range []struct {
		words   Announce
		profile string
		want    string
	}{
		{Announce{Mode: "some"}, "", `<fdt-mode> "some": take all, transfer or full`},
		{Announce{Mode: "full"}, "mbms-download", "<fdt-mode> full is not allowed in <profile> mbms-download"},
		{Announce{Interval: -1}, "", "<fdt-interval> -1ns is negative"},
		{Announce{Duration: time.Second}, "", "<fdt-duration> 1s: take 2s to 20 years"},
		{Announce{Interval: time.Hour}, "", "<fdt-duration> 1h0m0s is less than twice <fdt-interval> 1h0m0s"},
		{Announce{CENC: "zip"}, "", `<fdt-cenc> "zip": take null, zlib, deflate or gzip`},
		{Announce{CENC: "gzip"}, "mbms-extended", "<fdt-cenc> gzip is not allowed in <profile> mbms-extended"},
		{
			Announce{FEC: "x"}, "", `<fdt-fec>: there is no FEC scheme "x": take one of ` +
				"no-code,rs,rs129,rs2,rs16,raptor,raptorq,ldpc,ldpc-triangle",
		},
		{Announce{FEC: "rs"}, "dvb-mabr", "<fdt-fec> rs is not allowed in <profile> dvb-mabr"},
		{Announce{Groups: []string{"g"}}, "dvb-mabr", "<fdt-group> is not allowed in <profile> dvb-mabr"},
		{Announce{StartID: 1 << 20}, "", "<fdt-start-id> 1048576: take 0 to 1048575"},
		{Announce{FTI: "none"}, "", `<fti> "none": take every, first or fdt`},
		{Announce{FTI: "every"}, "dvb-mabr", "<fti> every is not allowed in <profile> dvb-mabr: take fdt"},
		{Announce{Times: "sct,now"}, "", `<times> "now": take none, sct, file-sct, ert or slc`},
		{Announce{Times: "sct"}, "mbms-download", "<times> sct is not allowed in <profile> mbms-download"},
		{Announce{TOIBits: 24}, "", "<toi-bits> 24: take 16, 32, 48, 64, 80, 96 or 112"},
		{Announce{TOIBits: 32}, "dvb-mabr", "<toi-bits> 32 is not the 16 of <profile> dvb-mabr"},
		{Announce{FirstTOI: "0"}, "", `<first-toi> "0": take a number from 1 on, or random`},
		{Announce{FirstTOI: "x"}, "", `<first-toi> "x": take a number from 1 on, or random`},
		{
			Announce{FirstTOI: "65536"},
			"mbms-extended",
			"<first-toi> 65536 has more than the 16 bits of <toi-bits>",
		},
		{Announce{CloseRepeat: &long}, "", "<close-repeat> 2m0s: take 0 to 1m0s"},
		{Announce{CloseRepeat: &negative}, "", "<close-repeat> -1s: take 0 to 1m0s"},
	} {
		_, err := (&Send{Announce: tt.words, Profile: tt.profile, FEC: FEC{Scheme: "no-code"}}).Config(mib)
		e := (*Error)(nil)
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", tt.want, err)
			continue
		}
		if got := e.Spell(func(w string) string { return "<" + w + ">" }); got != tt.want {
			t.Errorf("%s; want %s", got, tt.want)
		}
	}
}
