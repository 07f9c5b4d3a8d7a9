package storetest_test

import (
	"errors"
	"testing"

	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
	"github.com/flute-node/flute-node/store/storetest"
)

// TestFaultyWithoutFaults: it is a Store.
func TestFaultyWithoutFaults(t *testing.T) {
	storetest.Run(t, func(*testing.T) (store.Store, storetest.Read) {
		st := mem.New()
		return &storetest.Faulty{Store: st, Before: func(storetest.Call) error { return nil }}, read(st)
	})
}

// TestFaultyCalls: each method asks, is told what it is about, and fails with what is answered.
func TestFaultyCalls(t *testing.T) {
	st := mem.New()
	var last storetest.Call
	var answer error
	f := &storetest.Faulty{Store: st, Before: func(c storetest.Call) error {
		last = c
		return answer
	}}
	o, err := f.Create(7)
	if err != nil {
		t.Fatal(err)
	}
	if f.Names() != st.Names() {
		t.Error("another registry of names")
	}
	answer = errors.New("no")
	for want, call := range map[storetest.Call]func() error{
		{Method: "Create", Size: 5}: func() error { _, err := f.Create(5); return err },
		{Method: "Publish", Size: 7, Name: "x"}: func() error {
			_, err := f.Publish(o, "x")
			return err
		},
		{Method: "ReadAt", Size: 7, Off: 3}:  func() error { _, err := o.ReadAt(make([]byte, 1), 3); return err },
		{Method: "WriteAt", Size: 7, Off: 4}: func() error { _, err := o.WriteAt([]byte("x"), 4); return err },
		{Method: "Truncate", Size: 7}:        func() error { return o.Truncate(1) },
		{Method: "Sync", Size: 7}:            o.Sync,
	} {
		if err := call(); !errors.Is(err, answer) || last != want {
			t.Errorf("%+v: %v; want %+v", last, err, want)
		}
	}
	if len(st.Files()) != 0 || st.Staged() != 1 {
		t.Errorf("files %q, %d staged", st.Files(), st.Staged())
	}
}
