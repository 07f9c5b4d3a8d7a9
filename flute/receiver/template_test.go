package receiver

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
)

// TestTemplate: files have the names that were asked for, and no two of them are mixed.
func TestTemplate(t *testing.T) {
	a, b := plain(t, 1, 3000, 100, 8), plain(t, 2, 4000, 100, 8)
	same := plain(t, 3, 3000, 100, 8)
	same.content = a.content
	const evil = "http://h/%7Bsha256%7D/..%2F..%2F..%2Fb.bin"
	sum := fmt.Sprintf("%x", sha256.Sum256(a.content))
	sumB := fmt.Sprintf("%x", sha256.Sum256(b.content))
	for template, want := range map[string][]string{
		"{path}": {"b.bin", "d/a.bin", "e/a.bin"},
		"x-{source}/{group}.{tsi}/{toi}": {
			"x-10.0.0.1/239.1.1.1-3400.7/1", "x-10.0.0.1/239.1.1.1-3400.7/2", "x-10.0.0.1/239.1.1.1-3400.7/3",
		},
		"{toi}-{name}":  {"1-a.bin", "2-b.bin", "3-a.bin"},
		"{date}/{path}": {"DATE/b.bin", "DATE/d/a.bin", "DATE/e/a.bin"},
		"{sha256}":      {sum, sumB},
		"{tsi}":         nil, // three names
		"{name}":        nil,
	} {
		r := newRig(t, func(c *Config) { c.Layout = template })
		rcv, err := New(*r.cfg)
		if err != nil {
			t.Fatal(err)
		}
		key := flute.SessionKey{
			Source: netip.MustParseAddr("10.0.0.1"), Group: netip.MustParseAddrPort("239.1.1.1:3400"), TSI: 7,
		}
		for _, p := range concat(
			[][]byte{describe(t, 0, a.file("http://h/d/a.bin"), b.file(evil), same.file("http://h/e/a.bin"))},
			a.all(), b.all(), same.all(),
		) {
			rcv.Handle(r.now, key, p)
		}
		rcv.Close(r.now)
		for i := range want {
			want[i] = strings.ReplaceAll(want[i], "DATE", r.now.UTC().Format("2006-01-02"))
		}
		got := r.store.Files()
		if want == nil && len(got) == 3 {
			continue
		}
		if want != nil && want[0] > want[len(want)-1] {
			want[0], want[1] = want[1], want[0]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", template, diff)
		}
	}
}

// TestTemplateRefused: what makes no name is refused before anything is received.
func TestTemplateRefused(t *testing.T) {
	for template, want := range map[string]string{
		"a/b":          "names all files the same",
		"{Path}":       `"{Path}" is no part of a name`,
		"{path":        `"{path" is no part of a name`,
		"path}":        "is no part of a name",
		"../{path}":    "not a path within the store",
		"/tmp/{path}":  "not a path within the store",
		"{path}/":      "not a path within the store",
		"{tsi}//{toi}": "not a path within the store",
	} {
		c := Config{Registry: newRig(t).cfg.Registry, Store: newRig(t).store, Layout: template}
		if _, err := c.Validated(); err == nil || !strings.Contains(err.Error(), "Config.Layout: ") ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", template, err)
		}
	}
}
