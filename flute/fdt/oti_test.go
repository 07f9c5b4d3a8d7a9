package fdt

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// TestConf_E51_Inheritance: what File lacks comes from FDT-Instance, one attribute at a time; File's own wins.
func TestConf_E51_Inheritance(t *testing.T) {
	// All attributes are there; the one in question is on either element or on both.
	base := map[string]string{
		"FEC-OTI-FEC-Encoding-ID": "129", "FEC-OTI-FEC-Instance-ID": "1", "FEC-OTI-Maximum-Source-Block-Length": "10",
		"FEC-OTI-Encoding-Symbol-Length": "100", "FEC-OTI-Max-Number-of-Encoding-Symbols": "20",
	}
	oti := fec.OTI{
		EncodingID: fec.SmallBlockSystematic, InstanceID: 1, TransferLength: 5, SymbolLength: 100,
		MaxSourceBlockLength: 10, MaxEncodingSymbols: 20,
	}
	for _, tt := range []struct {
		attr, file, instance string // values on the elements
		get                  func(f *File) any
		own, inherited       any
	}{
		{"Content-Type", "text/a", "text/b", func(f *File) any { return f.ContentType }, "text/a", "text/b"},
		{"Content-Encoding", "gzip", "deflate", func(f *File) any { return f.ContentEncoding }, flute.GZIP, flute.DEFLATE},
		{
			"FEC-OTI-FEC-Encoding-ID", "0", "129", func(f *File) any { return f.OTI },
			fec.OTI{TransferLength: 5, SymbolLength: 100, MaxSourceBlockLength: 10},
			oti,
		},
		{"FEC-OTI-FEC-Instance-ID", "7", "8", func(f *File) any { return f.OTI.InstanceID }, uint16(7), uint16(8)},
		{"FEC-OTI-Maximum-Source-Block-Length", "7", "8", func(f *File) any { return f.OTI.MaxSourceBlockLength }, uint32(7), uint32(8)},
		{"FEC-OTI-Encoding-Symbol-Length", "7", "8", func(f *File) any { return f.OTI.SymbolLength }, uint16(7), uint16(8)},
		{"FEC-OTI-Max-Number-of-Encoding-Symbols", "7", "8", func(f *File) any { return f.OTI.MaxEncodingSymbols }, uint32(7), uint32(8)},
		{
			"FEC-OTI-Scheme-Specific-Info", "AQABBA==", "AgACCA==", func(f *File) any { return f.OTI },
			fec.OTI{
				EncodingID: fec.RaptorQ, TransferLength: 5, SymbolLength: 100, SourceBlocks: 1, SubBlocks: 1,
				Alignment: 4,
			},
			fec.OTI{
				EncodingID: fec.RaptorQ, TransferLength: 5, SymbolLength: 100, SourceBlocks: 2, SubBlocks: 2,
				Alignment: 8,
			},
		},
	} {
		t.Run(tt.attr, func(t *testing.T) {
			build := func(onFile, onInstance bool) *File {
				var root, file strings.Builder
				i := 0
				for _, name := range []string{
					"FEC-OTI-FEC-Encoding-ID", "FEC-OTI-FEC-Instance-ID", "FEC-OTI-Maximum-Source-Block-Length",
					"FEC-OTI-Encoding-Symbol-Length", "FEC-OTI-Max-Number-of-Encoding-Symbols",
				} {
					value := base[name]
					if strings.HasPrefix(tt.attr, "FEC-OTI-Scheme") && name == "FEC-OTI-FEC-Encoding-ID" {
						value = "6"
					}
					if name == tt.attr {
						continue
					}
					to := &root // the rest is spread over both elements
					if i++; i%2 == 0 {
						to = &file
					}
					fmt.Fprintf(to, ` %s="%s"`, name, value)
				}
				if onFile {
					fmt.Fprintf(&file, ` %s="%s"`, tt.attr, tt.file)
				}
				if onInstance {
					fmt.Fprintf(&root, ` %s="%s"`, tt.attr, tt.instance)
				}
				in := mustParse(t, doc(root.String(), `<File TOI="1" Content-Location="a" Transfer-Length="5"`+
					file.String()+`/>`))
				if len(in.Files) != 1 {
					t.Fatalf("rejected: %+v", in.Rejected)
				}
				return &in.Files[0]
			}
			for _, c := range []struct {
				onFile, onInstance bool
				want               any
			}{{true, true, tt.own}, {true, false, tt.own}, {false, true, tt.inherited}} {
				if got := tt.get(build(c.onFile, c.onInstance)); !cmp.Equal(got, c.want) {
					t.Errorf("on File %v, on FDT-Instance %v: %+v, want %+v", c.onFile, c.onInstance, got, c.want)
				}
			}
		})
	}
	t.Run("Group", func(t *testing.T) { // the ninth: here both apply
		in := mustParse(t,
			doc("", `<File TOI="1" Content-Location="a"><Group>own</Group><Group>all</Group></File><Group>all</Group>`+
				`<File TOI="2" Content-Location="b"/>`))
		if !cmp.Equal(in.Files[0].Groups, []string{"all", "own"}) || !cmp.Equal(in.Files[1].Groups, []string{"all"}) {
			t.Errorf("%q, %q", in.Files[0].Groups, in.Files[1].Groups)
		}
	})
}

