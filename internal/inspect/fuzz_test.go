package inspect

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/flute-node/flute-node/internal/capture"
)

// FuzzInspect: any payloads, cut into datagrams by lengths in front of them, are judged without a panic, and told as
// text: the same with digests computed beside.
func FuzzInspect(f *testing.F) {
	var seed []byte
	for _, p := range sent(f, []int{300}, nil) {
		seed = append(binary.BigEndian.AppendUint16(seed, uint16(len(p.payload))), p.payload...)
	}
	f.Add(seed)
	if told := toldOf(f, seed, Config{}); !strings.Contains(told, "1 of 1 objects are whole") {
		f.Fatal(told)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		first := toldOf(t, b, Config{Memory: 8 << 20})
		spawned := toldOf(t, b, Config{Memory: 8 << 20, Spawn: func(f func()) { go f() }})
		if first != spawned {
			t.Fatalf("beside the datagrams:\n%s\nwant\n%s", spawned, first)
		}
	})
}

// toldOf returns what is told of these datagrams, as text and JSON, whose lines have no control characters.
func toldOf(t testing.TB, b []byte, cfg Config) string {
	t.Helper()
	in := New(cfg)
	packets := 0
	for i := 0; len(b) > 1; i++ {
		n := min(2+int(binary.BigEndian.Uint16(b)), len(b))
		d := capture.Datagram{
			Number: uint64(i + 1), Time: begin.Add(time.Duration(i) * time.Millisecond), Src: source,
			Dst: group, Payload: b[2:n], Length: n - 2 + i/8%2,
		}
		in.Datagram(&d)
		packets++
		b = b[n:]
	}
	r := in.Report()
	r.Finish("x", capture.Counts{}, nil)
	text := r.Text()
	checkText(t, text)
	if _, err := r.HTML(); err != nil {
		t.Fatal(err)
	}
	counted := r.OtherPackets + r.ForgottenPackets
	for _, s := range r.Sessions {
		counted += s.Packets
		c := s.Counters
		dropped := uint64(0)
		for _, n := range c.Dropped {
			dropped += n
		}
		if c.Received != c.Accepted+c.Duplicate+dropped {
			t.Fatalf("%+v", c)
		}
	}
	if r.Joined == 0 && (r.Datagrams != uint64(packets) || counted > r.Datagrams) {
		t.Fatalf("%d datagrams, told %d, %d judged\n%s", packets, r.Datagrams, counted, text)
	}
	plain, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return text + string(plain)
}

// checkText fails t if a terminal would take anything of text for more than text.
func checkText(t testing.TB, text string) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		if strings.ContainsFunc(line, unicode.IsControl) {
			t.Fatalf("%q", line)
		}
	}
}

// FuzzLint: any document and any datagram is judged without a panic.
func FuzzLint(f *testing.F) {
	f.Add([]byte(`<FDT-Instance Expires="1"><File TOI="1" Content-Location="a"/></FDT-Instance>`))
	for _, p := range sent(f, []int{300}, nil) {
		f.Add(p.payload)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		checkText(t, LintFDT(b, begin).Text())
		want := LintDatagram(b, begin).Text()
		checkText(t, want)
		_, _ = LintHex(string(b), begin)
		if len(b) == 0 {
			return
		}
		if l, err := LintHex(hex.EncodeToString(b), begin); err != nil || l.Text() != want {
			t.Fatalf("%x in hexadecimal digits: %v, %v\nwant %s", b, l, err, want)
		}
	})
}
