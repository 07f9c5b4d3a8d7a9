package receiver

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/store/mem"
)

// routeCase is a case of testdata/route/datagrams.txt, which write.py there has written: it says what the lines mean.
type routeCase struct {
	name      string
	datagrams [][]byte
	files     map[string]string // SHA-256 by name; empty: it must not come
	drop, dup uint64
}

func routeCases(t testing.TB) (cases []routeCase) {
	f, err := os.Open("testdata/route/datagrams.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		if word == "case" {
			cases = append(cases, routeCase{name: rest, files: map[string]string{}})
			continue
		}
		c := &cases[len(cases)-1]
		switch word {
		case ">":
			b, err := hex.DecodeString(rest)
			if err != nil {
				t.Fatal(err)
			}
			c.datagrams = append(c.datagrams, b)
		case "=":
			digest, name, _ := strings.Cut(rest, " ")
			c.files[name] = digest
		case "-":
			c.files[rest] = ""
		case "drop":
			_, err = fmt.Sscan(rest, &c.drop)
		case "dup":
			_, err = fmt.Sscan(rest, &c.dup)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return cases
}

// routeKey returns the session of a datagram whose TSI has 32 bits.
func routeKey(datagram []byte) flute.SessionKey {
	k := key
	k.TSI = flute.TSI(binary.BigEndian.Uint32(datagram[8:]))
	return k
}

// G01: TestConf_G01_ROUTE receives what an independent program has written from the RFC.
func TestConf_G01_ROUTE(t *testing.T) {
	for _, c := range routeCases(t) {
		t.Run(c.name, func(t *testing.T) {
			files := mem.New()
			r, err := New(Config{Registry: schemes.Default(), Store: files, ROUTE: true})
			if err != nil {
				t.Fatal(err)
			}
			keys := map[flute.SessionKey]bool{}
			now := start
			for _, d := range c.datagrams {
				keys[routeKey(d)] = true
				r.Handle(now, routeKey(d), d)
				now = now.Add(time.Millisecond)
			}
			var dropped, dup, received, accepted uint64
			for k := range keys {
				n, _ := r.Counters(k)
				received, accepted, dup = received+n.Received, accepted+n.Accepted, dup+n.Duplicate
				for _, d := range n.Dropped {
					dropped += d
				}
			}
			if received != uint64(len(c.datagrams)) || received != accepted+dup+dropped {
				t.Errorf("%d datagrams, received %d, accepted %d, %d repetitions, %d dropped",
					len(c.datagrams), received, accepted, dup, dropped)
			}
			if dropped != c.drop || dup != c.dup {
				t.Errorf("%d dropped, want %d; %d repetitions, want %d", dropped, c.drop, dup, c.dup)
			}
			for name, want := range c.files {
				b, ok := files.Get(name)
				digest := sha256.Sum256(b)
				if got := hex.EncodeToString(digest[:]); ok != (want != "") || ok && got != want {
					t.Errorf("%s: %v, %d bytes, %s, want %q", name, ok, len(b), got, want)
				}
			}
			if t.Failed() {
				t.Log(files.Files())
				for _, e := range r.Events() {
					if _, ok := e.(event.ObjectProgress); !ok {
						t.Logf("%T %+v", e, e)
					}
				}
			}
		})
	}
}
