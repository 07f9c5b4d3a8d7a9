package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/outgoing"
	"github.com/flute-node/flute-node/internal/program"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
)

// The defaults of flags that settings leaves to its callers.
const (
	defaultRate        = settings.BitRate(100e6)
	defaultExecTimeout = 10 * time.Minute
	defaultExecJobs    = 4
	defaultTSI         = 1
)

// words returns what the section says.
func (r *Receive) words() settings.Receive {
	return settings.Receive{
		Profile: r.Profile, STSID: r.signalling,
		Interface: r.Interface, TSIs: r.TSI, RSMatrix: r.RSMatrix,
		MaxDatagram:    cmp.Or(r.MaxDatagram, defaults.MaxDatagram),
		SessionTimeout: r.SessionTimeout, ObjectTimeout: r.ObjectTimeout, Expiry: r.Expiry, Layout: r.Layout,
		Digest: r.Digest, Offload: r.Offload, Resume: r.Resume, Once: r.Once, Dir: r.Dir,
		Selection: settings.Selection{
			TOIs: r.TOI, Only: r.Only, Except: r.Except, Groups: r.FileGroup, Types: r.Type,
			MinSize: r.MinSize, MaxSize: r.MaxSize, MaxAge: r.MaxAge, Again: r.Again,
		},
		Publication: settings.Publication{
			Existing: r.Existing, Mode: r.Mode, DirMode: r.DirMode, Owner: r.Owner, MTime: r.MTime,
			MaxFiles: r.MaxFiles, MaxBytes: uint64(r.MaxBytes), MinFree: uint64(r.MinFree), Allocate: r.Allocate,
			Stage: r.Stage, ResumeAge: r.ResumeAge, ResumeQuota: uint64(r.ResumeQuota), LookupOwner: LookupOwner,
		},
	}
}

// Base returns the configuration of the reception without its addresses.
func (r *Receive) Base() (node.ReceiveConfig, error) {
	words := r.words()
	base, err := words.Config()
	return base, Keyed(err)
}

// Settings returns one configuration for each group of the reception. lookup asks for the addresses of host names.
func (r *Receive) Settings(ctx context.Context, lookup settings.Lookup) ([]node.ReceiveConfig, error) {
	base, err := r.Base()
	if err != nil {
		return nil, err
	}
	if r.SDP != "" {
		d, err := settings.ParseSDP([]byte(r.description))
		if err != nil {
			return nil, fmt.Errorf("sdp: %w", err)
		}
		d.Apply(&base)
		return []node.ReceiveConfig{base}, nil
	}
	if r.Source != "" {
		if base.Source, err = settings.ResolveHost(ctx, r.Source, lookup); err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
	}
	for _, f := range r.Feed {
		feed, err := f.Resolve(ctx, lookup)
		if err != nil {
			return nil, fmt.Errorf("feed %w", err)
		}
		feed.Interface = cmp.Or(feed.Interface, r.Interface)
		base.Feeds = append(base.Feeds, feed)
	}
	var all []node.ReceiveConfig
	seen := map[netip.AddrPort]bool{}
	for _, e := range r.Group {
		one := base
		if one.Group, err = e.Resolve(ctx, lookup); err != nil {
			return nil, fmt.Errorf("group %w", err)
		}
		if !seen[one.Group] {
			seen[one.Group] = true
			all = append(all, one)
		}
	}
	return all, nil
}

