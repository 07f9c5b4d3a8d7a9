package sender

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// TestObjectsDueFirst: of very many objects Objects tells those whose turn comes first, however they were added.
func TestObjectsDueFirst(t *testing.T) {
	s, first := oneFile(t, Config{TransferCount: -1, Delay: time.Hour}, 1)
	tois := []flute.TOI{first}
	for i := range 99 {
		tois = append(tois, addTo(t, s, File{
			ContentLocation: fmt.Sprint(i), Content: strings.NewReader("x"), Size: 1,
		}))
	}
	for ok := true; ok; {
		var err error
		if _, ok, err = s.AppendNext(nil, start); err != nil {
			t.Fatal(err)
		}
	}
	minutes := func(i int) int { return i*37%100 + 1 } // each from 1 to 100 once
	for i, toi := range tois {
		if !s.Trigger(toi, start.Add(time.Duration(minutes(i))*time.Minute)) {
			t.Fatal(i)
		}
		if minutes(i) == 2 && !s.PauseObject(toi, true) {
			t.Fatal(i)
		}
	}
	for limit, want := range map[int][]int{0: nil, 1: {1}, 4: {1, 3, 4, 5}} {
		list, total := s.Objects(limit)
		var got []int
		for _, o := range list {
			got = append(got, int(o.Resumes.Sub(start)/time.Minute))
		}
		if d := cmp.Diff(want, got); d != "" || total != 100 {
			t.Errorf("%d of %d: %s", limit, total, d)
		}
	}
	list, _ := s.Objects(1000)
	byTurn := func(a, b event.ObjectState) int { return a.Resumes.Compare(b.Resumes) }
	if len(list) != 100 || list[99].Phase != "paused" || !slices.IsSortedFunc(list[:99], byTurn) {
		t.Errorf("%d objects, or not by their turns", len(list))
	}
}
