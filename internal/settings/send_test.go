package settings

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/allocbound"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/source"
)

func TestSend(t *testing.T) {
	words := Send{
		Interface: "eth0", TTL: 3, TSI: 7, Rate: 5e6, Object: Object{CENC: "gzip"}, Repeat: -1, Delay: time.Second,
		Parallel: 4, Offload: "off",
		Profile: "rfc3926", FEC: FEC{Scheme: "rs"},
	}
	got, err := words.Config(mib)
	if err != nil {
		t.Fatal(err)
	}
	want := node.SendConfig{
		TSI: 7, Interface: "eth0", TTL: 3, Rate: 5e6, NoOffload: true,
		Session: sender.Config{Profile: fdt.RFC3926, Parallel: 4, TransferCount: -1, Delay: time.Second},
	}
	if err := words.FEC.Apply(&want.Session, mib); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(want, got) {
		t.Errorf("%+v; want %+v", got, want)
	}
}

// TestErrors: each Error names its word, and spells it as it is told to.
func TestErrors(t *testing.T) {
	send := func(s Send) error {
		if s.FEC.Scheme == "" {
			s.FEC.Scheme = "no-code"
		}
		_, err := s.Config(mib)
		return err
	}
	receive := func(r Receive) error {
		_, err := r.Config()
		return err
	}
	files := func(f Files) error {
		_, err := f.Options()
		return err
	}
	for _, test := range []struct {
		err  error
		word string
		want string // with words in angle brackets
	}{
		{send(Send{Profile: "rfc9999"}), "profile", `<profile> "rfc9999": take rfc6726, rfc3926, mbms-extended, mbms-download, dvb-mabr, mbs or dvb-nip`},
		{send(Send{Pace: Pace{Counting: "bits"}}), "counting", `<counting> "bits": take payload, ip or ethernet`},
		{send(Send{Pace: Pace{Constant: true}}), "constant", "<constant> needs a <rate>"},
		{
			send(Send{Rate: 1, Pace: Pace{Constant: true, By: time.Unix(9, 0)}}), "constant",
			"<constant> and <by>: take one of them",
		},
		{send(Send{Pace: Pace{WarmUp: time.Second}}), "warm-up", "<warm-up> goes with <constant>"},
		{send(Send{Pace: Pace{Weight: -1}}), "weight", "<weight> -1: take 1 to 1000000"},
		{send(Send{Pace: Pace{Weight: 1_000_001}}), "weight", "<weight> 1000001: take 1 to 1000000"},
		{send(Send{Rate: 1, Pace: Pace{Constant: true, WarmUp: -1}}), "warm-up", "<warm-up> -1ns is negative"},
		{send(Send{Pace: Pace{Within: -time.Second}}), "within", "<within> -1s is negative"},
		{
			send(Send{Pace: Pace{Within: time.Second, By: time.Unix(9, 0)}}), "within",
			"<within> and <by>: take one of them",
		},
		{
			send(Send{Pace: Pace{By: time.Unix(9, 0)}, Repeat: -1}), "by",
			"<by>, and files that are sent for ever: leave it out",
		},
		{send(Send{Object: Object{CENC: "brotli"}}), "cenc", `<cenc> "brotli": take null, zlib, deflate, gzip or auto`},
		{send(Send{Offload: "on"}), "offload", `<offload> "on": take auto or off`},
		{send(Send{TSI: 1 << 48}), "tsi", "<tsi> 281474976710656 does not fit into 48 bits"},
		{send(Send{Parallel: maxParallel + 1}), "parallel", "<parallel> 4097: take 1 to 4096"},
		{
			send(Send{Profile: "mbms-download", FEC: FEC{Scheme: "rs"}}), "fec",
			"<fec> rs is not allowed in <profile> mbms-download",
		},
		{
			send(Send{Profile: "dvb-mabr", Object: Object{CENC: "gzip"}, FEC: FEC{Scheme: "raptor"}}), "cenc",
			"<cenc> gzip is not allowed in <profile> dvb-mabr",
		},
		{
			send(Send{Profile: "dvb-mabr", Object: Object{CENC: "gzip"}, FEC: FEC{Scheme: "raptorq"}}), "fec",
			"<fec> raptorq is not allowed in <profile> dvb-mabr",
		},
		{
			send(Send{Profile: "mbms-download", TSI: 1 << 16}), "tsi",
			"<tsi> 65536 does not fit into the 16 bits of <profile> mbms-download",
		},
		{send(Send{TTL: 256}), "ttl", "<ttl> 256: take 1 to 255"},
		{send(Send{TTL: -1}), "ttl", "<ttl> -1: take 1 to 255"},
		{send(Send{Delay: -time.Second}), "delay", "<delay> -1s is negative"},
		{receive(Receive{Digest: "md5,"}), "digest", `<digest> "md5,": a name is empty`},
		{receive(Receive{Digest: "md5,crc"}), "digest", `<digest> "crc": take md5, sha-256 or sha-512`},
		{receive(Receive{Offload: "on"}), "offload", `<offload> "on": take auto or off`},
		{receive(Receive{Selection: Selection{Only: []string{"[a"}}}), "only", `<only> "[a": no pattern such as *.txt or news/**`},
		{receive(Receive{Selection: Selection{Except: []string{""}}}), "except", `<except> "": no pattern such as *.txt or news/**`},
		{receive(Receive{Selection: Selection{Types: []string{"[a"}}}), "type", `<type> "[a": no pattern such as text/*`},
		{receive(Receive{Selection: Selection{Groups: []string{""}}}), "file-group", "<file-group>: a name is empty"},
		{receive(Receive{Selection: Selection{TOIs: []uint64{0}}}), "toi", "<toi> 0: that of FDT Instances, which are always received"},
		{receive(Receive{Selection: Selection{MinSize: 2, MaxSize: 1}}), "min-size", "<min-size> 2 is more than <max-size> 1"},
		{receive(Receive{Selection: Selection{MaxAge: -1}}), "max-age", "<max-age> -1ns is negative"},
		{receive(Receive{Selection: Selection{Again: "no"}}), "again", `<again> "no": take updated, never or always`},
		{receive(Receive{Resume: "on"}), "resume", `<resume> "on": take auto or off`},
		{receive(Receive{MaxDatagram: 65537}), "max-datagram", "<max-datagram> 65537: take 1 to 65536"},
		{
			receive(Receive{SessionTimeout: "-1s"}), "session-timeout",
			`<session-timeout> "-1s": take auto, off, or a time such as 10m or 2h`,
		},
		{
			receive(Receive{ObjectTimeout: "soon"}), "object-timeout",
			`<object-timeout> "soon": take auto, off, or a time such as 10m or 2h`,
		},
		{receive(Receive{Expiry: "no"}), "expiry", `<expiry> "no": take auto, enforce or ignore`},
		{files(Files{Links: "hard"}), "links", `<links> "hard": take skip, follow or error`},
		{files(Files{Names: "short"}), "names", `<names> "short": take base or path`},
		{
			send(Send{FEC: FEC{Scheme: "magic"}}), "fec", `<fec>: there is no FEC scheme "magic": take one of ` +
				"auto,no-code,rs,rs129,rs2,rs16,raptor,raptorq,ldpc,ldpc-triangle",
		},
		{
			send(Send{FEC: FEC{Scheme: "rs", RSMatrix: "cauchy"}}), "rs-matrix",
			`<rs-matrix> "cauchy": take rizzo, rfc5510-8.2.1 or backblaze`,
		},
		{
			send(Send{FEC: FEC{Scheme: "raptor", RSMatrix: "rizzo"}}), "rs-matrix",
			"<rs-matrix> means nothing to <fec> raptor: leave it out",
		},
		{
			receive(Receive{Layout: "{tsi}/{x}"}), "layout", `<layout> "{tsi}/{x}": "{x}" is no part of a name: take ` +
				"{tsi}, {toi}, {group}, {source}, {path}, {name}, {date}, {sha256}",
		},
		{receive(Receive{Layout: "deep"}), "layout", `<layout> "deep": "deep" is none of flat, source, session, and no template`},
		{
			receive(Receive{RSMatrix: "cauchy"}), "rs-matrix",
			`<rs-matrix> "cauchy": take auto, rizzo, rfc5510-8.2.1 or backblaze`,
		},
		{receive(Receive{TSIs: []uint64{1, 1 << 48}}), "tsi", "<tsi> 281474976710656 does not fit into 48 bits"},
	} {
		e := (*Error)(nil)
		if !errors.As(test.err, &e) {
			t.Errorf("%s: %v", test.want, test.err)
			continue
		}
		if got := e.Spell(func(w string) string { return "<" + w + ">" }); got != test.want || e.Word != test.word {
			t.Errorf("word %s, %s; want %s, %s", e.Word, got, test.word, test.want)
		}
		if plain := strings.NewReplacer("<", "", ">", "").Replace(test.want); e.Error() != plain {
			t.Errorf("%s; want %s", e.Error(), plain)
		}
	}
}