// TestConf_E82_OTI maps attributes to OTIs and back, for each scheme.
func TestConf_E82_OTI(t *testing.T) {
	for _, tt := range []struct {
		attrs OTIAttributes
		oti   fec.OTI
	}{
		{
			OTIAttributes{EncodingID: "0", MaxSourceBlockLength: "4294967295", SymbolLength: "65535"},
			fec.OTI{EncodingID: 0, TransferLength: 100000, SymbolLength: 65535, MaxSourceBlockLength: 1<<32 - 1},
		},
		{
			OTIAttributes{
				EncodingID: "1", MaxSourceBlockLength: "36", SymbolLength: "1400", SchemeSpecificInfo: "AAICBA==",
			},
			fec.OTI{
				EncodingID: 1, TransferLength: 100000, SymbolLength: 1400, SourceBlocks: 2, SubBlocks: 2, Alignment: 4,
			},
		},
		{
			OTIAttributes{EncodingID: "2", MaxSourceBlockLength: "60", SymbolLength: "1400", MaxEncodingSymbols: "80"},
			fec.OTI{
				EncodingID: 2, TransferLength: 100000, SymbolLength: 1400, MaxSourceBlockLength: 60,
				MaxEncodingSymbols: 80, FieldBits: 8, GroupSize: 1,
			},
		},
		{
			OTIAttributes{
				EncodingID: "2", MaxSourceBlockLength: "1000", SymbolLength: "1400", MaxEncodingSymbols: "1200",
				SchemeSpecificInfo: "EAI=",
			},
			fec.OTI{
				EncodingID: 2, TransferLength: 100000, SymbolLength: 1400, MaxSourceBlockLength: 1000,
				MaxEncodingSymbols: 1200, FieldBits: 16, GroupSize: 2,
			},
		},
		{
			OTIAttributes{
				EncodingID: "3", MaxSourceBlockLength: "60", SymbolLength: "1400", MaxEncodingSymbols: "80",
				SchemeSpecificInfo: "AAAAKkE=",
			},
			fec.OTI{
				EncodingID: 3, TransferLength: 100000, SymbolLength: 1400, MaxSourceBlockLength: 60,
				MaxEncodingSymbols: 80, N1: 5, GroupSize: 1, Seed: 42,
			},
		},
		{
			OTIAttributes{EncodingID: "5", MaxSourceBlockLength: "60", SymbolLength: "1400", MaxEncodingSymbols: "80"},
			fec.OTI{
				EncodingID: 5, TransferLength: 100000, SymbolLength: 1400, MaxSourceBlockLength: 60,
				MaxEncodingSymbols: 80,
			},
		},
		{
			OTIAttributes{
				EncodingID: "6", MaxSourceBlockLength: "36", SymbolLength: "1400", SchemeSpecificInfo: "AgABBA==",
			},
			fec.OTI{
				EncodingID: 6, TransferLength: 100000, SymbolLength: 1400, SourceBlocks: 2, SubBlocks: 1, Alignment: 4,
			},
		},
		{ // B04: Instance ID 2^16-1 can be carried
			OTIAttributes{EncodingID: "128", InstanceID: "65535", MaxSourceBlockLength: "60", SymbolLength: "1400"},
			fec.OTI{
				EncodingID: 128, InstanceID: 65535, TransferLength: 100000, SymbolLength: 1400,
				MaxSourceBlockLength: 60,
			},
		},
		{
			OTIAttributes{
				EncodingID: "129", MaxSourceBlockLength: "60", SymbolLength: "1400", MaxEncodingSymbols: "80",
			},
			fec.OTI{
				EncodingID: 129, TransferLength: 100000, SymbolLength: 1400, MaxSourceBlockLength: 60,
				MaxEncodingSymbols: 80,
			},
		},
		{
			OTIAttributes{EncodingID: "130", InstanceID: "1", MaxSourceBlockLength: "60", SymbolLength: "1400"},
			fec.OTI{
				EncodingID: 130, InstanceID: 1, TransferLength: 100000, SymbolLength: 1400, MaxSourceBlockLength: 60,
			},
		},
		{ // of a scheme that nobody knows, what is there
			OTIAttributes{EncodingID: "77", SymbolLength: "1400", MaxEncodingSymbols: "80"},
			fec.OTI{EncodingID: 77, TransferLength: 100000, SymbolLength: 1400, MaxEncodingSymbols: 80},
		},
	} {
		t.Run(tt.oti.EncodingID.String(), func(t *testing.T) {
			if got := attributesOf(tt.oti); got != tt.attrs {
				t.Errorf("attributesOf = %+v\nwant %+v", got, tt.attrs)
			}
			var s strings.Builder
			for _, f := range otiFields {
				if v := *tt.attrs.text(f); v != "" {
					fmt.Fprintf(&s, ` %v="%s"`, f, v)
				}
			}
			file := `<File TOI="1" Content-Location="a" Content-Length="100000"`
			in := mustParse(t, doc(s.String(), file+`/>`))
			if f := in.Files[0]; !f.HasOTI || f.OTI != tt.oti || in.OTI != tt.attrs {
				t.Errorf("on FDT-Instance: %+v", f)
			}
			if xml := string(mustAppend(t, in, RFC6726)); strings.Count(xml, "FEC-OTI-FEC-Encoding-ID") != 1 {
				t.Errorf("not left to FDT-Instance: %s", xml)
			}
			in = mustParse(t, doc(`FEC-OTI-Scheme-Specific-Info="AAAAAA==" FEC-OTI-FEC-Instance-ID="0"`,
				file+s.String()+`/>`))
			if len(in.Files) == 0 || !in.Files[0].HasOTI || in.Files[0].OTI != tt.oti {
				t.Errorf("on File: %+v %+v", in.Files, in.Rejected)
			}
		})
	}
}

