package simulator

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/internal/udp"
	"github.com/flute-node/flute-node/node"
)

// sendingProcess is a node that sends.
type sendingProcess struct {
	w        *world
	from     netip.Addr
	node     *node.Node
	sessions []*node.Sending
	dead     atomic.Bool
}

// Listen implements udp.Network.
func (p *sendingProcess) Listen(udp.Config) (udp.Source, error) {
	return nil, errors.New("simulator: this node sends")
}

// Dial implements udp.Network.
func (p *sendingProcess) Dial(cfg udp.SendConfig) (udp.Writer, netip.Addr, error) {
	s := p.w.net.Dial(netip.AddrPortFrom(p.from, 0), cfg.To)
	return &writer{Sender: s, p: p}, p.from, nil
}

// writer is a socket of a sender. Nothing leaves that of one that was killed.
type writer struct {
	*simnet.Sender
	p *sendingProcess
}

// WriteBatch implements udp.Writer.
func (s *writer) WriteBatch(datagrams [][]byte) (int, error) {
	if s.p.dead.Load() {
		return len(datagrams), nil
	}
	w := s.p.w
	if s.p.from == source {
		datagrams = w.passes(datagrams)
	}
	return s.Sender.WriteBatch(datagrams)
}

// passes counts datagrams on their way to the link, and damages some.
func (w *world) passes(datagrams [][]byte) [][]byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.traffic.sent += uint64(len(datagrams))
	cloned := false
	for i, d := range datagrams {
		w.recent.keep(d)
		if w.plan.Link.Flip == 0 || w.calm || w.dice.Float64() >= w.plan.Link.Flip {
			continue
		}
		if _, _, ok := symbolOf(d); !ok {
			continue
		}
		if !cloned {
			datagrams, cloned = slices.Clone(datagrams), true
		}
		d = bytes.Clone(d)
		d[w.dice.IntN(len(d))] ^= 1 << w.dice.IntN(8)
		datagrams[i] = d
		w.traffic.damaged++
	}
	return datagrams
}

// startSender starts a process that sends all sessions of the plan: the files that were on the carousel, or their next
// versions.
func (w *world) startSender() {
	p := &sendingProcess{w: w, from: source}
	n, err := node.Start(node.Config{Workers: 2, Budget: 64 << 20, Network: p})
	if err != nil {
		w.fail(Shutdown, "the sender does not start: %v", err)
		return
	}
	p.node, w.sender = n, p
	p.watch()
	for i, s := range w.plan.Sessions {
		sending, err := n.Send(w.ctx, node.SendConfig{
			To: group, TSI: flute.TSI(i + 1), Rate: s.Rate, Session: s.config(),
		})
		if err != nil {
			w.fail(Shutdown, "session %d does not start: %v", i+1, err)
			continue
		}
		p.sessions = append(p.sessions, sending)
		for f := range s.Files {
			w.add(p, i, f)
		}
	}
}

// watch tells of panics, of which a sender has none.
func (p *sendingProcess) watch() {
	sub := p.node.Subscribe(node.SubscribeOptions{})
	p.w.ended.Go(func() {
		for e := range sub.Events() {
			if e, ok := e.(notice.ActorRestarted); ok {
				p.w.fail(Isolation, "%s of the sender: %s\n%s", e.Actor, e.Reason, e.Stack)
			}
		}
	})
}

// config returns the configuration of the core.
func (s *SessionPlan) config() sender.Config {
	cfg := sender.Config{
		TransferCount: -1, Parallel: s.Parallel, Interleave: s.Interleave, FDTFiles: s.FDTFiles,
		FDTCENC: flute.ContentEncoding(s.FDTCENC), FDTInTransfer: s.InTransfer, Delay: s.Pause,
		OTI: fec.OTI{SymbolLength: uint16(s.Symbol), MaxSourceBlockLength: uint32(s.Block)},
	}
	if s.FDTOnly {
		cfg.FTI = sender.FDTOnly
	}
	if s.SameNumbers {
		cfg.FDTStartID, cfg.FirstTOI = 1, flute.NewTOI(1)
	}
	switch s.FEC {
	case "rs":
		cfg.OTI.EncodingID, cfg.OTI.MaxEncodingSymbols = fec.ReedSolomonGF28, uint32(s.Block+s.Block/3+1)
	case "raptorq":
		cfg.OTI.EncodingID, cfg.Redundancy = fec.RaptorQ, 0.3
	}
	return cfg
}

// add puts a file of a session on the carousel: its latest version, or another one.
func (w *world) add(p *sendingProcess, session, file int) {
	s, name := w.plan.Sessions[session], location(session, file)
	content := w.files.again(name)
	if content == nil || w.rng.IntN(3) == 0 && !w.plan.Strict {
		content = w.files.next(name, s.Files[file])
	}
	toi, err := p.sessions[session].Add(w.ctx, s.file(name, file, content), nil)
	if err != nil {
		w.fail(Shutdown, "%s cannot be sent: %v", name, err)
		return
	}
	w.mu.Lock()
	w.oracle.named(flute.TSI(session+1), toi, name)
	w.mu.Unlock()
}

// file returns what is sent.
func (s *SessionPlan) file(name string, file int, content []byte) sender.File {
	f := sender.File{ContentLocation: name, Content: bytes.NewReader(content), Size: uint64(len(content))}
	if file < len(s.GZIP) && s.GZIP[file] {
		f.CENC = flute.GZIP
	}
	if s.Undigested {
		f.Digests = sender.NoDigest
	}
	return f
}

// change gives a file another version, or takes it off the carousel.
func (w *world) change(which int, remove bool) {
	p := w.sender
	session := which % len(w.plan.Sessions)
	s := w.plan.Sessions[session]
	file := which / len(w.plan.Sessions) % len(s.Files)
	name := location(session, file)
	toi, err := p.sessions[session].Find(w.ctx, name)
	if err != nil {
		return // it was removed
	}
	w.mu.Lock()
	w.result.Figures.Updates++
	w.mu.Unlock()
	if remove {
		w.files.remove(name)
		err = p.sessions[session].Remove(w.ctx, toi, sender.AtOnce)
	} else {
		content := w.files.next(name, s.Files[file])
		_, err = p.sessions[session].Update(w.ctx, s.file(name, file, content), nil, sender.AtOnce)
	}
	if err != nil {
		w.fail(Shutdown, "%s cannot be changed: %v", name, err)
	}
}

// kill ends the process without a word.
func (p *sendingProcess) kill(w *world) {
	p.dead.Store(true)
	p.stop(w)
}

// stop stops the process, in the background.
func (p *sendingProcess) stop(w *world) {
	w.ended.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopFor)
		defer cancel()
		if err := p.node.Stop(ctx); err != nil && !p.dead.Load() {
			w.fail(Shutdown, "the sender does not stop: %v", err)
		}
	})
}
