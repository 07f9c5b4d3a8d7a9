package flute_test

import (
	"encoding/json"
	"testing"

	"github.com/flute-node/flute-node/flute"
)

// TestCountersJSON: what is written is read, and a reason of a newer node is no error.
func TestCountersJSON(t *testing.T) {
	c := flute.Counters{Received: 10, Accepted: 3, Duplicate: 2}
	c.Dropped[4], c.Dropped[7] = 4, 1
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	got := flute.Counters{Accepted: 99}
	got.Dropped[5] = 99
	if err := json.Unmarshal(text, &got); err != nil || got != c {
		t.Errorf("%+v, %v, want %+v", got, err, c)
	}
	if err := json.Unmarshal([]byte(`{"received":1,"dropped":{"from_the_future":1}}`), &got); err != nil ||
		got != (flute.Counters{Received: 1}) {
		t.Errorf("%+v, %v", got, err)
	}
	if err := json.Unmarshal([]byte(`{"received":"x"}`), &got); err == nil {
		t.Error("text is taken for a number")
	}
}

// TestTOIJSON: a TOI that is written is read.
func TestTOIJSON(t *testing.T) {
	want, got := flute.NewTOI(1<<63), flute.TOI{}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Errorf("%s: %v, %v", text, got, err)
	}
	if err := json.Unmarshal([]byte(`"-1"`), &got); err == nil {
		t.Error("-1 is taken")
	}
}
