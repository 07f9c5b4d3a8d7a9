package node

import (
	"context"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/actors/session/sending"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
)

// Plan is what a session would send, without sending it.
type Plan struct {
	Files        int
	FileBytes    uint64        // of the content of the files
	Packets      uint64        // all, those of FDT Instances and the close-session flags included
	FDTPackets   uint64        // of these: of FDT Instances
	FDTInstances uint64        // that are published
	Payload      uint64        // bytes of UDP payload
	Counted      uint64        // bytes as SendConfig.Counting counts them
	Takes        time.Duration // from the first packet to the last one of a file; zero without a rate
	Late         time.Duration // by how much Within or By is missed; zero: it is not
	Memory       uint64        // bytes, at most, for content and FEC of the files in transfer
}

// Rate returns the bits per second, as SendConfig.Counting counts them; zero without a rate.
func (p *Plan) Rate() uint64 {
	if p.Takes <= 0 {
		return 0
	}
	return uint64(float64(p.Counted) * 8 / p.Takes.Seconds())
}

// Overhead returns how many bytes of UDP payload are sent for each one of the files' content, less one.
func (p *Plan) Overhead() float64 {
	if p.FileBytes == 0 {
		return 0
	}
	return float64(p.Payload)/float64(p.FileBytes) - 1
}

// PlanSend returns what a session with cfg would send if these files were added at once, and Finish called. The core
// that sends finds it out, at a made-up time and with made-up bytes: no file is read, only File.Size counts. Files that
// are sent for ever have one turn. It takes some 200 ms for a million packets, and ends early with the error of ctx.
// registry holds the FEC schemes; nil: those of package fec/schemes.
//
// What a session sends differs from its plan where a file is encoded (its length is not known here), where it changes,
// and by some packets of FDT Instances where files are added while others are sent, or digests come later.
func PlanSend(ctx context.Context, cfg SendConfig, registry *fec.Registry, files []sender.File) (Plan, error) {
	start := time.Now()
	core, pace, err := rehearsal(cfg, registry, files, start)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Files: len(files)}
	for _, f := range files {
		p.FileBytes += f.Size
	}
	if len(files) == 0 {
		return p, nil
	}
	p.Memory = core.Memory()
	r, err := sending.Rehearse(ctx, core, pace, start)
	if err != nil {
		return Plan{}, fmt.Errorf("node: plan: %w", err)
	}
	p.Packets, p.FDTPackets, p.FDTInstances = r.Stats.Packets, r.Stats.FDTPackets, r.Stats.FDTInstances
	p.Payload, p.Counted, p.Takes, p.Late = r.Stats.Bytes, r.Bytes, r.Takes, r.Late
	return p, nil
}

// CheckSend returns the error that a session with cfg would have when these files are added, and a target that it could
// not meet with all of them, as PlanSend does. It is fast: nothing is read, nor planned packet by packet.
func CheckSend(cfg SendConfig, registry *fec.Registry, files []sender.File) error {
	now := time.Now()
	core, pace, err := rehearsal(cfg, registry, files, now)
	if err != nil {
		return err
	}
	return sending.CheckTarget(core, pace, now)
}

// rehearsal returns a session of stand-ins, and its pace. Files that are sent for ever have one turn.
func rehearsal(
	cfg SendConfig, registry *fec.Registry, files []sender.File, now time.Time,
) (core *sender.Session, pace sending.Pace, err error) {
	if pace, err = cfg.pace(); err != nil {
		return nil, pace, err
	}
	if registry == nil {
		registry = schemes.Default()
	}
	own := cfg.Session
	own.Session = flute.SessionKey{Group: cfg.To, TSI: cfg.TSI}
	own.Registry = sender.Blank(registry)
	number(&own, now)
	if own.TransferCount < 0 {
		own.TransferCount = max(1, own.Burst)
	}
	if core, err = sender.New(own); err != nil {
		return nil, pace, err
	}
	for _, f := range files {
		if f.TransferCount < 0 {
			f.TransferCount = max(1, f.Burst)
		}
		o, err := sender.StandIn(f)
		if err != nil {
			return nil, pace, err
		}
		if _, err := core.Add(o); err != nil {
			return nil, pace, err
		}
	}
	return core, pace, core.SetComplete()
}
