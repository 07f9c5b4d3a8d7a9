package settings

import (
	"strings"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/sender"
)

// Object are the words of one file. Words that are not given leave the file as it is.
type Object struct {
	CENC string `json:"cenc"` // null, zlib, deflate, gzip; auto: gzip where it makes the file smaller
	// Digest is auto (MD5 and SHA-256, of large files while they are sent), none, or a list of md5, sha-256 and later.
	Digest string `json:"digest"`
	ETag   string `json:"etag"` // an entity tag; auto: made of the digest
	// CacheControl is no-cache, max-stale, max-age=1h from now on, or expires=TIME, a Moment.
	CacheControl string   `json:"cache_control"`
	ContentType  string   `json:"content_type"`
	Groups       []string `json:"groups"`
	// Attributes and Elements are written into the File entry of the FDT, each in a namespace of its own.
	Attributes []Attribute `json:"attributes"`
	Elements   []string    `json:"elements"` // XML

	Priority *int8     `json:"priority"`
	Repeat   Transfers `json:"repeat"`   // zero: the session's
	Carousel Carousel  `json:"carousel"` // zero: the session's
	StartAt  Moment    `json:"start_at"`
	Until    Moment    `json:"until"`
	Within   Span      `json:"within"` // each transfer takes so long; zero: as fast as the session's rate allows
	By       Moment    `json:"by"`     // the end of its only transfer
	FEC      string    `json:"fec"`    // the Name of a Scheme; empty: the session's
	Repair   *Percent  `json:"repair"` // with FEC
	Symbol   uint16    `json:"symbol"` // with FEC
	Block    uint32    `json:"block"`  // with FEC
}

// Apply puts the words into a file of a session of cfg. An error is an [*Error].
func (o *Object) Apply(f *sender.File, cfg *sender.Config, now time.Time) (err error) {
	if o.CENC != "" {
		if f.CENC, f.CENCIfSmaller, err = contentEncoding(o.CENC, cfg.Profile); err != nil {
			return err
		}
	}
	if o.Digest != "" {
		if f.Digests, err = digests(o.Digest); err != nil {
			return err
		}
	}
	if o.ETag == "auto" {
		f.AutoETag = true
	} else if o.ETag != "" {
		f.ETag = o.ETag
	}
	if o.CacheControl != "" {
		if f.CacheControl, err = cacheControl(o.CacheControl, now); err != nil {
			return err
		}
	}
	if o.ContentType != "" {
		f.ContentType = o.ContentType
	}
	f.Groups = append(f.Groups, o.Groups...)
	if err := o.extend(f); err != nil {
		return err
	}
	if o.Priority != nil {
		f.Priority = *o.Priority
	}
	return o.schedule(f, cfg, now)
}

// Attribute is an attribute of an application.
type Attribute struct {
	Namespace string `json:"namespace"` // empty: none
	Name      string `json:"name"`
	Value     string `json:"value"`
}

// extend adds what the application says in namespaces of its own.
func (o *Object) extend(f *sender.File) error {
	for _, a := range o.Attributes {
		f.Attributes = append(f.Attributes, fdt.Attribute{Space: a.Namespace, Local: a.Name, Value: a.Value})
	}
	for _, text := range o.Elements {
		e, err := fdt.ParseElement(text)
		if err != nil {
			return errorf("%v: %v", wordElements, err)
		}
		f.Elements = append(f.Elements, e)
	}
	return nil
}

// schedule puts in what says when the file is sent, and with which FEC.
func (o *Object) schedule(f *sender.File, cfg *sender.Config, now time.Time) error {
	if o.Repeat != 0 {
		f.TransferCount = int(o.Repeat)
	}
	if c := o.Carousel; c != (Carousel{}) {
		f.Interval, f.Delay, f.Burst = c.Interval, c.Delay, c.Burst
		if o.Repeat == 0 {
			f.TransferCount = -1
		}
	}
	if at := o.StartAt.At(now); !at.IsZero() {
		f.StartAt = at
	}
	if at := o.Until.At(now); !at.IsZero() {
		f.Until = at
		if o.Repeat == 0 {
			f.TransferCount = -1
		}
	}
	f.Within = time.Duration(o.Within)
	if at := o.By.At(now); !at.IsZero() {
		f.By = at
	}
	if f.Within != 0 && !f.By.IsZero() {
		return errorf("%v and %v: take one of them", wordWithin, wordBy)
	}
	if o.FEC == "" {
		if o.Repair != nil || o.Symbol != 0 || o.Block != 0 {
			return errorf("%v, %v and %v of a file need its %v", wordRepair, wordSymbol, wordBlock, wordFEC)
		}
		return nil
	}
	own := *cfg
	words := FEC{Scheme: o.FEC, Repair: o.Repair, Symbol: o.Symbol, Block: o.Block}
	if err := words.Apply(&own, f.Size); err != nil {
		return err
	}
	f.OTI, f.Variant, f.Redundancy = &own.OTI, own.Variant, own.Redundancy
	return nil
}

// contentEncoding reads a word for a content encoding; auto is none where the profile allows none.
func contentEncoding(text string, profile fdt.Profile) (c flute.ContentEncoding, ifSmaller bool, err error) {
	if text == "auto" {
		if profile.MBMS() && profile != fdt.MBMSExtended {
			return flute.Null, false, nil
		}
		return flute.GZIP, true, nil
	}
	c, err = oneOf(wordCENC, text, append(encodings(), choice[flute.ContentEncoding]{name: "auto"}))
	return c, false, err
}

// digests reads the word digest.
func digests(text string) (d sender.Digests, err error) {
	switch text {
	case "auto":
		return 0, nil
	case "none":
		return sender.NoDigest, nil
	}
	for name := range strings.SplitSeq(text, ",") {
		one, err := oneOf(wordDigest, name, []choice[sender.Digests]{
			{"md5", sender.DigestMD5},
			{"sha-256", sender.DigestSHA256},
			{"later", sender.DigestLater},
			{"auto", 0},
			{"none", 0},
		})
		if err != nil {
			return 0, err
		}
		if name == "" || one == 0 {
			return 0, errorf("%v %q: %q goes with no other", wordDigest, text, name)
		}
		d |= one
	}
	return d, nil
}

// cacheControl reads the word cache-control (TS 26.346, section 7.2.13).
func cacheControl(text string, now time.Time) (*fdt.CacheControl, error) {
	name, value, _ := strings.Cut(text, "=")
	switch {
	case text == "no-cache":
		return &fdt.CacheControl{NoCache: true}, nil
	case text == "max-stale":
		return &fdt.CacheControl{MaxStale: true}, nil
	case name == "max-age":
		d, err := ParseDuration(value, true)
		if err != nil {
			return nil, errorf("%v: %v", wordCacheControl, err)
		}
		return &fdt.CacheControl{Expires: now.Add(d).Truncate(time.Second)}, nil
	case name == "expires":
		var m Moment
		if err := m.UnmarshalText([]byte(value)); err != nil {
			return nil, errorf("%v: %v", wordCacheControl, err)
		}
		return &fdt.CacheControl{Expires: m.At(now).Truncate(time.Second)}, nil
	}
	return nil, errorf("%v %q: take %s", wordCacheControl, text,
		list([]string{"no-cache", "max-stale", "max-age=1h", "expires=20:15"}))
}
