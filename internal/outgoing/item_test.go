package outgoing

import (
	"fmt"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/flute/sender"
)

// TestDoubts: names that receivers refuse are told, some of them one by one, and no others.
func TestDoubts(t *testing.T) {
	item := func(n int, folders int) *Item {
		return &Item{File: sender.File{ContentLocation: fmt.Sprintf("file:///%s%d", strings.Repeat("d/", folders), n)}}
	}
	var items []*Item
	for n := range 25 {
		items = append(items, item(n, 3), item(n, 31))
	}
	if texts := Doubts(items); len(texts) != 0 {
		t.Errorf("32 segments: %q", texts)
	}
	for n := range 25 {
		items = append(items, item(n, 32))
	}
	texts := Doubts(items)
	if len(texts) != maxDoubts+1 || !strings.Contains(texts[0], "33 segments, more than 32") ||
		!strings.Contains(texts[maxDoubts], "5 more files") {
		t.Errorf("33 segments: %q", texts)
	}
}
