package receiver

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/internal/content"
	"github.com/flute-node/flute-node/flute/sender"
)

func md5Of(b []byte) []byte    { s := md5.Sum(b); return s[:] }
func sha256Of(b []byte) []byte { s := sha256.Sum256(b); return s[:] }
func sha512Of(b []byte) []byte { s := sha512.Sum512(b); return s[:] }

// testSender is a sending session with small symbols.
func testSender() sender.Config {
	return sender.Config{OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 8}, FDTOTI: fec.OTI{SymbolLength: 1400}}
}

// TestHashAheadOfTheDescription: a digest that a later FDT Instance is to add is computed while the object comes. If it
// is another one that comes, or none, the object is complete all the same.
func TestHashAheadOfTheDescription(t *testing.T) {
	for name, c := range map[string]struct {
		hint, ahead string // ahead: the digests of the object that are computed before one is announced
		add         func(f *fdt.File, b []byte)
		verified    string
	}{
		"the strongest": {
			"md5 sha-256 crc-32", "sha-256", func(f *fdt.File, b []byte) { f.SHA256 = sha256Of(b) }, "[sha-256]",
		},
		"another one":     {"md5", "md5", func(f *fdt.File, b []byte) { f.SHA256 = sha256Of(b) }, "[sha-256]"},
		"none comes":      {"md5", "md5", func(*fdt.File, []byte) {}, "[]"},
		"nothing is said": {"", "", func(f *fdt.File, b []byte) { f.MD5 = md5Of(b) }, "[md5]"},
		"unknown":         {"crc-32", "", func(f *fdt.File, b []byte) { f.MD5 = md5Of(b) }, "[md5]"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			defer r.close()
			o := plain(t, 1, 2*digestStep+100, 40_000, 5)
			f := o.file("a")
			if c.hint != "" {
				f.Attributes = []fdt.Attribute{{Space: content.HintSpace, Local: content.HintLocal, Value: c.hint}}
			}
			r.feed(describe(t, 0, f))
			all := o.all()
			r.feed(all[:len(all)-1]...)
			var ahead []string
			if d := r.l.entries[flute.NewTOI(1)].held.digest; d != nil && d.Done() >= digestStep {
				ahead = slices.Sorted(maps.Keys(d.Sums()))
			}
			if got := strings.Join(ahead, " "); got != c.ahead {
				t.Errorf("%q were computed ahead, want %q", got, c.ahead)
			}
			f.Attributes = nil
			c.add(&f, o.content)
			r.feed(describe(t, 1, f))
			r.feed(all[len(all)-1])
			done := eventsOf[event.ObjectCompleted](r)
			if len(done) != 1 || fmt.Sprint(done[0].Verified) != c.verified {
				t.Errorf("%+v, want %v verified", done, c.verified)
			}
		})
	}
}
