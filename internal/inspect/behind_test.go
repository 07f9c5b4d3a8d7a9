package inspect

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/sender"
)

// ofSessions returns the packets of six sessions of an object of 1 MB each, which ends with its last symbol, one
// session after the other or all at once.
func ofSessions(t *testing.T, inTurn bool) []byte {
	one := sent(t, []int{1_000_000}, func(_ *sender.Config, f *sender.File) { f.Digests = sender.DigestMD5 })
	for isFDT(one[len(one)-1]) || len(one[len(one)-1].payload) < 100 {
		one = one[:len(one)-1]
	}
	const sessions = 6
	list := make([]packet, sessions*len(one))
	for tsi := range sessions {
		for i, p := range one {
			at := tsi*len(one) + i
			if !inTurn {
				at = i*sessions + tsi
			}
			b := bytes.Clone(p.payload)
			b[9] = byte(tsi + 1)
			list[at] = packet{begin.Add(time.Duration(at) * time.Millisecond), b}
		}
	}
	return pcap(t, list)
}

// TestSessionsInTurn: an object that is verified behind the datagrams, and of whose session no more comes, does not
// keep its memory from the sessions after it.
func TestSessionsInTurn(t *testing.T) {
	cfg := Config{Memory: 8 << 20, Spawn: func(f func()) { go f() }}
	if r := judged(t, ofSessions(t, true), cfg); r.Verdict != Clean {
		t.Error(r.Text())
	}
}

// TestOwnMemory: where there is too little memory for all objects at once, the command says that it is to blame.
func TestOwnMemory(t *testing.T) {
	r := judged(t, ofSessions(t, false), Config{Memory: 8 << 20})
	if r.Verdict != Incomplete || len(r.Answer) == 0 {
		t.Fatal(r.Text())
	}
	for _, line := range r.Answer {
		if !strings.HasPrefix(line, "This command: it could not verify 1 of 1 objects") {
			t.Error(line)
		}
	}
}
