package fdt

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

var rewrite = flag.Bool("rewrite", false, "replace the golden files in testdata by what is written now")

// now is the time of the tests; Expires 3973622400 is 2025-12-02 00:00 UTC.
var now = time.Date(2025, 12, 1, 23, 0, 0, 0, time.UTC)

//go:fix inline
func ptr[T any](v T) *T { return new(v) }

func bytesTo(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// sample is an Instance with a value in every field, as Parse returns it.
func sample() *Instance {
	return &Instance{
		Namespace:         nsRFC6726,
		Expires:           time.Date(2025, 12, 2, 0, 0, 0, 0, time.UTC),
		Complete:          true,
		FullFDT:           true,
		ContentType:       "application/octet-stream",
		OTI:               OTIAttributes{EncodingID: "0", MaxSourceBlockLength: "64", SymbolLength: "1424"},
		Groups:            []string{"all"},
		BaseURLs1:         []string{"http://repair.example/a/", "http://repair.example/b/"},
		BaseURLs2:         []string{"http://other.example/"},
		SchemaVersion:     4,
		SessionIdentities: []SessionIdentityExpiry{{7, time.Date(2025, 12, 3, 0, 0, 0, 0, time.UTC)}},
		Files: []File{
			{
				TOI: flute.NewTOI(1), ContentLocation: "http://example.com/a%20b.txt?x=1&y=2",
				ContentLength: new(uint64(100)), TransferLength: new(uint64(100)),
				ContentType: "text/plain; charset=utf-8", MD5: bytesTo(16), SHA256: bytesTo(32),
				OTI: fec.OTI{
					EncodingID: fec.CompactNoCode, TransferLength: 100, SymbolLength: 1424, MaxSourceBlockLength: 64,
				},
				HasOTI: true, Groups: []string{"all", "texts"},
				CacheControl: &CacheControl{Expires: time.Date(2025, 12, 4, 0, 0, 0, 0, time.UTC)}, ETag: `W/"1"`,
				AlternateLocations1: []AlternateLocations{
					{URIs: []string{"a.txt", "b.txt"}, AvailableUntil: time.Date(2025, 12, 2, 1, 2, 3, 0, time.UTC)}, {URIs: []string{"c.txt"}},
				},
				AlternateLocations2: []AlternateLocations{{URIs: []string{"http://third.example/a.txt"}}},
				DecryptionKeyURI:    "http://example.com/key", SessionIdentities: []uint8{7, 255},
				FECRedundancyLevel: new(uint32(20)), IndependentUnitPositions: []uint64{0, 1<<64 - 1},
				Attributes: []Attribute{{"", "X-Private", "1 < 2"}, {"urn:example:x", "priority", "\thigh\n"}},
				Elements: []Element{
					{"urn:example:x", "Extra", `<x:Extra xmlns:x="urn:example:x"><x:In at="1"/>&amp;</x:Extra>`},
				},
			},
			{
				TOI: flute.NewTOI(2), ContentLocation: "file:///gr%C3%BCn.bin",
				ContentLength: new(uint64(5000)), TransferLength: new(uint64(2500)),
				ContentType:     "application/octet-stream",
				ContentEncoding: flute.GZIP, SHA512: bytesTo(64), ReprDigest: "unixsum=:AAA=:",
				OTI: fec.OTI{
					EncodingID: fec.ReedSolomonGF28, TransferLength: 2500, SymbolLength: 1400, MaxSourceBlockLength: 60,
					MaxEncodingSymbols: 80,
				},
				HasOTI: true, Groups: []string{"all"}, CacheControl: &CacheControl{NoCache: true},
			},
			{
				TOI: flute.NewTOI(3), ContentLocation: "zero", ContentLength: new(uint64(0)),
				TransferLength: new(uint64(0)), ContentType: "application/octet-stream", Groups: []string{"all"},
				OTI:    fec.OTI{EncodingID: fec.CompactNoCode, SymbolLength: 1424, MaxSourceBlockLength: 64},
				HasOTI: true, CacheControl: &CacheControl{MaxStale: true},
			},
			{
				TOI: flute.NewTOI(4), ContentLocation: "raptorq", ContentLength: new(uint64(100000)),
				TransferLength: new(uint64(100000)), ContentType: "application/octet-stream", Groups: []string{"all"},
				OTI: fec.OTI{
					EncodingID: fec.RaptorQ, TransferLength: 100000, SymbolLength: 1400, SourceBlocks: 2, SubBlocks: 1,
					Alignment: 4,
				},
				HasOTI: true,
			},
		},
		Attributes: []Attribute{{nsXSI, "schemaLocation", "urn:ietf:params:xml:ns:fdt fdt.xsd"}},
		Elements:   []Element{{"urn:example:x", "Common", `<Common xmlns="urn:example:x"/>`}},
	}
}

// profiles is all of them.
var profiles = []Profile{RFC6726, RFC3926, MBMSExtended, MBMSDownload, DVBMABR}

// as returns what remains of in after it was written by p and read again.
func as(in *Instance, p Profile) *Instance {
	in.Namespace = p.Namespace()
	if !p.profiled() {
		return in
	}
	for i := range in.Files {
		if f := &in.Files[i]; p == DVBMABR && f.SHA256 != nil {
			f.SHA512 = nil
		}
	}
	in.FullFDT, in.Groups, in.SessionIdentities = false, nil, nil
	in.Complete = in.Complete && p != MBMSDownload
	for i := range in.Files {
		f := &in.Files[i]
		f.DecryptionKeyURI, f.FECRedundancyLevel, f.Groups, f.SessionIdentities = "", nil, nil, nil
	}
	return in
}

func mustAppend(t testing.TB, in *Instance, p Profile) []byte {
	t.Helper()
	b, err := in.AppendXML(nil, p)
	if err != nil {
		t.Fatalf("AppendXML(%v): %v", p, err)
	}
	return b
}

func mustParse(t testing.TB, xml string) *Instance {
	t.Helper()
	in, err := Parse([]byte(xml), now, Limits{})
	if err != nil {
		t.Fatalf("Parse: %v\n%s", err, xml)
	}
	return in
}

func readTestdata(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestConf_E62_Golden: the documents of each profile, byte for byte.
func TestConf_E62_Golden(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			got := mustAppend(t, sample(), p)
			name := filepath.Join("testdata", p.String()+".xml")
			if *rewrite {
				if err := os.WriteFile(name, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(readTestdata(t, p.String()+".xml"), string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			want := as(sample(), p)
			if diff := cmp.Diff(want, mustParse(t, string(got)), cmp.AllowUnexported(flute.TOI{})); diff != "" {
				t.Errorf("read again (-want +got)\n%s", diff)
			}
		})
	}
}

func TestAppendXMLAppends(t *testing.T) {
	b, err := sample().AppendXML([]byte("before"), RFC6726)
	if err != nil || string(b[:6]) != "before" || string(b[6:]) != string(mustAppend(t, sample(), RFC6726)) {
		t.Errorf("AppendXML does not append: %.40q, %v", b, err)
	}
}
