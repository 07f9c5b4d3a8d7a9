package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/flute-node/flute-node/internal/capture"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/internal/udp"
)

// replayCommand sends a capture again.
type replayCommand struct {
	To        settings.Endpoint `placeholder:"ADDR:PORT" help:"Send all of it there. Default: each datagram to where it was sent."`
	Only      settings.Endpoint `placeholder:"ADDR:PORT" help:"Only what was sent there."`
	Interface string            `placeholder:"IF" help:"Interface to send on: name, index or address."`
	TTL       int               `default:"1" placeholder:"N" help:"TTL of multicast, 1 to 255."`
	Speed     float64           `default:"1" placeholder:"N" help:"So many times as fast as it was; 0: without pauses."`
	Loss      settings.Percent  `default:"0%" placeholder:"P%" help:"Share of the datagrams that are left out."`
	Burst     float64           `default:"1" placeholder:"N" help:"How many datagrams a loss takes in a row, on average."`
	Seed      uint64            `default:"1" placeholder:"N" help:"Which datagrams are left out: the same with the same seed."`
	TSI       *uint64           `placeholder:"N" help:"Another TSI, in a header of the same length."`
	File      string            `arg:"" name:"FILE" help:"Capture: pcap or pcapng; - is standard input."`
}

// longPause is how long a pause of the capture is that is told: a wrong clock may have made one of years.
const longPause = time.Minute

// replayed is what the command prints in JSON.
type replayed struct {
	Sent    uint64         `json:"sent"`
	Bytes   uint64         `json:"bytes"`
	Left    uint64         `json:"left_out"` // by --loss
	Skipped uint64         `json:"skipped"`  // sent elsewhere, or cut by the capture
	Refused uint64         `json:"refused"`  // by the system
	Counts  capture.Counts `json:"counts"`

	refusal error // the first
}

// Run sends what is in the capture.
func (c *replayCommand) Run(ctx context.Context, out *output) error {
	switch {
	case c.Speed < 0:
		return errors.New("--speed is below 0")
	case c.Loss < 0 || c.Loss >= 1:
		return errors.New("--loss is from 0 % to less than 100 %")
	case c.Burst < 1:
		return errors.New("--burst is 1 at least")
	case c.Burst > 1 && (&losses{share: float64(c.Loss), burst: c.Burst}).begins() > 1:
		return errors.New("--loss is more than bursts of --burst can make: take a longer --burst")
	case c.TTL < 1 || c.TTL > 255:
		return errors.New("--ttl is from 1 to 255")
	}
	var to, only netip.AddrPort
	var err error
	if c.To != (settings.Endpoint{}) {
		if to, err = resolve(ctx, "--to", c.To); err != nil {
			return err
		}
	}
	if c.Only != (settings.Endpoint{}) {
		if only, err = resolve(ctx, "--only", c.Only); err != nil {
			return err
		}
	}
	in, err := openInput(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	r, err := capture.NewReader(in)
	if err != nil {
		return err
	}
	p := replaying{
		replayCommand: c, to: to, stderr: out.printer.stderr,
		targets: targets{ttl: c.TTL, iface: c.Interface, senders: map[netip.AddrPort]*udp.Sender{}},
		losses:  losses{share: float64(c.Loss), burst: c.Burst, random: rand.New(rand.NewPCG(c.Seed, 0))},
	}
	defer p.targets.close()
	err = p.send(ctx, r, only)
	p.Counts = r.Counts()
	out.table("replay", p.replayed, fmt.Sprintf("sent %d datagrams, %s; %d left out, %d skipped, %d refused by the "+
		"system", p.Sent, formatBytes(p.Bytes), p.Left, p.Skipped, p.Refused))
	switch {
	case errors.Is(err, context.Canceled):
		return interruption(ctx, "before the end of the capture")
	case !errors.Is(err, io.EOF):
		return failure{err}
	case p.Refused > 0:
		return failure{fmt.Errorf("the system refused %d datagrams, the first since: %w", p.Refused, p.refusal)}
	}
	return nil
}

// replaying is a capture that is being sent.
type replaying struct {
	*replayCommand
	replayed
	targets targets
	to      netip.AddrPort // zero: where each datagram was sent
	losses  losses
	begin   time.Time
	first   time.Time // of the capture
	stderr  io.Writer
}

// send reads the capture and sends at its pace.
func (r *replaying) send(ctx context.Context, in *capture.Reader, only netip.AddrPort) (err error) {
	r.begin = time.Now()
	var d capture.Datagram
	for err == nil {
		if err := in.Next(&d); err != nil {
			return err
		}
		if only.IsValid() && d.Dst != only || len(d.Payload) < d.Length {
			r.Skipped++
			continue
		}
		d.Pieces(func(p *capture.Datagram) {
			if err == nil {
				err = r.datagram(ctx, p)
			}
		})
	}
	return err
}

// datagram sends one in its time, if it is not to be lost.
func (r *replaying) datagram(ctx context.Context, d *capture.Datagram) error {
	if r.losses.next() {
		r.Left++
		return nil
	}
	if r.first.IsZero() {
		r.first = d.Time
	}
	due := r.begin
	if r.Speed > 0 {
		due = due.Add(time.Duration(float64(d.Time.Sub(r.first)) / r.Speed))
	}
	if wait := time.Until(due); wait > longPause {
		_, _ = fmt.Fprintf(r.stderr, "the capture pauses for %v before packet %d\n", wait.Round(time.Second), d.Number)
	}
	if err := sleepUntil(ctx, due); err != nil {
		return err
	}
	if r.TSI != nil && !setTSI(d.Payload, *r.TSI) {
		r.Skipped++
		return nil
	}
	s, err := r.targets.to(r.to, d.Dst)
	if err != nil {
		return err
	}
	if _, err := s.WriteBatch([][]byte{d.Payload}); err != nil {
		r.refusal = cmp.Or(r.refusal, err)
		r.Refused++
		return nil
	}
	r.Sent++
	r.Bytes += uint64(len(d.Payload))
	return nil
}

// sleepUntil waits for t, or ctx. Pauses that a timer cannot tell are none.
func sleepUntil(ctx context.Context, t time.Time) error {
	d := time.Until(t)
	if d < time.Millisecond {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// losses says which datagrams are lost: each for itself, or with a burst above 1 by a chain of two states (Gilbert),
// which stays in loss for burst datagrams on average and is there for that share of the time.
type losses struct {
	share, burst float64
	random       *rand.Rand
	losing       bool
}

func (l *losses) next() bool {
	if l.share <= 0 {
		return false
	}
	switch {
	case l.burst == 1:
		return l.random.Float64() < l.share
	case l.losing:
		l.losing = l.random.Float64() >= 1/l.burst
	default:
		l.losing = l.random.Float64() < l.begins()
	}
	return l.losing
}

// begins returns the chance p that a burst begins: p/(p+1/burst) is the share.
func (l *losses) begins() float64 { return l.share / (1 - l.share) / l.burst }

// setTSI puts another TSI into the LCT header at the front of b. false: there is none, or it has no room for it.
func setTSI(b []byte, tsi uint64) bool {
	if len(b) < 8 || b[0]>>4 != 1 {
		return false
	}
	at := 8 + int(b[0]>>2&3)*4
	n := int(b[1]>>7)*4 + int(b[1]>>4&1)*2 // RFC 5651, section 5.1: 32*S + 16*H bits
	if n == 0 || len(b) < at+n || n < 8 && tsi>>(8*n) != 0 {
		return false
	}
	for i := range n {
		b[at+n-1-i] = byte(tsi >> (8 * i))
	}
	return true
}