// TestBadInheritedOTI: a bad attribute of the FDT-Instance costs only the Files that need it, and those no more than
// their FEC OTI: EXT_FTI may tell it.
func TestBadInheritedOTI(t *testing.T) {
	in := mustParse(t, doc(`FEC-OTI-FEC-Encoding-ID="300"`, plainFile+
		`<File TOI="2" Content-Location="b" Content-Length="9" FEC-OTI-FEC-Encoding-ID="0" FEC-OTI-Encoding-Symbol-Length="8"`+
		` FEC-OTI-Maximum-Source-Block-Length="4"/>`))
	if len(in.Files) != 2 || in.Files[0].HasOTI || !in.Files[1].HasOTI || len(in.Rejected) != 0 ||
		in.WarningCount != 1 || !contains(in.Warnings[0], "TOI 1 ") {
		t.Errorf("%+v %+v %q", in.Files, in.Rejected, in.Warnings)
	}
}

// TestConf_B03_InstanceID: a fully-specified scheme has no FEC Instance ID, whatever the document says.
func TestConf_B03_InstanceID(t *testing.T) {
	for id := range 7 {
		in := mustParse(t, doc(`FEC-OTI-FEC-Instance-ID="5"`,
			fmt.Sprintf(`<File TOI="1" Content-Location="a" Content-Length="9"`+
				` FEC-OTI-FEC-Encoding-ID="%d" FEC-OTI-Encoding-Symbol-Length="8" FEC-OTI-Maximum-Source-Block-Length="4"`+
				` FEC-OTI-Max-Number-of-Encoding-Symbols="6" FEC-OTI-FEC-Instance-ID="7"%s/>`, id,
				map[int]string{
					1: ` FEC-OTI-Scheme-Specific-Info="AAEBBA=="`, 6: ` FEC-OTI-Scheme-Specific-Info="AQABBA=="`,
					3: ` FEC-OTI-Scheme-Specific-Info="AAAAKkE="`, 4: ` FEC-OTI-Scheme-Specific-Info="AAAAKkE="`,
				}[id])))
		if len(in.Files) != 1 || !in.Files[0].HasOTI || in.Files[0].OTI.InstanceID != 0 {
			t.Fatalf("id %d: %+v %+v", id, in.Files, in.Rejected)
		}
		in.OTI = OTIAttributes{}
		if xml := string(mustAppend(t, in, RFC6726)); contains(xml, "FEC-Instance-ID") {
			t.Errorf("id %d: written: %s", id, xml)
		}
	}
}

