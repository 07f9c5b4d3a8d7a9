package main

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/actors/notice"
)

// TestLostLinesAreTold: a reader of events that stands still, and then reads on, is told how many it has not got. Each
// try to tell it took the count along, and was lost as the events were.
func TestLostLinesAreTold(t *testing.T) {
	const shown = 3000
	for name, last := range map[string]int{"with the next event": 1, "at the end": 0} {
		t.Run(name, func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			o := newOutput(newPrinter(w, newStandardError(os.Stderr)), display{JSON: true})
			warn := func() { o.show(notice.Warning{Text: strings.Repeat("x", 8000)}) }
			for range shown {
				warn()
			}
			read := make(chan []byte)
			go func() {
				text, _ := io.ReadAll(r)
				read <- text
			}()
			o.flush()
			for range last {
				warn()
			}
			o.close()
			_ = w.Close()
			got, missed := 0, 0
			for line := range strings.Lines(string(<-read)) {
				var e struct {
					Event string
					Count int
				}
				if err := json.Unmarshal([]byte(line), &e); err != nil {
					t.Fatal(err)
				}
				if e.Event == "warning" {
					got++
				}
				missed += e.Count
			}
			if got == shown+last || got+missed != shown+last {
				t.Errorf("%d lines of %d, and %d are told missed", got, shown+last, missed)
			}
		})
	}
}
