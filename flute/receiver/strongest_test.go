package receiver

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/flute/event"
)

// TestStrongestDigest: of the digests that a sender announced the strongest is computed and checked, and besides it
// those that the application wants. The others are not looked at.
func TestStrongestDigest(t *testing.T) {
	data := random(3000, 1)
	m, s2, s5 := md5Of(data), sha256Of(data), sha512Of(data)
	wrong := func(n int) []byte { return make([]byte, n) }
	type announced struct{ md5, sha256, sha512 []byte }
	for name, c := range map[string]struct {
		of       announced
		want     []string // Config.Digests
		verified string   // empty: it fails
		told     string   // names of the digests of the event
	}{
		"sha-512":         {announced{wrong(16), wrong(32), s5}, nil, "[sha-512]", "sha-512"},
		"sha-256":         {announced{wrong(16), s2, nil}, nil, "[sha-256]", "sha-256"},
		"md5":             {announced{m, nil, nil}, nil, "[md5]", "md5"},
		"none":            {announced{}, nil, "[]", ""},
		"wrong":           {announced{m, wrong(32), nil}, nil, "", ""},
		"one more":        {announced{m, s2, nil}, []string{"md5"}, "[md5 sha-256]", "md5 sha-256"},
		"one more, wrong": {announced{wrong(16), s2, nil}, []string{"md5"}, "", ""},
		"only wanted":     {announced{}, []string{"sha-512", "md5"}, "[]", "md5 sha-512"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(cfg *Config) { cfg.Digests = c.want })
			defer r.close()
			o := plain(t, 1, len(data), 100, 8)
			f := o.file("a")
			f.MD5, f.SHA256, f.SHA512 = c.of.md5, c.of.sha256, c.of.sha512
			r.feed(describe(t, 0, f))
			r.feed(o.all()...)
			done := eventsOf[event.ObjectCompleted](r)
			if c.verified == "" {
				if len(done) != 0 {
					t.Fatalf("completed, verified %v", done[0].Verified)
				}
				return
			}
			if len(done) != 1 || fmt.Sprint(done[0].Verified) != c.verified {
				t.Fatalf("%+v, want %v verified", done, c.verified)
			}
			if told := strings.Join(slices.Sorted(maps.Keys(done[0].Digests)), " "); told != c.told {
				t.Errorf("told %q, want %q", told, c.told)
			}
			if got := done[0].Digests["sha-256"]; got != "" && got != hex.EncodeToString(s2) {
				t.Errorf("SHA-256 %s", got)
			}
		})
	}
}

// TestUnknownDigest: a name that is none is refused, by the field's name.
func TestUnknownDigest(t *testing.T) {
	r := newRig(t)
	cfg := *r.cfg
	cfg.Digests = []string{"sha-256", "crc32"}
	if _, err := cfg.Validated(); err == nil || !strings.Contains(err.Error(), `Config.Digests: "crc32"`) {
		t.Error(err)
	}
	r.close()
}