// TestIncompleteOTI: what does not make an OTI is no fault, stays in the document, and is not used.
func TestIncompleteOTI(t *testing.T) {
	for _, attrs := range []string{
		// no scheme; no B; no E; no Z, N and Al; no max_n; no transfer length
		`FEC-OTI-Encoding-Symbol-Length="8"`,
		`FEC-OTI-FEC-Encoding-ID="0" FEC-OTI-Encoding-Symbol-Length="8"`,
		`FEC-OTI-FEC-Encoding-ID="0" FEC-OTI-Maximum-Source-Block-Length="8"`,
		`FEC-OTI-FEC-Encoding-ID="6" FEC-OTI-Encoding-Symbol-Length="8"`,
		`FEC-OTI-FEC-Encoding-ID="5" FEC-OTI-Maximum-Source-Block-Length="8" FEC-OTI-Encoding-Symbol-Length="8"`,
		`Content-Encoding="gzip" FEC-OTI-FEC-Encoding-ID="0" FEC-OTI-Maximum-Source-Block-Length="8"` +
			` FEC-OTI-Encoding-Symbol-Length="8"`,
	} {
		in := mustParse(t, doc("", `<File TOI="1" Content-Location="a" Content-Length="100" `+attrs+`/>`))
		if len(in.Files) != 1 || in.Files[0].HasOTI || in.Files[0].OTI != (fec.OTI{}) {
			t.Errorf("%s: %+v %+v", attrs, in.Files, in.Rejected)
			continue
		}
		again := mustParse(t, string(mustAppend(t, in, RFC6726)))
		if diff := cmp.Diff(in, again, cmp.AllowUnexported(flute.TOI{})); diff != "" {
			t.Errorf("%s: written and read again (-want +got)\n%s", attrs, diff)
		}
	}
}

