package lease

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// FuzzRecord: nothing that somebody writes to a bucket makes it panic. A Record that is taken has numbers that a
// session can go on from, and is read again as it was written.
func FuzzRecord(f *testing.F) {
	for _, r := range []Record{
		{Version: recordVersion, Destination: "239.1.1.1:1", TSI: 7, Epoch: 1, Holder: "x", Site: "a", TTL: MaxTTL},
		{
			Version: recordVersion, TTL: MinTTL, Epoch: 1<<64 - 1, Serial: 1<<64 - 1,
			Numbers: &numbers{1, 2, time.Unix(1, 0), "5192296858534827628530496329220095"},
		},
	} {
		text, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"version":1,"ttl_ns":1000000000,"numbers":{"toi":"-1"}}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		r, err := ParseRecord(value)
		if err != nil {
			return
		}
		n, err := r.Numbers.sender()
		if err != nil || (n == nil) != (r.Numbers == nil) || r.TTL < MinTTL || r.TTL > MaxTTL {
			t.Fatalf("%+v, %v", n, err)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseRecord(text)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(r, again); d != "" {
			t.Error(d)
		}
	})
}
