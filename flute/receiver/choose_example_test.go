package receiver_test

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/store/mem"
)

// receiveFiles has a receiver of cfg receive some files.
func receiveFiles(cfg receiver.Config) *mem.Store {
	files, now, key := mem.New(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), flute.SessionKey{TSI: 7}
	cfg.Registry, cfg.Store = schemes.Default(), files
	r, err := receiver.New(cfg)
	if err != nil {
		panic(err)
	}
	s, err := sender.New(sender.Config{Session: key, Registry: schemes.Default()})
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"news/today.txt", "film.mp4"} {
		text := "this is " + name
		o, err := sender.Prepare(context.Background(), sender.File{
			ContentLocation: "file:///" + name, Content: strings.NewReader(text), Size: uint64(len(text)),
		}, nil)
		if err != nil {
			panic(err)
		}
		if _, err := s.Add(o); err != nil {
			panic(err)
		}
	}
	for s.Stats().Completed < 2 {
		d, _, err := s.AppendNext(nil, now)
		if err != nil {
			panic(err)
		}
		r.Handle(now, key, d)
	}
	for _, e := range r.Events() {
		switch e := e.(type) {
		case event.ObjectCompleted:
			fmt.Printf("%s is complete: %q\n", e.ContentLocation, e.Path)
		case event.ObjectRefused:
			fmt.Printf("%s is refused: %s\n", e.ContentLocation, e.Reason)
		case event.ObjectFailed:
			fmt.Printf("%s has failed: %s\n", e.ContentLocation, e.Detail)
		}
	}
	return files
}

// A program decides which files it wants, what they are called, and what is done once they are published.
func ExampleConfig_choose() {
	files := receiveFiles(receiver.Config{
		Choose: func(o receiver.Offer) receiver.Choice {
			if strings.HasSuffix(o.File.ContentLocation, ".mp4") {
				return receiver.Choice{Refuse: "no films"}
			}
			return receiver.Choice{
				Location: "inbox/" + path.Base(o.File.ContentLocation),
				Publish: func(publish func() (string, error)) error {
					name, err := publish()
					if err == nil {
						fmt.Printf("%s is there, %d bytes\n", name, o.Size)
					}
					return err // with another error the file stays, and the object has failed
				},
			}
		},
	})
	fmt.Println(files.Files())

	// Unordered output:
	// file:///film.mp4 is refused: no films
	// inbox/today.txt is there, 22 bytes
	// file:///news/today.txt is complete: "inbox/today.txt"
	// [inbox/today.txt]
}

// pipe is a Consumer that writes to w.
type pipe struct {
	w io.Writer
	n uint64
}

func (p *pipe) Open(size uint64) error { p.n = size; return nil }

func (p *pipe) Write(b []byte) (int, error) { return p.w.Write(b) }

func (p *pipe) Commit() error { fmt.Printf("; %d bytes\n", p.n); return nil }

func (p *pipe) Abort(cause error) { fmt.Printf("; not whole: %v\n", cause) }

// upper writes to standard output in upper case.
type upper struct{}

func (upper) Write(b []byte) (int, error) { fmt.Print(strings.ToUpper(string(b))); return len(b), nil }

// A program takes the bytes of files. Nothing is published.
func ExampleConsumer() {
	files := receiveFiles(receiver.Config{
		Selection: receiver.Selection{Only: []string{"*.txt"}},
		Choose:    func(receiver.Offer) receiver.Choice { return receiver.Choice{Consumer: &pipe{w: upper{}}} },
	})
	fmt.Println(files.Files())

	// Output:
	// THIS IS NEWS/TODAY.TXT; 22 bytes
	// file:///film.mp4 is refused: its name is not wanted
	// file:///news/today.txt is complete: ""
	// []
}
