package inspect

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/sender"
)

// TestSessionsInTurn: an object that is verified behind the datagrams, and of whose session no more comes, does not
// keep its memory from the sessions after it.
func TestSessionsInTurn(t *testing.T) {
	sent := sent(t, []int{1_000_000}, func(_ *sender.Config, f *sender.File) { f.Digests = sender.DigestMD5 })
	for isFDT(sent[len(sent)-1]) || len(sent[len(sent)-1].payload) < 100 {
		sent = sent[:len(sent)-1]
	}
	var list []packet
	for tsi := range byte(6) {
		for _, p := range sent {
			b := append([]byte{}, p.payload...)
			b[9] = tsi + 1
			list = append(list, packet{begin.Add(time.Duration(len(list)) * time.Millisecond), b})
		}
	}
	cfg := Config{Memory: 8 << 20, Spawn: func(f func()) { go f() }}
	if r := judged(t, pcap(t, list), cfg); r.Verdict != Clean {
		t.Error(r.Text())
	}
}
