package node

import (
	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/actors/session/routing"
	"github.com/flute-node/flute-node/internal/bounds"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
)

// Bounds returns what each part of a node of this configuration may hold at most that runs so many receptions of cfg,
// and the sum: the worst case in bytes. Nothing is opened. Sessions that are sent, and subscribers, are not in it.
func (c Config) Bounds(cfg ReceiveConfig, receptions int) (list []bounds.Bound, sum uint64, err error) {
	if c, err = c.validated(); err != nil {
		return nil, 0, err
	}
	if err = cfg.check(); err != nil {
		return nil, 0, err
	}
	slabs := c.Budget / slabShare
	own := cfg.Session
	own.Registry, own.Store, own.Budget = c.Registry, mem.New(), store.NewBudget(c.Budget-slabs, nil)
	core, err := own.Validated()
	if err != nil {
		return nil, 0, err
	}
	session := *core
	session.SessionBudget = min(core.SessionBudget, c.SourceBudget, c.Budget-slabs)
	session.ObjectBudget = min(core.ObjectBudget, session.SessionBudget)
	list = []bounds.Bound{
		{Part: bounds.Memory, Of: bounds.Node, Bytes: c.Budget - slabs, Set: "--memory"},
		{
			Part: "reserve for FDT Instances and small objects", Of: bounds.Node, Bytes: c.Reserve,
			Within: bounds.Memory, Set: "node.Config.Reserve",
		},
		{
			Part: "sessions of one source", Of: bounds.Source, Bytes: min(c.SourceBudget, c.Budget-slabs),
			Within: bounds.Memory, Set: "node.Config.SourceBudget",
		},
		{Part: bounds.Datagrams, Of: bounds.Node, Bytes: slabs, Set: "--memory"},
	}
	router := routing.Config{
		MaxSessions: cfg.MaxSessions, Reception: &receiving.Reception{Limits: cfg.inboxLimits()},
	}
	list = append(list, router.Bounds()...)
	list = append(list, session.Bounds()...)
	for i := range list {
		b := &list[i]
		switch {
		case b.Within == bounds.Datagrams:
			b.Bytes = min(b.Bytes, slabs)
		case b.Within != "":
		case b.Of == bounds.Reception:
			sum += b.Bytes * uint64(receptions)
		default:
			sum += b.Bytes
		}
	}
	return list, sum, nil
}

// inboxLimits returns what may wait for one session.
func (c *ReceiveConfig) inboxLimits() actors.Limits {
	return actors.Limits{Bytes: c.InboxBytes, Messages: c.InboxMessages}
}