// TestSendTakesWhatSessionsTake: the bound on parallel is that of the sender.
func TestSendTakesWhatSessionsTake(t *testing.T) {
	words := Send{Parallel: maxParallel, FEC: FEC{Scheme: "no-code"}}
	cfg, err := words.Config(0)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Session.Parallel++
	if err := try(cfg.Session, 0, sender.File{}, 0); err == nil {
		t.Errorf("a session takes more than %d files at once", maxParallel)
	}
}

func TestReceive(t *testing.T) {
	words := Receive{
		Interface: "eth0", TSIs: []uint64{1, 1<<48 - 1}, RSMatrix: "backblaze", MaxDatagram: 9000,
		SessionTimeout: "1m", ObjectTimeout: "off", Expiry: "ignore", Layout: "session", Dir: "d",
	}
	got, err := words.Config()
	want := node.ReceiveConfig{
		Interface: "eth0", TSIs: []flute.TSI{1, flute.MaxTSI}, MaxDatagram: 9000, Dir: "d",
		Session: receiver.Config{
			Variant: "backblaze", SessionTimeout: time.Minute, NoObjectTimeout: true, Expiry: receiver.ExpiryIgnore,
			Layout: "session",
		},
	}
	if err != nil || !reflect.DeepEqual(want, got) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	for _, matrix := range []string{"", "auto"} {
		got, err := (&Receive{RSMatrix: matrix}).Config()
		if err != nil || got.Session.Variant != "" {
			t.Errorf("rs-matrix %q: %q, %v", matrix, got.Session.Variant, err)
		}
	}
}