// Program returns the program that takes the files, without its functions; nil: there is none.
func (r *Receive) Program() (*program.Config, error) {
	switch {
	case r.Exec.Exec == "" && r.Shell:
		return nil, errors.New("shell needs exec")
	case r.Exec.Exec == "":
		return nil, nil
	case r.ExecJobs < 0 || r.ExecJobs > program.MaxJobs:
		return nil, fmt.Errorf("exec_jobs %d: take 1 to %d", r.ExecJobs, program.MaxJobs)
	}
	parse := program.Parse
	if r.Shell {
		parse = program.Shell
	}
	c, err := parse(r.Exec.Exec)
	if err != nil {
		return nil, fmt.Errorf("exec %w", err)
	}
	if r.Dir == "" && c.NeedsPath() {
		return nil, fmt.Errorf("exec %q: without dir the file has no path", r.Exec.Exec)
	}
	return &program.Config{
		Command: c, Dir: r.Dir,
		Timeout: cmp.Or(r.ExecTimeout, defaultExecTimeout), Jobs: cmp.Or(r.ExecJobs, defaultExecJobs),
	}, nil
}

// Words returns what the section says, seen from now.
func (s *Send) Words(now time.Time) settings.Send {
	w := settings.Send{
		Interface: s.Interface, TTL: cmp.Or(s.TTL, 1), TSI: defaultTSI, Rate: defaultRate,
		Object: settings.Object{
			CENC: cmp.Or(s.CENC, "null"), Digest: cmp.Or(s.Digest, "auto"), ETag: s.ETag, CacheControl: s.CacheControl,
		},
		Repeat: s.Repeat, Delay: s.Delay, Carousel: s.Carousel, Until: s.Until.At(now),
		Parallel: cmp.Or(s.Parallel, defaults.Parallel), Queues: s.Queue, TransferEvents: s.TransferEvents,
		Order: s.Order, Cache: s.Cache, Interleave: s.Interleave, Offload: s.Offload, Profile: s.Profile,
		FEC: settings.FEC{
			Scheme: cmp.Or(s.Scheme, settings.AutoFEC), RSMatrix: s.RSMatrix, FieldBits: s.FieldBits, Symbol: s.Symbol,
			Block: s.Block, Repair: s.Repair, MaxRepair: s.MaxRepair, SubBlocks: s.SubBlocks, Alignment: s.Alignment,
			N1: s.N1, LDPCSeed: s.LDPCSeed, Group: s.FEC.Group,
		},
		Pace: settings.Pace{
			Counting: s.Counting, Within: s.Within, By: s.By.At(now), Constant: s.Constant, WarmUp: s.WarmUp,
			Weight: s.Weight,
		},
		Announce: settings.Announce{
			Mode: s.FDTMode, Interval: s.FDTInterval, Duration: s.FDTDuration, CENC: s.FDTCENC, FEC: s.FDTFEC,
			Groups: s.FDTGroup, StartID: s.FDTStartID, FTI: s.FTI, Times: s.Times, TOIBits: s.TOIBits,
			FirstTOI: s.FirstTOI, State: s.State, CloseRepeat: s.CloseRepeat,
		},
	}
	if s.TSI != nil {
		w.TSI = *s.TSI
	}
	if s.Rate != nil {
		w.Rate = *s.Rate
	}
	return w
}

// FileWords returns what the section says of links and names.
func (s *Send) FileWords() settings.Files { return settings.Files{Links: s.Links, Names: s.Names} }

// Lines returns the lines of List, as it was when the configuration was read.
func (s *Send) Lines() ([]outgoing.Line, error) {
	return outgoing.ReadList(strings.NewReader(s.listed))
}

// spell writes the word of a [settings.Error] as a key.
func spell(word string) string { return strings.ReplaceAll(word, "-", "_") }

// Keyed writes the words of a [settings.Error] as keys.
func Keyed(err error) error {
	if e, ok := errors.AsType[*settings.Error](err); ok {
		return errors.New(e.Spell(spell))
	}
	return err
}

// Keyed writes the words of a [settings.Error] as keys, and names List where the error is that of a line of it.
func (s *Send) Keyed(err error) error {
	if e, ok := errors.AsType[*outgoing.LineError](err); ok {
		return fmt.Errorf("%s: line %d: %w", s.List, e.Line, Keyed(e.Err))
	}
	return Keyed(err)
}
