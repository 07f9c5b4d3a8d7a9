package settings

import (
	"strings"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/node"
)

// Receive are the words of a reception, but for its addresses.
type Receive struct {
	Interface      string    // interface: name, index or address; empty: the system's choice
	TSIs           []uint64  // tsi: sessions wanted; empty: all
	Profile        string    // profile: dialect of FLUTE, or route; empty or auto: of FLUTE, found out
	STSID          []byte    // s-tsid: an S-TSID of ROUTE that comes another way; nil: none
	RSMatrix       string    // rs-matrix: variant of Reed-Solomon; empty or auto: found out
	MaxDatagram    int       // max-datagram: bytes, up to 65536; zero: 2048
	SessionTimeout string    // session-timeout: the silence that ends a session: auto, off, or a time; empty: auto
	ObjectTimeout  string    // object-timeout: the same for a try to receive an object
	Expiry         string    // expiry: auto, enforce or ignore; empty: auto
	Layout         string    // layout: flat, source, session or a template; empty: flat
	Digest         string    // digest: those to compute besides the strongest announced one, such as md5,sha-256
	Offload        string    // offload: auto or off; empty: auto
	Resume         string    // resume: auto or off; empty: auto
	Once           string    // once: auto or off; empty: auto
	Selection      Selection // which objects
	Dir            string    // folder for the files
	Publication
}

// timeout reads a time-out: auto, off, or a time above 0.
func timeout(w word, text string) (d time.Duration, off bool, err error) {
	switch text {
	case "", "auto":
		return 0, false, nil
	case "off":
		return 0, true, nil
	}
	if d, err = ParseDuration(text, true); err != nil {
		return 0, false, errorf("%v %q: take auto, off, or a time such as 10m or 2h", w, text)
	}
	return d, false, nil
}

// maxDatagram is what node.ReceiveConfig.MaxDatagram takes.
const maxDatagram = 1 << 16

// Config returns the configuration of the reception, without Group and Source. An error is an [*Error].
func (r *Receive) Config() (node.ReceiveConfig, error) {
	cfg := node.ReceiveConfig{
		Dir: r.Dir, Interface: r.Interface, MaxDatagram: r.MaxDatagram,
	}
	var err error
	s := &cfg.Session
	if err = r.profile(s); err != nil {
		return cfg, err
	}
	if s.SessionTimeout, s.NoSessionTimeout, err = timeout(wordSessionTimeout, r.SessionTimeout); err != nil {
		return cfg, err
	}
	if s.ObjectTimeout, s.NoObjectTimeout, err = timeout(wordObjectTimeout, r.ObjectTimeout); err != nil {
		return cfg, err
	}
	s.Expiry, err = oneOf(wordExpiry, r.Expiry, []choice[receiver.ExpiryPolicy]{
		{"auto", receiver.ExpiryUseSCT}, {"enforce", receiver.ExpiryEnforce}, {"ignore", receiver.ExpiryIgnore},
	})
	if err != nil {
		return cfg, err
	}
	if cfg.Session.Selection, err = r.Selection.config(); err != nil {
		return cfg, err
	}
	if cfg.Files, err = r.Options(); err != nil {
		return cfg, err
	}
	cfg.Session.Layout = r.Layout
	if err := cfg.Session.CheckLayout(); err != nil {
		return cfg, errorf("%v %q: %v", wordLayout, r.Layout, err)
	}
	if r.Digest != "" {
		for name := range strings.SplitSeq(r.Digest, ",") {
			if name == "" {
				return cfg, errorf("%v %q: a name is empty", wordDigest, r.Digest)
			}
			name, err := oneOf(wordDigest, name, []choice[string]{
				{"md5", "md5"}, {"sha-256", "sha-256"}, {"sha-512", "sha-512"},
			})
			if err != nil {
				return cfg, err
			}
			cfg.Session.Digests = append(cfg.Session.Digests, name)
		}
	}
	if cfg.NoOffload, err = isOff(wordOffload, r.Offload); err != nil {
		return cfg, err
	}
	if cfg.Session.NoNotes, err = isOff(wordResume, r.Resume); err != nil {
		return cfg, err
	}
	if cfg.Session.Redeliver, err = isOff(wordOnce, r.Once); err != nil {
		return cfg, err
	}
	variants := append([]choice[fec.Variant]{{"auto", ""}}, matrices()...)
	if cfg.Session.Variant, err = oneOf(wordRSMatrix, r.RSMatrix, variants); err != nil {
		return cfg, err
	}
	if r.MaxDatagram < 0 || r.MaxDatagram > maxDatagram {
		return cfg, errorf("%v %d: take 1 to %d", wordMaxDatagram, r.MaxDatagram, maxDatagram)
	}
	for _, n := range r.TSIs {
		tsi, err := tsiOf(n)
		if err != nil {
			return cfg, err
		}
		cfg.TSIs = append(cfg.TSIs, tsi)
	}
	return cfg, nil
}
