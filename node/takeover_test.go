package node

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
)

// keeper is a Keeper that counts who looks into it.
type keeper struct {
	*mem.Store
	notes [][]byte     // of objects, and of files that were published
	enter func()       // is called by Recover
	mu    sync.Mutex   // over what follows
	taken map[int]bool // index of notes
	looks [2]int       // calls of Recover and Delivered
}

func (k *keeper) Recover(want func([]byte) bool) (list []store.Leftover, err error) {
	k.enter()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.looks[0]++
	for i, b := range k.notes {
		if !k.taken[i] && want(b) {
			k.taken[i] = true
			list = append(list, store.Leftover{Notes: b})
		}
	}
	return list, nil
}

func (k *keeper) Delivered() ([][]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.looks[1]++
	return k.notes, nil
}

func (k *keeper) Deliver(string, []byte) error { return nil }

// newKeeper returns a keeper with notes of so many sessions.
func newKeeper(t *testing.T, sessions int, enter func()) *keeper {
	t.Helper()
	k := &keeper{Store: mem.New(), taken: map[int]bool{}, enter: enter}
	for i := range sessions {
		key := flute.SessionKey{Source: simSource.Addr(), Group: simGroup, TSI: flute.TSI(i)}
		b, err := json.Marshal(map[string]any{"session": key})
		if err != nil {
			t.Fatal(err)
		}
		k.notes = append(k.notes, b)
	}
	return k
}

// await returns when so many receptions wait for a look.
func (t *takeovers) await(receptions int) {
	for waiting := 0; waiting < receptions; time.Sleep(time.Millisecond) {
		t.mu.Lock()
		waiting = len(t.waiting)
		t.mu.Unlock()
	}
}

// TestLookPanics: when the Store of an application panics, whoever has waited for the look gets what is its own all the
// same.
func TestLookPanics(t *testing.T) {
	begun, goOn := make(chan struct{}), make(chan struct{})
	calls := 0 // one look at a time
	k := newKeeper(t, 3, func() {
		switch calls++; calls {
		case 1:
			close(begun)
			<-goOn
		case 2:
			panic("a Store of an application")
		}
	})
	var all takeovers
	got := [3]*takeover{}
	var wg sync.WaitGroup
	take := func(i int) {
		wg.Go(func() {
			defer func() { _ = recover() }()
			got[i] = all.take(k, &ReceiveConfig{Group: simGroup, TSIs: []flute.TSI{flute.TSI(i)}})
		})
	}
	take(0)
	<-begun
	take(1)
	take(2)
	all.await(2)
	close(goOn)
	wg.Wait()
	if (got[1] == nil) == (got[2] == nil) {
		t.Fatalf("one of two has to panic: %v, %v", got[1], got[2])
	}
	for i, own := range got {
		if own != nil && (len(own.leftovers) != 1 || !bytes.Equal(own.leftovers[0].Notes, k.notes[i])) {
			t.Errorf("reception %d: objects %q", i, own.leftovers)
		}
	}
	if len(all.waiting) != 0 {
		t.Errorf("%d wait", len(all.waiting))
	}
}

// TestTakeoversShareALook: receptions that begin while another one looks through their folder share the next look, and
// each gets what is of its sessions.
func TestTakeoversShareALook(t *testing.T) {
	const receptions = 10
	begun, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	k := newKeeper(t, 2*receptions, func() {
		once.Do(func() { close(begun); <-goOn })
	})
	k.notes = append(k.notes, []byte("of another version"), nil)
	var all takeovers
	var got [receptions]*takeover
	var wg sync.WaitGroup
	take := func(i int) {
		cfg := &ReceiveConfig{Group: simGroup, TSIs: []flute.TSI{flute.TSI(i)}}
		cfg.Session.Redeliver = i == 3
		wg.Go(func() { got[i] = all.take(k, cfg) })
	}
	take(0)
	<-begun
	for i := range receptions - 1 {
		take(1 + i)
	}
	all.await(receptions - 1)
	close(goOn)
	wg.Wait()
	if k.looks != [2]int{2, 2} {
		t.Errorf("%d looks for objects and for files, want 2 and 2", k.looks)
	}
	for i, own := range got {
		left := len(own.leftovers) == 1 && bytes.Equal(own.leftovers[0].Notes, k.notes[i])
		known := len(own.delivered) == 1 && bytes.Equal(own.delivered[0], k.notes[i])
		if own.err != nil || !left || known != (i != 3) {
			t.Errorf("reception %d: %v, objects %q, files %q", i, own.err, own.leftovers, own.delivered)
		}
	}
	if len(k.taken) != receptions {
		t.Errorf("%d objects were taken, want %d", len(k.taken), receptions)
	}
}

// TestReceptionsThatBeginTogether: many receptions of one folder that begin at once go on with all that an earlier
// process has left there, each with what is of its session.
func TestReceptionsThatBeginTogether(t *testing.T) {
	const sessions = 24
	dir := t.TempDir()
	inWorld(t, Config{}, func(w *world) {
		r := w.receive(simnet.Link{}, ReceiveConfig{Dir: dir})
		for i := range sessions {
			s := w.send(flute.TSI(i), 100_000, sender.Config{})
			for j, size := range []int{2000, 200_000} {
				data := randomBytes(uint64(2*i+j), size)
				if _, err := s.Add(w.ctx, sender.File{
					ContentLocation: fmt.Sprintf("http://h/%d/%d", i, j), Content: bytes.NewReader(data),
					Size: uint64(size),
				}, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		time.Sleep(8 * time.Second) // of 16
		if err := r.Close(w.ctx); err != nil {
			t.Fatal(err)
		}
	})
	n, err := Start(Config{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range sessions {
		wg.Go(func() {
			cfg := &ReceiveConfig{Group: simGroup, TSIs: []flute.TSI{flute.TSI(i)}, Dir: dir}
			st, err := n.openStore(cfg)
			if err != nil {
				t.Error(err)
				return
			}
			own := st.takeovers.take(st.Store, cfg)
			if own.err != nil || len(own.leftovers) != 1 || len(own.delivered) != 1 {
				t.Errorf("session %d: %v, %d objects and %d files, want 1 and 1", i, own.err, len(own.leftovers),
					len(own.delivered))
			}
			t.Cleanup(func() { _ = st.release() })
		})
	}
	wg.Wait()
	if err := n.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