func TestFiles(t *testing.T) {
	for words, want := range map[Files]source.Options{
		{}:                              {Links: source.SkipLinks},
		{Links: "skip", Names: "base"}:  {Links: source.SkipLinks},
		{Links: "follow"}:               {Links: source.FollowLinks},
		{Links: "error", Names: "path"}: {Links: source.RefuseLinks, FullNames: true},
	} {
		if got, err := words.Options(); err != nil || got != want {
			t.Errorf("%+v: %+v, %v; want %+v", words, got, err, want)
		}
	}
}

// TestBounds: the fields of an OTI that words set are valid up to the bounds that the words have, and not beyond.
func TestBounds(t *testing.T) {
	for _, test := range []struct {
		words  FEC
		within func(o *fec.OTI)
		beyond func(o *fec.OTI)
	}{
		{FEC{Scheme: "rs2"}, func(o *fec.OTI) { o.FieldBits = 16 }, func(o *fec.OTI) { o.FieldBits = 17 }},
		{FEC{Scheme: "rs2"}, func(o *fec.OTI) { o.FieldBits = 8 }, func(o *fec.OTI) { o.FieldBits = 1 }},
		{FEC{Scheme: "ldpc"}, func(o *fec.OTI) { o.N1 = 3 }, func(o *fec.OTI) { o.N1 = 2 }},
		{FEC{Scheme: "ldpc"}, func(o *fec.OTI) { o.N1 = 10 }, func(o *fec.OTI) { o.N1 = 11 }},
		{FEC{Scheme: "ldpc"}, func(o *fec.OTI) { o.Seed = maxSeed }, func(o *fec.OTI) { o.Seed = maxSeed + 1 }},
		{FEC{Scheme: "ldpc"}, func(o *fec.OTI) { o.GroupSize = maxGroup }, func(o *fec.OTI) { o.GroupSize = maxGroup + 1 }},
		{FEC{Scheme: "raptor"}, func(o *fec.OTI) { o.SubBlocks = maxSubBlocks }, func(o *fec.OTI) { o.SubBlocks = maxSubBlocks + 1 }},
	} {
		o, _, err := test.words.OneBlock(20, 1200)
		if err != nil {
			t.Fatalf("%+v: %v", test.words, err)
		}
		within, beyond := o, o
		test.within(&within)
		test.beyond(&beyond)
		if within.Validate() != nil || beyond.Validate() == nil {
			t.Errorf("%+v: %v, %+v: %v", within, within.Validate(), beyond, beyond.Validate())
		}
	}
}

