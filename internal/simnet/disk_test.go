package simnet_test

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/storetest"
)

// A Mount is a Store.
func TestMount(t *testing.T) {
	storetest.Run(t, func(*testing.T) (store.Store, storetest.Read) {
		d := simnet.NewDisk(1)
		return d.Mount(), func(name string) ([]byte, error) {
			b, ok := d.Get(name)
			if !ok {
				return nil, fmt.Errorf("%s is not there", name)
			}
			return b, nil
		}
	})
}

type noter interface {
	Note(p []byte, anew bool) error
}

func write(t *testing.T, st store.Store, text, notes string) store.Object {
	t.Helper()
	o, err := st.Create(uint64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.WriteAt([]byte(text), 0); err != nil {
		t.Fatal(err)
	}
	if notes == "" {
		return o
	}
	if n, ok := o.(noter); !ok || n.Note([]byte(notes), false) != nil {
		t.Fatal("it cannot be noted")
	}
	return o
}

func all([]byte) bool { return true }

// What a killed process has written is there for the next one, if it has notes; a loss of power takes what was not
// synced, and nothing else.
func TestDeaths(t *testing.T) {
	torn := 0
	for seed := range uint64(50) {
		d := simnet.NewDisk(seed)
		m := d.Mount()
		write(t, m, "no notes", "")
		noted := write(t, m, "synced", "a")
		if _, err := noted.WriteAt([]byte(" or not"), 6); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Publish(write(t, m, "whole", ""), "x/y"); err != nil {
			t.Fatal(err)
		}
		m.Kill()
		if _, err := noted.WriteAt([]byte("dead"), 0); err == nil {
			t.Fatal("a dead process writes")
		}
		if seed%2 == 0 {
			d.CutPower()
		}
		left, err := d.Mount().Recover(all)
		if err != nil || len(left) != 1 || string(left[0].Notes) != "a" {
			t.Fatalf("left: %v, %v", left, err)
		}
		b := make([]byte, 13)
		n, _ := left[0].Object.ReadAt(b, 0)
		if string(b[:6]) != "synced" || seed%2 == 1 && n != 13 {
			t.Fatalf("left: %q", b[:n])
		}
		if n < 13 {
			torn++
		}
		if !d.Has("x/y", []byte("whole")) {
			t.Fatal("what was published is lost")
		}
	}
	if torn == 0 {
		t.Error("no write was lost")
	}
}

// Each fault shows in the calls that it concerns, and ends.
func TestFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := simnet.NewDisk(1)
		m := d.Mount()
		o := write(t, m, "text", "")
		for name, c := range map[string]struct {
			faults simnet.Faults
			err    error
			takes  time.Duration
		}{
			"full":  {faults: simnet.Faults{Full: true}, err: syscall.ENOSPC},
			"fails": {faults: simnet.Faults{Fails: 1}, err: syscall.EIO},
			"slow":  {faults: simnet.Faults{Slow: time.Second}, takes: time.Second},
			"hangs": {faults: simnet.Faults{Slow: time.Hour}, takes: time.Minute},
		} {
			d.Break(c.faults, time.Minute)
			begin := time.Now()
			_, err := o.WriteAt([]byte("more"), 4)
			if took := time.Since(begin); !errors.Is(err, c.err) || took != c.takes {
				t.Errorf("%s: %v after %v", name, err, took)
			}
			time.Sleep(time.Minute)
			if err := o.Sync(); err != nil {
				t.Errorf("%s: afterwards: %v", name, err)
			}
		}
		d.Break(simnet.Faults{Lies: true}, 0)
		if _, err := m.Publish(o, "a"); err != nil {
			t.Fatal(err)
		}
		m.Kill()
		if !d.Has("a", []byte("textmore")) {
			t.Error("it was published")
		}
	})
}

// The write at which power is cut is the last one, and incomplete at times.
func TestCutAt(t *testing.T) {
	lengths := map[int]bool{}
	for seed := range uint64(30) {
		d := simnet.NewDisk(seed)
		m := d.Mount()
		o := write(t, m, "first", "a")
		d.CutAt(1)
		before := m.Killed()
		n, err := o.WriteAt([]byte("second"), 5)
		if !errors.Is(err, simnet.ErrKilled) || m.Staged() != 0 || before || !m.Killed() {
			t.Fatalf("%d, %v; %d are staged; killed before: %t, after: %t", n, err, m.Staged(), before, m.Killed())
		}
		lengths[n] = true
	}
	if len(lengths) < 4 {
		t.Errorf("writes were cut after %v bytes", lengths)
	}
}
