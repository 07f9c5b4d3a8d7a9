package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/internal/eventline"
)

func TestSummary(t *testing.T) {
	s := newSummary(false)
	now := time.Unix(1000, 0)
	var c flute.Counters
	c.Drop(drop.Budget, 7)
	c.Repeat()
	for _, e := range []notice.Event{
		event.ObjectCompleted{Size: 1_000_000, Repaired: 3, FirstPacket: now.Add(time.Second), Duration: time.Second},
		event.ObjectCompleted{Size: 1_000_000, FirstPacket: now, Duration: time.Second},
		event.ObjectCompleted{}, // empty
		event.ObjectCompleted{Size: 5, Sending: true},
		event.SessionClosed{Counters: c},
		event.SessionClosed{Counters: c},
		notice.KernelDrops{New: 5},
		event.ObjectRefused{},
	} {
		s.add(e)
	}
	s.Datagrams, s.Unfinished = 1, 2
	s.Seconds = s.last.Sub(s.first).Seconds()
	want := "received 3 files, 1.9 MiB in 2s, 8 Mbit/s; 2 not finished; 1 not wanted\n" +
		"1 datagram, 2 of them nothing new; 3 source symbols lost and repaired\n" +
		"5 datagrams dropped by the system: the receive buffer was full\n14 datagrams dropped: budget"
	if got := s.text(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	s = newSummary(true)
	s.vanished = func(location string) bool { return location == "file:///gone" }
	for _, location := range []string{"file:///gone", "file:///there"} {
		s.add(event.ObjectFailed{Sending: true, Reason: event.FailSource, ContentLocation: location})
	}
	s.add(event.ObjectFailed{Sending: true, Reason: event.FailCancelled})
	if s.Failed != 1 {
		t.Errorf("%d failed, want 1: the others were removed", s.Failed)
	}
	s = newSummary(true)
	s.add(event.ObjectFailed{Sending: true, Reason: event.FailClosed})
	s.stopping.Store(true)
	s.add(event.ObjectFailed{Sending: true, Reason: event.FailClosed})
	if got := s.text(); !strings.HasPrefix(got, "sent 0 files; 1 failed; 1 not finished") {
		t.Error(got)
	}
}

// TestSummaryOfACarousel: no rate is told; it used to be the size of the files over the time of all transfers.
func TestSummaryOfACarousel(t *testing.T) {
	s := newSummary(true)
	first := time.Unix(1000, 0)
	s.add(event.ObjectCompleted{Size: 1_000_000, Sending: true, FirstPacket: first, Duration: 8 * time.Second})
	s.Seconds, s.again = 8, true
	if got, want := s.text(), "sent 1 file, 976.6 KiB in 8s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	s.Transfers, s.SentBytes = 7, 8_000_000
	if got, want := s.text(), "sent 1 file, 976.6 KiB in 8s; 7 transfers, 7.6 MiB in datagrams"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestSummaryAsJSON: send has no figures of what was received, which would read as if nothing had been sent.
func TestSummaryAsJSON(t *testing.T) {
	for sending, want := range map[bool]string{
		true: `{"files":1,"bytes":5,"failed":0,"unfinished":0,"seconds":0}`,
		false: `{"files":1,"bytes":5,"failed":0,"unfinished":0,"seconds":0,"source_symbols_repaired":2,` +
			`"datagrams":0,"duplicate":0,"dropped":{"budget":7},"kernel_drops":5,"refused":0,"account":` +
			string(eventline.Marshal(event.Account{Lost: 1, Due: 4, Loss: 0.25})) + "}",
	} {
		s := newSummary(sending)
		var c flute.Counters
		c.Drop(drop.Budget, 7)
		s.add(event.ObjectCompleted{Size: 5, Repaired: 2, Sending: sending})
		s.add(event.SessionClosed{Counters: c, Sending: sending, Account: &event.Account{Lost: 1, Due: 4}})
		s.add(notice.KernelDrops{New: 5})
		if got, err := json.Marshal(s.totals); err != nil || string(got) != want {
			t.Errorf("sending %v: %s, %v; want %s", sending, got, err, want)
		}
	}
}

// TestAccountText: what is known of loss and margin is told, and nothing else.
func TestAccountText(t *testing.T) {
	for _, c := range []struct {
		account event.Account
		want    string
	}{
		{event.Account{}, ""},
		{event.Account{Symbols: 110, Useful: 100}, "\n10.0 % more received than needed"},
		{
			event.Account{
				Symbols: 105, Useful: 100, Due: 1000, Lost: 51, WorstLoss: 0.125, MarginBlocks: 2, MarginSymbols: 105,
				Surplus: 5, LeastSurplus: 1,
			},
			"\nloss on the way: 5.1 %, 12.5 % in the worst second\n5.0 % more received than needed; of the source " +
				"block with the highest loss 1 symbol more might have been lost",
		},
		{
			event.Account{Symbols: 100, Useful: 100, MarginBlocks: 1, MarginSymbols: 98, Surplus: -2, LeastSurplus: -2},
			"\n0.0 % more received than needed; 2 symbols short in the source block with the highest loss",
		},
	} {
		c.account.Derive()
		if got := accountText(&c.account); got != c.want {
			t.Errorf("%+v: %q, want %q", c.account, got, c.want)
		}
	}
}
