package settings

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/sender"
)

// TestObject: what the words of a file, as a line of JSON, become.
func TestObject(t *testing.T) {
	now := time.Date(2026, 11, 28, 20, 0, 0, 500, time.UTC)
	for text, want := range map[string]sender.File{
		`{}`:                             {},
		`{"cenc": "gzip"}`:               {CENC: flute.GZIP},
		`{"cenc": "auto"}`:               {CENC: flute.GZIP, CENCIfSmaller: true},
		`{"cenc": "null"}`:               {},
		`{"digest": "auto"}`:             {},
		`{"digest": "none"}`:             {Digests: sender.NoDigest},
		`{"digest": "md5,later"}`:        {Digests: sender.DigestMD5 | sender.DigestLater},
		`{"digest": "sha-256,md5"}`:      {Digests: sender.DigestMD5 | sender.DigestSHA256},
		`{"etag": "auto"}`:               {AutoETag: true},
		`{"etag": "v1"}`:                 {ETag: "v1"},
		`{"cache_control": "no-cache"}`:  {CacheControl: &fdt.CacheControl{NoCache: true}},
		`{"cache_control": "max-stale"}`: {CacheControl: &fdt.CacheControl{MaxStale: true}},
		`{"cache_control": "max-age=1h"}`: {
			CacheControl: &fdt.CacheControl{Expires: now.Add(time.Hour).Truncate(time.Second)},
		},
		`{"cache_control": "expires=20:15"}`: {CacheControl: &fdt.CacheControl{Expires: time.Date(2026, 11, 28, 20, 15,
			0, 0, time.UTC)}}, `{"content_type": "text/css"}`: {ContentType: "text/css"},
		`{"groups": ["a", "b"]}`: {Groups: []string{"a", "b"}},
		`{"attributes": [{"namespace": "urn:a", "name": "b", "value": "c"}], "elements": ["<d xmlns=\"urn:e\"/>"]}`: {
			Attributes: []fdt.Attribute{{Space: "urn:a", Local: "b", Value: "c"}},
			Elements:   []fdt.Element{{Space: "urn:e", Local: "d", XML: `<d xmlns="urn:e"/>`}},
		},
		`{"priority": -3, "repeat": "2"}`:     {Priority: -3, TransferCount: 2},
		`{"carousel": "interval=3s,burst=2"}`: {Interval: 3 * time.Second, Burst: 2, TransferCount: -1},
		`{"start_at": "+1m", "until": "+2m"}`: {
			StartAt: now.Add(time.Minute), Until: now.Add(2 * time.Minute), TransferCount: -1,
		},
		`{"fec": "raptorq", "repair": "5%", "symbol": 1000, "block": 100}`: {
			OTI: &fec.OTI{
				EncodingID: fec.RaptorQ, SymbolLength: 1000, MaxSourceBlockLength: 100, SubBlocks: 1, Alignment: 4,
			},
			Redundancy: 0.05,
		},
	} {
		var words Object
		if err := json.Unmarshal([]byte(text), &words); err != nil {
			t.Error(text, err)
			continue
		}
		got := sender.File{Size: 1e6}
		if err := words.Apply(&got, &sender.Config{}, now); err != nil {
			t.Error(text, err)
		}
		want.Size = 1e6
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// TestObjectProfile: auto is no content encoding where the profile has none.
func TestObjectProfile(t *testing.T) {
	for profile, want := range map[fdt.Profile]flute.ContentEncoding{
		fdt.RFC6726: flute.GZIP, fdt.MBMSExtended: flute.GZIP, fdt.MBMSDownload: flute.Null, fdt.DVBMABR: flute.Null,
	} {
		var f sender.File
		if err := (&Object{CENC: "auto"}).Apply(&f, &sender.Config{Profile: profile}, time.Time{}); err != nil ||
			f.CENC != want {
			t.Errorf("%v: %v %v", profile, f.CENC, err)
		}
	}
}

// TestObjectErrors: each names its word.
func TestObjectErrors(t *testing.T) {
	for word, words := range map[string]Object{
		"cenc":          {CENC: "brotli"},
		"digest":        {Digest: "md5,none"},
		"cache-control": {CacheControl: "max-age=never"},
		"repair":        {Repair: new(Percent)},
		"fec":           {FEC: "magic"},
		"elements":      {Elements: []string{"<E/>"}},
	} {
		err := words.Apply(&sender.File{}, &sender.Config{}, time.Time{})
		if e, ok := errors.AsType[*Error](err); !ok || e.Word != word {
			t.Errorf("%s: %v", word, err)
		}
	}
	for _, text := range []string{"sha-512", "auto,md5", ",", "md5;later"} {
		if err := (&Object{Digest: text}).Apply(&sender.File{}, &sender.Config{}, time.Time{}); err == nil {
			t.Errorf("digest %q is taken", text)
		}
	}
	for _, text := range []string{"max-age", "max-age=0s", "expires=", "private"} {
		if err := (&Object{CacheControl: text}).Apply(&sender.File{}, &sender.Config{}, time.Time{}); err == nil {
			t.Errorf("cache-control %q is taken", text)
		}
	}
}
