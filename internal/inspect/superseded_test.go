package inspect

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/sender"
)

// updated returns the datagrams of a session whose file a.bin gets a newer version when after datagrams are out, or
// when all of it is, if that is sooner. The file b.bin is sent last, and after it nothing.
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
	for now := begin; after >= 0 || !s.Done(); now = now.Add(time.Millisecond) {
		if len(list) == after || after > 0 && s.Done() {
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
		"sent before":    {1000, 0, true, "3 of 3 objects are whole", Clean},
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

// TestOlderInstanceComesLater: an FDT Instance that is read after a newer one makes no newer version of a file an older
// one: what lacks of that lacks.
func TestOlderInstanceComesLater(t *testing.T) {
	list := updated(t, 1000)
	var first []packet // that describe the first version
	var in, out []packet
	var older flute.InstanceID
	versions := []flute.TOI{}
	for _, one := range list[:len(list)-1] {
		p, err := alc.Parse(one.payload)
		if err != nil {
			t.Fatal(err)
		}
		if p.TOI != (flute.TOI{}) && !slices.Contains(versions, p.TOI) {
			versions = append(versions, p.TOI)
		}
		switch {
		case p.TOI == (flute.TOI{}) && (len(first) == 0 || p.InstanceID == older):
			older, first = p.InstanceID, append(first, one)
		case len(versions) > 1 && p.TOI == versions[1] && len(out) < 5:
			out = append(out, one)
		default:
			in = append(in, one)
		}
	}
	for i := range first {
		first[i].at = list[len(list)-2].at
	}
	list = slices.Concat(in, first, list[len(list)-1:])
	r := judged(t, pcap(t, list), Config{})
	if first := r.Sessions[0].Objects[0]; r.Verdict != Incomplete || first.State != "incomplete" ||
		first.TOI != versions[1] || !strings.Contains(r.Text(), "TOI 1 is an older version of TOI 2") {
		t.Errorf("%s\n%s", r.Verdict, r.Text())
	}
}
