package daemon

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/api"
	"github.com/flute-node/flute-node/internal/bounds"
	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/fleet"
	"github.com/flute-node/flute-node/internal/outbox"
	"github.com/flute-node/flute-node/internal/outgoing"
	"github.com/flute-node/flute-node/internal/tracing"
	"github.com/flute-node/flute-node/node"
)

// Limits returns what each part of a daemon of this configuration may hold in memory at most, and the sum in bytes: the
// worst case. receptions is how many groups it receives. Nothing is opened and no name is looked up. The Go runtime,
// programs, what is known of each file that is sent, which has a row of its own, and the file of the outbox, whose
// pages are the system's, are not in it.
func Limits(cfg *config.Config) (list []bounds.Bound, receptions int, sum uint64, err error) {
	own := node.Config{Budget: uint64(cfg.Node.Memory)}
	ctx := context.Background()
	parts, err := limitsOfDaemon(cfg, own)
	if err != nil {
		return nil, 0, 0, err
	}
	for i := range cfg.Receive {
		r := &cfg.Receive[i]
		all, err := r.Settings(ctx, somewhere)
		if err != nil {
			return nil, 0, 0, fmt.Errorf("receive %s: %w", r.Name, err)
		}
		of, _, err := own.Bounds(all[0], 1)
		if err != nil {
			return nil, 0, 0, fmt.Errorf("receive %s: %w", r.Name, err)
		}
		receptions += len(all)
		parts = append(parts, bounds.Bound{
			Part:  "sessions, documents that are read, notes of files that are there",
			Of:    bounds.Owner("receive " + r.Name),
			Count: uint64(len(all)), Bytes: uint64(len(all)) * ofReception(of), Set: "group",
		})
	}
	for i := range cfg.Send {
		s := &cfg.Send[i]
		n, each, err := memoryOf(ctx, s)
		if err != nil {
			return nil, 0, 0, fmt.Errorf("send %s: %w", s.Name, err)
		}
		parts = append(parts, bounds.Bound{
			Part: "content and FEC of files of any size, and datagrams", Of: bounds.Owner("send " + s.Name), Bytes: n,
			Set: "parallel, queue, block, interleave, cache",
		}, bounds.Bound{
			Part: fmt.Sprintf("what is known of it, if its name has %d bytes", usualName),
			Of:   bounds.Owner("file of send " + s.Name), Bytes: each, Within: filesOnTop,
		})
	}
	for i := range cfg.UTP {
		u := &cfg.UTP[i]
		conns := uint64(2 * cmp.Or(u.Peers, defaultPeers))
		parts = append(parts, bounds.Bound{
			Part: "buffers of connections", Of: bounds.Owner("utp " + u.Name), Count: conns,
			Bytes: conns * 2 * streamBuffer, Set: "peers",
		})
	}
	for i := range parts {
		if parts[i].Within == "" {
			sum += parts[i].Bytes
		}
		parts[i].Set = strings.ReplaceAll(parts[i].Set, "--memory", "node.memory")
	}
	return parts, receptions, sum, nil
}

// limitsOfDaemon are those of the node as a whole.
func limitsOfDaemon(cfg *config.Config, own node.Config) ([]bounds.Bound, error) {
	all, _, err := own.Bounds(node.ReceiveConfig{Group: netip.MustParseAddrPort("239.0.0.1:1"), Dir: "."}, 1)
	if err != nil {
		return nil, err
	}
	list := slices.DeleteFunc(all, func(b bounds.Bound) bool { return b.Of != bounds.Node && b.Of != bounds.Source })
	list = append(list, bounds.Bound{
		Part: "events for clients that come back", Of: bounds.Node, Count: uint64(cfg.Node.Events), Bytes: maxJournal,
		Set: "node.events",
	}, bounds.Bound{
		Part: "lines of the log that nobody reads", Of: bounds.Node, Bytes: 2 * maxLog,
	})
	if cfg.Node.API != "off" {
		list = append(list, bounds.Bound{
			Part: "requests and events on their way", Of: bounds.Node, Count: api.MaxClients, Bytes: api.MaxMemory,
		})
	}
	if cfg.Node.Traces != "" {
		list = append(list, bounds.Bound{
			Part: "spans of files", Of: bounds.Node, Bytes: tracing.MaxMemory, Set: "node.traces",
		})
	}
	if cfg.Fleet.Given() {
		list = append(list, bounds.Bound{
			Part: "failures that wait to be told", Of: bounds.Node, Bytes: fleet.MaxMemory, Set: "fleet",
		})
	}
	if len(cfg.Sinks) > 0 {
		list = append(list, bounds.Bound{
			Part: "order of what waits for sinks", Of: bounds.Node, Count: uint64(cfg.Node.OutboxItems),
			Bytes: uint64(cfg.Node.OutboxItems) * uint64(outbox.ItemMemory), Set: "node.outbox_items",
		})
	}
	return list, nil
}

// ofReception returns what comes with each reception.
func ofReception(list []bounds.Bound) (sum uint64) {
	for _, b := range list {
		if b.Of == bounds.Reception && b.Within == "" {
			sum += b.Bytes
		}
	}
	return sum
}

// usualName is the length of a name for which is told what a file takes.
const usualName = 100

// filesOnTop says where the files of a sending section are counted: nobody knows how many wait. Of those that were sent
// a session remembers 100,000.
const filesOnTop = "on top of the worst case"

// memoryOf returns what a section may hold that sends the largest files, as many at once as it may, and what comes with
// each file.
func memoryOf(ctx context.Context, s *config.Send) (all, each uint64, err error) {
	words := s.Words(time.Now())
	cfg, err := words.Config(outgoing.WatchedSize)
	if err != nil {
		return 0, 0, s.Keyed(err)
	}
	cfg.State = "" // it is that of a session that runs
	if cfg.To, err = s.To.Resolve(ctx, somewhere); err != nil {
		return 0, 0, err
	}
	each = cfg.Session.FileMemory(usualName)
	priorities := map[int8]bool{0: true}
	for _, p := range s.Priority {
		priorities[p.Value] = true
	}
	var files []sender.File
	for p := range priorities {
		for range cmp.Or(s.Queue[p], words.Parallel) {
			files = append(files, sender.File{ContentLocation: fmt.Sprintf("file:///%d", len(files)), Priority: p})
		}
	}
	// Not every FEC scheme takes the largest files. What a file takes grows with it up to some source blocks only.
	for size := uint64(outgoing.WatchedSize); ; size /= 2 {
		for i := range files {
			files[i].Size = size
		}
		n, err := cfg.Memory(files)
		if err == nil || size < smallest {
			return n, each, err
		}
	}
}

// smallest is a file that each FEC scheme takes.
const smallest = 1 << 20

// somewhere is a Lookup that asks nobody: how much memory is needed does not depend on addresses.
func somewhere(context.Context, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.AddrFrom4([4]byte{192, 0, 2, 1})}, nil // of RFC 5737
}
