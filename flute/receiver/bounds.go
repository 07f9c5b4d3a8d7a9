package receiver

import "github.com/flute-node/flute-node/internal/bounds"

// The parts of a session that contain others.
const (
	partSession     = "session"
	partUndescribed = "undescribed objects"
	partArriving    = "FDT Instances under way"
	partDelivered   = "notes of files that are there already"
)

// Bounds returns what each part of a session may hold at most, and what the sessions that share c may hold besides. c
// comes from Validated.
func (c *Config) Bounds() []bounds.Bound {
	session := func(part string, count int, bytes uint64, within, field string) bounds.Bound {
		if field != "" {
			field = "receiver.Config." + field
		}
		return bounds.Bound{
			Part: part, Of: bounds.Session, Count: uint64(count), Bytes: min(bytes, c.SessionBudget), Within: within,
			Set: field,
		}
	}
	undescribed := c.undescribedBytes(c.SessionBudget)
	return []bounds.Bound{
		session(partSession, 0, c.SessionBudget, bounds.Memory, "SessionBudget"),
		session("one object", 1, c.ObjectBudget, partSession, "ObjectBudget"),
		session("described objects", c.MaxObjects, c.SessionBudget, partSession, "MaxObjects"),
		session(partUndescribed, c.MaxUndescribed, undescribed, partSession, "MaxUndescribed"),
		session("packets of one undescribed object", 0, undescribed/pendingShare, partUndescribed, "UndescribedBytes"),
		session("files of undescribed objects", maxStaged, undescribed, partUndescribed, ""),
		session(partArriving, c.MaxInstances, c.listingBytes(), partSession, "MaxInstances"),
		session("known FDT Instances", maxKnownInstances, maxKnownInstances*instanceOverhead, partArriving, ""),
		{
			Part: "documents that are read", Of: bounds.Reception, Bytes: c.readers.memory.Limit(),
			Set: "receiver.Config.FDTLimits",
		},
		{
			Part: partDelivered, Of: bounds.Reception, Bytes: c.deliveredMemory(), Set: "--once",
		},
	}
}
