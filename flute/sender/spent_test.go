package sender

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/flute"
)

// countedScratch counts how often it is closed, and how many others came from it.
type countedScratch struct {
	memory
	closed, renewed int
}

func (s *countedScratch) Close() error { s.closed++; return nil }

func (s *countedScratch) Renew() (Scratch, error) { s.renewed++; return &memory{}, nil }

// TestScratchOfEncodingGivenUp: a Scratch whose bytes are not sent is closed with the preparation, once, and the next
// version of the file still has one.
func TestScratchOfEncodingGivenUp(t *testing.T) {
	noise := make([]byte, tryEncoding+1)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
	for _, test := range []struct {
		name    string
		content []byte
		owned   bool
		closed  int
	}{
		{"given up on the way", noise, true, 1},
		{"given up in the end", noise[:1000], true, 1},
		{"encoded", make([]byte, 1000), true, 0},
		{"of the caller", noise[:1000], false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := new(countedScratch)
			o, err := Prepare(t.Context(), File{
				ContentLocation: "a", Content: bytes.NewReader(test.content), Size: uint64(len(test.content)),
				CENC: flute.GZIP, CENCIfSmaller: true, Owned: test.owned,
			}, s)
			if err != nil {
				t.Fatal(err)
			}
			if s.closed != test.closed {
				t.Errorf("closed %d times after Prepare, want %d", s.closed, test.closed)
			}
			r := renewJob{ctx: t.Context(), file: File{ContentLocation: "a", CENC: flute.GZIP}, old: o.scratch}
			if err := r.run(nil); err != nil || s.renewed != 1 {
				t.Errorf("the next version: %v, %d Scratches renewed", err, s.renewed)
			}
			o.Discard()
			if want := min(1, test.closed+btoi(test.owned)); s.closed != want {
				t.Errorf("closed %d times in the end, want %d", s.closed, want)
			}
		})
	}
	t.Run("no Renewer", func(t *testing.T) {
		s := struct{ *memory }{new(memory)}
		o, err := Prepare(t.Context(), File{
			ContentLocation: "a", Content: bytes.NewReader(noise[:9]), Size: 9,
			CENC: flute.GZIP, CENCIfSmaller: true, Owned: true,
		}, s)
		if err != nil {
			t.Fatal(err)
		}
		r := renewJob{ctx: t.Context(), file: File{ContentLocation: "a", CENC: flute.GZIP}, old: o.scratch}
		if err := r.run(nil); !errors.Is(err, errSource) {
			t.Errorf("the next version without a Renewer: %v", err)
		}
	})
}

// TestScratchOfARenewalGivenUp: a Scratch of the next version whose bytes are not sent is closed when that is prepared.
func TestScratchOfARenewalGivenUp(t *testing.T) {
	noise := make([]byte, 1000)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
	for name, content := range map[string][]byte{"noise": noise, "zeros": make([]byte, 1000)} {
		open := 0
		r := renewJob{
			ctx: t.Context(), old: &pad{made: &open},
			file: File{
				ContentLocation: "a", Content: bytes.NewReader(content), Size: 1000,
				CENC: flute.GZIP, CENCIfSmaller: true,
			},
		}
		if err := r.run(nil); err != nil {
			t.Fatal(err)
		}
		if open != btoi(name == "zeros") {
			t.Errorf("%s: %d Scratches are open", name, open)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
