package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/actors/session/sending"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/statefile"
)

// Plan is what a session would send, without sending it.
type Plan struct {
	Files        int
	FileBytes    uint64        // of the content of the files
	Packets      uint64        // all, those of FDT Instances and the close-session flags included
	FDTPackets   uint64        // of these: of FDT Instances
	Padding      uint64        // of these: that fill the gaps of SendConfig.Constant
	FDTInstances uint64        // that are published
	Payload      uint64        // bytes of UDP payload
	Counted      uint64        // bytes as SendConfig.Counting counts them
	Takes        time.Duration // from the first packet to the last one of a file; zero without a rate
	Late         time.Duration // by how much Within or By is missed; zero: it is not
	Memory       uint64        // bytes, at most, for content and FEC of the files in transfer

	then uint64 // of Counted, in the time that it Takes
}

// Rate returns the mean bits per second, as SendConfig.Counting counts them, until the last packet of a file; zero
// without a rate.
func (p *Plan) Rate() uint64 {
	if p.Takes <= 0 {
		return 0
	}
	return uint64(float64(p.then) * 8 / p.Takes.Seconds())
}

// Overhead returns how many bytes of UDP payload are sent for each one of the files' content, less one.
func (p *Plan) Overhead() float64 {
	if p.FileBytes == 0 {
		return 0
	}
	return float64(p.Payload)/float64(p.FileBytes) - 1
}

// PlanSend returns what a session with cfg would send if these files were added at once, and Finish called. The core
// that sends finds it out, at a made-up time and with made-up bytes: only File.Size counts, and files that are to be
// encoded are read for their transfer length. Files that are sent for ever have one turn. It takes some 200 ms for a
// million packets, and ends early with the error of ctx. registry holds the FEC schemes; nil: those of package
// fec/schemes. An Owned file remains the caller's.
//
// What a session sends differs from its plan where a file changes, and by some packets of FDT Instances where files are
// added while others are sent, or where digests come later and take longer than 100 ms.
func PlanSend(ctx context.Context, cfg SendConfig, registry *fec.Registry, files []sender.File) (Plan, error) {
	start := time.Now()
	lengths, err := transferLengths(ctx, files)
	if err != nil {
		return Plan{}, err
	}
	core, pace, err := rehearsal(cfg, registry, lengths, start)
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
	r, err := sending.Rehearse(ctx, sending.Config{Core: core, Pace: pace, CloseRepeat: cfg.CloseRepeat}, start)
	if err != nil {
		return Plan{}, fmt.Errorf("node: plan: %w", err)
	}
	p.Packets, p.FDTPackets, p.FDTInstances = r.Stats.Packets, r.Stats.FDTPackets, r.Stats.FDTInstances
	p.Padding, p.then = r.Stats.Padding, r.Then
	p.Payload, p.Counted, p.Takes, p.Late = r.Stats.Bytes, r.Bytes, r.Takes, r.Late
	return p, nil
}

// CheckSend returns the error that a session with cfg would have when these files are added, and a target that it could
// not meet with all of them, as PlanSend does. It is fast: nothing is read, nor planned packet by packet. Of files that
// are to be encoded it is not known how long they will be: they do not count for the target, which Add checks again.
func CheckSend(cfg SendConfig, registry *fec.Registry, files []sender.File) error {
	now := time.Now()
	all := make([]planned, len(files))
	for i, f := range files {
		if all[i] = (planned{f, f.Size}); f.CENC != flute.Null {
			all[i].transferLength = 0
		}
	}
	core, pace, err := rehearsal(cfg, registry, all, now)
	if err != nil {
		return err
	}
	return sending.CheckTarget(core, pace, nil, now)
}

// Memory bounds what a session with c holds in bytes of these files and for their FEC, with what is kept to be sent
// again, and of datagrams that are made. It is fast: nothing is read, and no packet planned. Of files the sizes count,
// and their number, since not all are in transfer at once.
func (c SendConfig) Memory(files []sender.File) (uint64, error) {
	all := make([]planned, len(files))
	for i, f := range files {
		all[i] = planned{f, f.Size}
	}
	core, pace, err := rehearsal(c, nil, all, time.Now())
	if err != nil {
		return 0, err
	}
	return core.Memory() + core.CacheMemory() + pace.BatchMemory(core.MaxPacketLen()), nil
}

// planned is a file with its length after content encoding.
type planned struct {
	sender.File
	transferLength uint64
}

// transferLengths finds out the lengths of files. It reads those that are to be encoded.
func transferLengths(ctx context.Context, files []sender.File) ([]planned, error) {
	all := make([]planned, len(files))
	for i, f := range files {
		if all[i] = (planned{f, f.Size}); f.CENC == flute.Null {
			continue
		}
		own := f
		own.Digests, own.Owned = sender.NoDigest, false
		o, err := sender.Prepare(ctx, own, &nowhere{})
		if err != nil {
			return nil, err
		}
		all[i].CENC, all[i].Size, all[i].transferLength = o.File().CENC, o.File().Size, o.TransferLength()
	}
	return all, nil
}

// nowhere is a Scratch that keeps nothing.
type nowhere struct{}

func (*nowhere) Write(p []byte) (int, error)       { return len(p), nil }
func (*nowhere) ReadAt([]byte, int64) (int, error) { return 0, errors.New("node: nothing is kept") }
func (*nowhere) Renew() (sender.Scratch, error)    { return &nowhere{}, nil }

// rehearsal returns a session of stand-ins, and its pace. Files that are sent for ever have one turn.
func rehearsal(
	cfg SendConfig, registry *fec.Registry, files []planned, now time.Time,
) (core *sender.Session, pace sending.Pace, err error) {
	if pace, err = cfg.pace(); err != nil {
		return nil, pace, err
	}
	if registry == nil {
		registry = schemes.Default()
	}
	own := cfg.Session
	own.Session = flute.SessionKey{Group: cfg.To, TSI: cfg.TSI}
	own.Registry = registry
	own = own.Blank()
	if cfg.RandomTOI && own.FirstTOI.IsFDT() {
		own.FirstTOI = randomTOI(own) // it is as long as another one
	}
	if cfg.State != "" {
		if own.Resume, err = statefile.Peek(cfg.State, own.Session); err != nil {
			return nil, pace, fmt.Errorf("node: SendConfig.State: %w", err)
		}
	}
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
		o, err := f.StandIn(f.transferLength)
		if err != nil {
			return nil, pace, err
		}
		if err := sending.CheckTarget(core, pace, o, now); err != nil {
			return nil, pace, fmt.Errorf("%w (%s)", err, f.ContentLocation)
		}
		if _, err := core.Add(o); err != nil {
			return nil, pace, err
		}
	}
	return core, pace, core.SetComplete()
}
