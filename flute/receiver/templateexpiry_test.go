package receiver

import (
	"errors"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/internal/route"
	"github.com/flute-node/flute-node/flute/lct"
)

// RFC 9223, section 6.3.3: an object that a file template describes expires after maxExpiresDelta or the ERT of
// EXT_TIME, whichever is sooner; section 4.1.1: none is longer than maxTransportSize.
func TestExpiryByTemplate(t *testing.T) {
	template, err := route.ParseTemplate("x$TOI$")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		delta, ert  time.Duration // 0: absent
		size        uint64        // maxTransportSize; 0: absent
		end, length uint64        // of the bytes that came, and of the object as far as it is known
		expiry      ExpiryPolicy
		valid       time.Duration
		err         error
	}{
		"neither":              {valid: efdtExpiry, end: 5},
		"delta":                {delta: 8 * time.Second, valid: 8 * time.Second},
		"ERT":                  {ert: 8 * time.Second, valid: 8 * time.Second},
		"ERT is sooner":        {delta: 9 * time.Second, ert: 8 * time.Second, valid: 8 * time.Second},
		"delta is sooner":      {delta: 7 * time.Second, ert: 8 * time.Second, valid: 7 * time.Second},
		"as long as may be":    {size: 100, end: 100, length: 100, valid: efdtExpiry},
		"too much has come":    {size: 100, end: 101, err: errTooLong},
		"too long":             {size: 100, end: 10, length: 101, err: errTooLong},
		"a byte":               {size: 1, end: 1, valid: efdtExpiry},
		"expiry is not heeded": {delta: time.Second, expiry: ExpiryIgnore, valid: start.AddDate(100, 0, 0).Sub(start)},
	} {
		r := newRig(t, func(cfg *Config) { cfg.ROUTE, cfg.Expiry = true, c.expiry })
		r.l.extended.template = &route.EFDT{Template: template, MaxExpires: c.delta, MaxSize: c.size}
		e, err := r.l.entry(r.now, flute.NewTOI(7))
		if err != nil {
			t.Fatal(err)
		}
		e.address = &address{length: c.length}
		p := &alc.Packet{}
		if c.ert > 0 {
			p.Time = lct.Time{HasERT: true, ERT: c.ert}.Append(nil)[2:]
		}
		err = r.s.describeByTemplate(r.now, e, p, c.end)
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
		if e = r.l.entries[e.toi]; c.err != nil {
			if e.file != nil || e.address.made {
				t.Errorf("%s: it is described", name)
			}
			continue
		}
		if e.file == nil || e.file.ContentLocation != "x7" || !e.address.made || !e.expires.Equal(r.now.Add(c.valid)) {
			t.Errorf("%s: %+v, made here %v, expires %v after", name, e.file, e.address.made, e.expires.Sub(r.now))
		}
	}
}
