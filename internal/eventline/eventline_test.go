package eventline_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/eventline"
)

var at = time.Date(2026, 11, 29, 20, 0, 0, 0, time.UTC)

func Example() {
	fmt.Println(string(eventline.Append(nil, "moved", at, struct {
		From []string       `json:"from"`
		More map[string]int `json:"more"`
	}{})))
	// Output: {"event":"moved","time":"2026-11-29T20:00:00Z","from":[],"more":{}}
}

func TestAppend(t *testing.T) {
	const head = `{"event":"e","time":"2026-11-29T20:00:00Z"`
	for want, v := range map[string]any{
		head + "}": struct{}{},
		head + `,"a":1}`: struct {
			A int `json:"a"`
		}{1},
		head + `,"b":[null]}`: struct {
			B [][]int `json:"b"`
		}{[][]int{nil}},
	} {
		if got := string(eventline.Append([]byte("x"), "e", at, v)); got != "x"+want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for _, v := range []any{nil, 7, struct{ F func() }{func() {}}} { // no fields that JSON can say
		if got := string(eventline.Append(nil, "e", at, v)); got != head+"}" {
			t.Errorf("%v: %s", v, got)
		}
	}
}