// TestOneBlock shortens a symbol length that was not asked for, and no other.
func TestOneBlock(t *testing.T) {
	half := Percent(0.5)
	words := FEC{Scheme: "rs2", FieldBits: 13, Repair: &half}
	o, repair, err := words.OneBlock(20, 1400)
	want := fec.OTI{
		EncodingID: fec.ReedSolomonGF2m, FieldBits: 13, GroupSize: 1, SymbolLength: 1391, TransferLength: 20 * 1391,
		MaxSourceBlockLength: 20, MaxEncodingSymbols: 30,
	}
	if err != nil || o != want || repair != 10 {
		t.Errorf("%+v, %d, %v; want %+v, 10", o, repair, err, want)
	}
	words.Symbol = 1400
	if _, _, err := words.OneBlock(20, 16); err == nil || !strings.Contains(err.Error(), "take 1391") {
		t.Errorf("a symbol length that was asked for: %v", err)
	}
	raptorQ := FEC{Scheme: "raptorq"}
	if o, _, err := raptorQ.OneBlock(56403, 16); err != nil || o.SourceBlocks != 1 || o.Validate() != nil {
		t.Errorf("%+v, %v", o, err)
	}
	if _, _, err := raptorQ.OneBlock(56404, 16); err == nil {
		t.Error("a source block of 56404 symbols is no error")
	}
}

// TestPace: the words of a pace reach the session.
func TestPace(t *testing.T) {
	for words, want := range map[Pace]node.SendConfig{
		{}:                                    {},
		{Weight: 1_000_000}:                   {},
		{Counting: "ip", Within: time.Minute}: {Counting: node.CountIP, Within: time.Minute},
		{Counting: "ethernet", By: time.Unix(9, 0).UTC()}: {Counting: node.CountEthernet, By: time.Unix(9, 0).UTC()},
	} {
		got, err := (&Send{Rate: 1, FEC: FEC{Scheme: "no-code"}, Pace: words}).Config(mib)
		if got.Constant != words.Constant || got.WarmUp != words.WarmUp || got.Weight != words.Weight {
			t.Errorf("%+v: %+v", words, got)
		}
		if err != nil || got.Counting != want.Counting || got.Within != want.Within || !got.By.Equal(want.By) {
			t.Errorf("%+v: %+v, %v", words, got, err)
		}
	}
}

// TestFileTarget: a file has a time of its own, in words.
func TestFileTarget(t *testing.T) {
	var o Object
	if err := json.Unmarshal([]byte(`{"within": "90s"}`), &o); err != nil {
		t.Fatal(err)
	}
	var f sender.File
	if err := o.Apply(&f, &sender.Config{}, time.Unix(9, 0)); err != nil || f.Within != 90*time.Second {
		t.Errorf("%v, %v", f.Within, err)
	}
	if err := json.Unmarshal([]byte(`{"by": "+1m"}`), &o); err != nil {
		t.Fatal(err)
	}
	if err := o.Apply(&f, &sender.Config{}, time.Unix(9, 0)); err == nil ||
		err.Error() != "within and by: take one of them" {
		t.Errorf("both: %v", err)
	}
	f, o.Within = sender.File{}, 0
	if err := o.Apply(&f, &sender.Config{}, time.Unix(9, 0)); err != nil || !f.By.Equal(time.Unix(69, 0)) {
		t.Errorf("%v, %v", f.By, err)
	}
	if json.Unmarshal([]byte(`{"within": "soon"}`), &o) == nil {
		t.Error("soon is a time")
	}
}

// Of 1,000 sections each is tried at each start of a daemon: a trial may not make a sample, let alone hash one.
func TestTrialIsCheap(t *testing.T) {
	for _, cenc := range []string{"null", "gzip"} {
		words := Send{TSI: 7, Object: Object{CENC: cenc}, FEC: FEC{Scheme: "auto"}}
		bound := allocbound.Bound{Fixed: 256 << 10}
		bound.Check(t, 0, func() {
			if _, err := words.Config(1 << 40); err != nil {
				t.Fatal(err)
			}
		})
	}
}
