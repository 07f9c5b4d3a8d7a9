package inspect

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
)

// updated returns the datagrams of a session whose file a.bin gets a newer version when after datagrams are out. The
// file b.bin is sent last, and after it nothing.
func updated(t *testing.T, after int) []packet {
	t.Helper()
	s, err := sender.New(sender.Config{
		Session:  flute.SessionKey{Source: source.Addr(), Group: group, TSI: 7},
		Registry: schemes.Default(), Parallel: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string, n int, first byte) *sender.Object {
		content := bytes.Repeat([]byte{first}, n)
		o, err := sender.Prepare(context.Background(), sender.File{
			ContentLocation: "file:///" + name, ContentType: "text/plain",
			Content: bytes.NewReader(content), Size: uint64(n),
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	if _, err := s.Add(file("a.bin", 100_000, 'a')); err != nil {
		t.Fatal(err)
	}
	var list []packet
	for now := begin; !s.Done(); now = now.Add(time.Millisecond) {
		if len(list) == after {
			if _, err := s.Update(file("a.bin", 50_000, 'b'), sender.AtOnce); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Add(file("b.bin", 5000, 'c')); err != nil {
				t.Fatal(err)
			}
			after = -1
		}
		b, ok, err := s.AppendNext(nil, now)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			list = append(list, packet{now, b})
		}
	}
	return append(list, packet{begin.Add(time.Hour), s.AppendClose(nil)})
}

// TestSuperseded: a version that gave way to a newer one before it was sent whole lacks nothing that anybody needs. One
// that was whole before is; and what lacks of the newest version lacks.
func TestSuperseded(t *testing.T) {
	for name, c := range map[string]struct {
		after, cut int // datagrams until the newer version, and those that are not captured at the end
		verify     bool
		result     string
		verdict    string
	}{
		"under way":      {40, 0, true, "2 of 2 objects are whole, and 1 gave way to newer versions", Clean},
		"not decoded":    {40, 0, false, "2 of 2 objects are whole, and 1 gave way to newer versions", Clean},
		"sent before":    {1000, 0, true, "", Clean},
		"newest lacking": {40, 20, true, "and 1 gave way to newer versions", Incomplete},
	} {
		list := updated(t, c.after)
		list = list[:len(list)-c.cut]
		r := judged(t, pcap(t, list), Config{Unverified: !c.verify})
		if r.Verdict != c.verdict || !strings.Contains(r.Text(), c.result) {
			t.Errorf("%s: %s\n%s", name, r.Verdict, r.Text())
		}
	}
}
