package corebench

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/fecbench"
)

// start is the time at which everything happens.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Bench measures one case. It is not safe for concurrent use.
type Bench struct {
	cfg      fecbench.Config
	registry *fec.Registry // warm once an operation has used it
	c        Case
	files    [][]byte
}

// New makes the files of a case, cfg.Bytes together; zero is 128 MiB.
func New(cfg fecbench.Config, c Case) *Bench {
	if cfg.Bytes == 0 {
		cfg.Bytes = 128 << 20
	}
	n, size := c.files(cfg.Bytes)
	b := &Bench{cfg: cfg, registry: cfg.Registry(), c: c}
	random := rand.NewChaCha8([32]byte{byte(cfg.Seed)})
	for range n {
		file := make([]byte, size)
		_, _ = random.Read(file) // it never fails
		b.files = append(b.files, file)
	}
	return b
}

// size returns the bytes of all files.
func (b *Bench) size() (sum uint64) {
	for _, f := range b.files {
		sum += uint64(len(f))
	}
	return sum
}

// Send measures a session that sends each file once.
func (b *Bench) Send() (fecbench.Result, error) {
	var s *sender.Session
	w := fecbench.Work{
		Prepare: func() (err error) { s, err = b.session(); return err },
		Run:     func() error { return send(s, func([]byte) {}) },
	}
	if err := w.Prepare(); err != nil {
		return fecbench.Result{}, err
	}
	if err := w.Run(); err != nil { // what the scheme keeps is made now
		return fecbench.Result{}, err
	}
	return fecbench.Measure(b.cfg, b.size(), w)
}

// session returns a session that is about to send the files, one after the other.
func (b *Bench) session() (*sender.Session, error) {
	cfg := sender.Config{
		Session: flute.SessionKey{TSI: 1}, Registry: b.registry, OTI: b.c.OTI, Repair: b.c.Repair, Parallel: 1,
		FDTOTI: fec.OTI{SymbolLength: symbol, MaxSourceBlockLength: 64},
	}
	s, err := sender.New(cfg)
	if err != nil {
		return nil, err
	}
	for i, content := range b.files {
		o, err := sender.Prepare(context.Background(), sender.File{
			ContentLocation: fmt.Sprintf("file:///%d", i), Content: bytes.NewReader(content),
			Size: uint64(len(content)), Digests: sender.NoDigest,
		}, nil)
		if err != nil {
			return nil, err
		}
		if _, err := s.Add(o); err != nil {
			return nil, err
		}
	}
	return s, s.SetComplete()
}

// send takes all packets of s until its files are sent.
func send(s *sender.Session, take func(packet []byte)) error {
	buf := make([]byte, 0, s.MaxPacketLen())
	for now := start; !s.Done(); {
		packet, ok, err := s.AppendNext(buf, now)
		if err != nil {
			return err
		}
		if !ok {
			now = s.Deadline()
			continue
		}
		take(packet)
	}
	return nil
}
