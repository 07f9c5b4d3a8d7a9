package utp_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/utp/channel"
	"github.com/flute-node/flute-node/utp"
	"github.com/flute-node/flute-node/utp/connection"
)

// many moves some bytes over each of n connections between two sockets, both ways at once, and returns the errors of
// the connections at which there were any.
func many(t *testing.T, s *utp.Stack, n, size int) (failed map[int]error) {
	t.Helper()
	// On a busy machine a hundred handshakes may take longer than one is remembered by default.
	cfg := utp.SocketConfig{Conn: connection.Config{HalfOpenLife: hang}}
	a, b := open(t, s, cfg), open(t, s, cfg)
	l, err := b.Listen()
	if err != nil {
		t.Fatal(err)
	}
	failed = map[int]error{}
	var mu sync.Mutex
	var all sync.WaitGroup
	all.Go(func() {
		for range n {
			c, err := l.AcceptUTP()
			if err != nil {
				return
			}
			all.Go(func() { // an echo
				_, _ = io.Copy(c, struct{ io.Reader }{c})
				_ = c.Close()
			})
		}
	})
	var dialled sync.WaitGroup
	for i := range n {
		dialled.Go(func() {
			if err := exchange(t, a, b, uint64(i), size); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed[i] = err
			}
		})
	}
	dialled.Wait()
	_ = l.Close()
	all.Wait()
	return failed
}

// exchange sends bytes to an echo, and compares what comes back.
func exchange(t *testing.T, from, to *utp.Socket, seed uint64, size int) error {
	c, err := from.Dial(t.Context(), addr(to))
	if err != nil {
		return err
	}
	c.SetLinger(hang)
	data := make([]byte, size)
	random := rand.New(rand.NewPCG(seed, 1))
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	wrote := make(chan error, 1)
	go func() {
		_, err := c.Write(data)
		wrote <- errors.Join(err, c.CloseWrite())
	}()
	got, err := io.ReadAll(c)
	if err = errors.Join(err, <-wrote); err == nil && !bytes.Equal(got, data) {
		err = fmt.Errorf("%d bytes came back, want these %d", len(got), len(data))
	}
	return errors.Join(err, c.Close())
}

// TestWhoCrashes: whichever actor panics, at whichever of its messages, before or after it has handled it: every one of
// 100 connections that move data gets all its bytes, the one whose channel panicked as well.
func TestWhoCrashes(t *testing.T) {
	rules := []inject.Rule{
		{Actor: "channels", Message: "open", Nth: 7},
		{Actor: "channels", Message: "close", Nth: 7},
		{Actor: "sockets", Message: "start", Nth: 2, After: true},
	}
	for _, kind := range []string{"packets", "tick", "flush", "done", "released"} {
		for _, nth := range []int{1, 2, 15} {
			rules = append(rules, inject.Rule{Actor: "socket-1", Message: kind, Nth: nth})
		}
	}
	for _, kind := range []string{"started", "packets", "wake", "tick"} {
		for nth := 1; nth <= 5; nth++ {
			rules = append(rules, inject.Rule{Actor: "channel-2[0-9]", Message: kind, Nth: nth})
		}
	}
	n, size := 100, 64<<10
	if testing.Short() {
		n = 20
	}
	hit := 0
	for _, rule := range rules {
		for _, after := range []bool{false, true} {
			rule.After = after
			t.Run(fmt.Sprint(rule.Actor, " ", rule.Message, " ", rule.Nth, after), func(t *testing.T) {
				faults := inject.New(1, rule)
				for i, err := range many(t, stack(t, utp.Config{Faults: faults}), n, size) {
					t.Errorf("connection %d: %v", i, err)
				}
				hit += min(1, int(faults.Injected()))
			})
		}
	}
	if hit < len(rules) {
		t.Errorf("%d of %d faults were injected", hit, 2*len(rules))
	}
}

// TestCloseDelivered: a socket does not wait for connections that have delivered all, and only answer what comes again.
func TestCloseDelivered(t *testing.T) {
	s := stack(t, utp.Config{})
	var took time.Duration
	for range 5 { // the machine may be busy
		a, b := pair(t, s, utp.SocketConfig{})
		a.SetLinger(hang)
		b.SetLinger(hang)
		write(t, a, "hello")
		if err := errors.Join(b.CloseWrite(), a.Close(), b.Close()); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := errors.Join(a.Socket().Close(), b.Socket().Close()); err != nil {
			t.Fatal(err)
		}
		if took = time.Since(start); took < 3*time.Second {
			return
		}
	}
	t.Errorf("%v each time", took)
}

// TestCrashAtTheEnd: whoever crashes while a socket and its connections end, nothing of them is left.
func TestCrashAtTheEnd(t *testing.T) {
	for _, rule := range []inject.Rule{
		{Actor: "channels", Message: "close"},
		{Actor: "channels", Message: "terminated"},
		{Actor: "socket-1", Message: "released"},
		{Actor: "sockets", Message: "ended"},
		{Actor: "sockets", Message: "terminated"},
	} {
		rule.Nth = 1
		t.Run(rule.Actor+" "+rule.Message, func(t *testing.T) {
			faults := inject.New(1, rule)
			s := stack(t, utp.Config{Faults: faults})
			a, b := pair(t, s, utp.SocketConfig{})
			a.SetLinger(hang)
			b.SetLinger(hang)
			write(t, a, "hello")
			if err := errors.Join(b.CloseWrite(), a.Close()); err != nil {
				t.Error(err)
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
			for _, c := range []*utp.Conn{a, b} {
				if err := c.Socket().Close(); err != nil {
					t.Error(err)
				}
			}
			// Where another socket works, its supervisor has finished with those.
			if _, err := open(t, s, utp.SocketConfig{}).Listen(); err != nil {
				t.Fatal(err)
			}
			if sockets, channels := s.Left(); sockets != 1 || channels != 0 {
				t.Errorf("%d sockets and %d connections are left, want the last socket", sockets, channels)
			}
			if faults.Injected() != 1 {
				t.Errorf("%d faults", faults.Injected())
			}
		})
	}
}

// TestCrashesAgain: a channel that panics whenever packets come resets its own connection, with an error that says so,
// and no other of 100 loses anything: also if its supervisor has so much to do that the actor has ended before that is
// heard of.
func TestCrashesAgain(t *testing.T) {
	crash := inject.Rule{Actor: "channel-20", Message: "packets"}
	slow := inject.Rule{Actor: "channels", Message: "open", Kind: inject.Delay, Delay: 5 * time.Millisecond}
	for name, rules := range map[string][]inject.Rule{"idle supervisor": {crash}, "busy supervisor": {crash, slow}} {
		t.Run(name, func(t *testing.T) {
			faults := inject.New(1, rules...)
			failed := many(t, stack(t, utp.Config{Faults: faults}), 100, 64<<10)
			if len(failed) != 1 {
				t.Errorf("%d connections have failed: %v", len(failed), failed)
			}
			for _, err := range failed {
				t.Logf("%v", err)
				if !errors.Is(err, channel.ErrCrashed) && !errors.Is(err, io.EOF) {
					t.Log("the peer of the one that crashed:", err)
				}
			}
			if faults.Injected() < 2 {
				t.Errorf("%d faults", faults.Injected())
			}
		})
	}
}