// TestConf_E56_E57_Lengths: which attribute tells the transfer length. K02 names the last form.
func TestConf_E56_E57_Lengths(t *testing.T) {
	u := ptr[uint64]
	for _, tt := range []struct {
		attrs             string
		content, transfer *uint64
	}{
		{``, nil, nil},
		{`Content-Length="7"`, u(7), u(7)},
		{`Content-Length="0"`, u(0), u(0)},
		{`Content-Length="7" Content-Encoding="gzip"`, u(7), nil},
		{`Content-Length="7" Content-Encoding="identity"`, u(7), u(7)},
		{`Transfer-Length="5"`, nil, u(5)},
		{`Content-Length="7" Transfer-Length="5" Content-Encoding="gzip"`, u(7), u(5)},
		{`Content-Length="7" Transfer-Length="5"`, u(7), u(5)},
		{`FEC-OTI-Transfer-Length="5"`, nil, u(5)},
		{`FEC-OTI-Transfer-Length="5" Transfer-Length="5"`, nil, u(5)},
		{`Content-Length="18446744073709551615"`, u(1<<64 - 1), u(1<<64 - 1)},
	} {
		in := mustParse(t, doc("", `<File TOI="1" Content-Location="a" `+tt.attrs+`/>`))
		f := in.Files[0]
		if !cmp.Equal(f.ContentLength, tt.content) || !cmp.Equal(f.TransferLength, tt.transfer) ||
			len(f.Attributes) > 0 {
			t.Errorf("%s: %+v", tt.attrs, f)
		}
	}
	// A sender that knows only the OTI still tells the transfer length, as flute-rs wants it.
	in := &Instance{Expires: now, Files: []File{{
		TOI: flute.NewTOI(1), ContentLocation: "a", HasOTI: true,
		OTI: fec.OTI{TransferLength: 9, SymbolLength: 8, MaxSourceBlockLength: 7},
	}}}
	if xml := string(mustAppend(t, in, RFC6726)); !contains(xml, ` Transfer-Length="9"`) {
		t.Error(xml)
	}
}

// TestConf_E58_ContentEncoding: names in any case; a File without encoding below an FDT-Instance with one says so.
func TestConf_E58_ContentEncoding(t *testing.T) {
	for s, want := range map[string]flute.ContentEncoding{
		"gzip": flute.GZIP, "GZIP": flute.GZIP, "x-gzip": flute.GZIP, "deflate": flute.DEFLATE, "zlib": flute.ZLIB,
		"null": flute.Null, "identity": flute.Null, "": flute.Null, " gzip ": flute.GZIP,
	} {
		in := mustParse(t, doc(`Content-Encoding="deflate"`, `<File TOI="1" Content-Location="a" Content-Encoding="`+s+
			`"/>`))
		if len(in.Files) != 1 || in.Files[0].ContentEncoding != want {
			t.Fatalf("%q: %+v %+v", s, in.Files, in.Rejected)
		}
		again := mustParse(t, string(mustAppend(t, in, RFC6726)))
		if again.Files[0].ContentEncoding != want {
			t.Errorf("%q, written and read again: %v", s, again.Files[0].ContentEncoding)
		}
	}
	in := mustParse(t, doc(`Content-Encoding="br"`,
		plainFile+`<File TOI="2" Content-Location="b" Content-Encoding="gzip"/>`))
	if len(in.Files) != 1 || len(in.Rejected) != 1 || in.Rejected[0].TOI != "1" {
		t.Errorf("an unknown encoding for all: %+v %+v", in.Files, in.Rejected)
	}
}

// TestOTINumbers: the largest number of each field is taken, and one more is not cut to its bits.
func TestOTINumbers(t *testing.T) {
	for f, c := range map[field]struct {
		most uint64
		get  func(*fec.OTI) uint64
	}{
		fieldInstanceID:           {1<<16 - 1, func(o *fec.OTI) uint64 { return uint64(o.InstanceID) }},
		fieldMaxSourceBlockLength: {1<<32 - 1, func(o *fec.OTI) uint64 { return uint64(o.MaxSourceBlockLength) }},
		fieldSymbolLength:         {1<<16 - 1, func(o *fec.OTI) uint64 { return uint64(o.SymbolLength) }},
		fieldMaxEncodingSymbols:   {1<<32 - 1, func(o *fec.OTI) uint64 { return uint64(o.MaxEncodingSymbols) }},
	} {
		var o fec.OTI
		if err := setOTI(&o, f, fmt.Sprint(c.most)); err != nil || c.get(&o) != c.most {
			t.Errorf("%v: %d, %v", f, c.get(&o), err)
		}
		if err := setOTI(&o, f, fmt.Sprint(c.most+1)); err == nil {
			t.Errorf("%v: %d is taken for %d", f, c.most+1, c.get(&o))
		}
	}
}
