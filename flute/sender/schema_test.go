package sender

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// documentsOf returns the FDT Instances of a session from its first file to its last.
func documentsOf(t *testing.T, cfg Config, files ...File) (documents []string) {
	t.Helper()
	cfg.Registry, cfg.FDTXML = schemes.Default(), true
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		addTo(t, s, f)
	}
	buf := make([]byte, 0, s.MaxPacketLen())
	complete := cfg.Profile != fdt.MBMSDownload && cfg.Profile != fdt.DVBMABR // which have no Complete
	for now := start; now.Sub(start) < 10*time.Second && !s.Done(); now = now.Add(10 * time.Millisecond) {
		if now.Sub(start) > time.Second && complete {
			complete = false
			if err := s.SetComplete(); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := s.AppendNext(buf, now); err != nil {
			t.Fatal(err)
		}
		for _, e := range s.Events() {
			if p, ok := e.(event.FDTPublished); ok {
				documents = append(documents, p.XML)
			}
		}
	}
	if len(documents) == 0 {
		t.Fatal("no FDT Instance")
	}
	return documents
}

// TestConf_E62_SchemaOfASession: what a session publishes is valid by the schema of its profile: with each FEC scheme,
// content encoding, digest and kind of listing that the profile has, with all that a file may have, and with nothing.
func TestConf_E62_SchemaOfASession(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 200)
	least := File{ContentLocation: "least", Digests: NoDigest}
	full := File{
		ContentLocation: "http://example.com/a%20b?c=1&d", ContentType: `text/plain; charset="utf-8"`,
		Content: bytes.NewReader(content), Size: uint64(len(content)), ETag: `"1&2"`,
		CacheControl: &fdt.CacheControl{Expires: start.Add(time.Hour)},
		Attributes:   []fdt.Attribute{{Space: "urn:app", Local: "day", Value: "<1>"}},
		Elements:     []fdt.Element{{Space: "urn:app", Local: "E", XML: `<E xmlns="urn:app"/>`}},
	}
	for _, p := range []fdt.Profile{fdt.RFC6726, fdt.RFC3926, fdt.MBMSExtended, fdt.MBMSDownload, fdt.DVBMABR} {
		t.Run(p.String(), func(t *testing.T) {
			profiled := p == fdt.MBMSDownload || p == fdt.DVBMABR
			var all []string
			for _, id := range []fec.EncodingID{
				fec.CompactNoCode, fec.Raptor, fec.ReedSolomonGF2m, fec.LDPCStaircase, fec.LDPCTriangle,
				fec.ReedSolomonGF28, fec.RaptorQ, fec.SmallBlockSystematic,
			} {
				if p.MBMS() && id != fec.CompactNoCode && id != fec.Raptor {
					continue
				}
				f := full
				f.Content = bytes.NewReader(content)
				if !profiled {
					f.CENC, f.Groups = flute.GZIP, []string{"a", "b"}
				}
				cfg := Config{Profile: p, OTI: fec.OTI{EncodingID: id, SymbolLength: 64, MaxSourceBlockLength: 16}}
				all = append(all, documentsOf(t, cfg, f)...)
				if profiled {
					cfg.FDTInTransfer = true
				} else {
					cfg.FullFDT, cfg.FDTGroups = true, []string{"all"}
				}
				all = append(all, documentsOf(t, cfg, least, f)...)
			}
			lint(t, p.String(), all)
		})
	}
}

// lint runs xmllint over documents, against the schema of that name.
func lint(t *testing.T, schema string, documents []string) {
	t.Helper()
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not installed")
	}
	dir := t.TempDir()
	args := []string{"--nonet", "--noout", "--schema", schemaOf(schema)}
	for i, d := range documents {
		name := filepath.Join(dir, fmt.Sprintf("%d.xml", i))
		if err := os.WriteFile(name, []byte(d), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	if out, err := exec.Command(xmllint, args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%.3000s", err, out)
	}
	t.Logf("%d documents", len(documents))
}

// schemaOf returns the file of a schema: that of the tests of package fdt, or with MBMS_XSD one that 3GPP publishes.
func schemaOf(schema string) string {
	published := map[string]string{
		"mbms-extended": "FLUTE-FDT-3GPP-Main.xsd", "mbms-download": "TS26346_FLUTE-FDT_Profiled.xsd",
		"dvb-mabr": "TS26346_FLUTE-FDT_Profiled.xsd",
	}
	if dir := os.Getenv("MBMS_XSD"); dir != "" && published[schema] != "" {
		return filepath.Join(dir, published[schema])
	}
	return filepath.Join("..", "fdt", "testdata", "xsd", schema+".xsd")
}
