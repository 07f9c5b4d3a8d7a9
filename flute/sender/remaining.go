package sender

import (
	"cmp"
	"errors"
	"time"
)

// ErrTarget says that a time until which something is to be sent cannot be kept.
var ErrTarget = errors.New("sender: the target cannot be met")

// Load is what is to be sent: packets, and their bytes of UDP payload.
type Load struct{ Packets, Bytes uint64 }

func (l *Load) add(other Load, times uint64) {
	l.Packets += other.Packets * times
	l.Bytes += other.Bytes * times
}

// share returns what part of whole is in l.
func (l Load) share(part, whole uint64) Load {
	if whole == 0 {
		return Load{}
	}
	return Load{part, uint64(float64(l.Bytes) * float64(part) / float64(whole))}
}

// load returns one transfer, with these headers.
func (c *coding) load(h headers) Load {
	firsts := uint64(max(c.blocks, 1))
	l := Load{Packets: c.packets, Bytes: c.packets * uint64(h.rest.Len()+c.oti.PayloadIDLen())}
	l.Bytes += firsts * uint64(h.first.Len()-h.rest.Len())
	if c.blocks == 0 {
		return l
	}
	large, small := uint64(c.part.LargeBlocks), uint64(c.blocks-c.part.LargeBlocks)
	symbols := func(k uint32) uint64 { return uint64(k) + uint64(c.repairs(k)) }
	n := large*symbols(c.part.BlockSymbols(0)) + small*symbols(c.part.Small)
	l.Bytes += n * uint64(c.oti.SymbolLength)
	if c.short {
		whole := large*uint64(c.part.BlockSymbols(0)) + small*uint64(c.part.Small)
		l.Bytes -= whole*uint64(c.oti.SymbolLength) - c.oti.TransferLength
	}
	return l
}

// load returns one transfer of o.
func (o *object) load() Load { return o.coding.load(o.headers) }

// Load returns what all transfers of o would be in this session: one of an object that is sent for ever. The error is
// the one that Add would return because of its FEC.
func (s *Session) Load(o *Object) (l Load, err error) {
	once, err := s.loadOnce(o)
	l.add(once, uint64(max(1, cmp.Or(o.file.TransferCount, s.cfg.TransferCount))))
	return l, err
}

// loadOnce returns one transfer of o.
func (s *Session) loadOnce(o *Object) (Load, error) {
	c, err := s.codingOf(o)
	if err != nil {
		return Load{}, err
	}
	toi := s.cfg.FirstTOI
	if o.file.TOI != nil {
		toi = *o.file.TOI
	}
	h, err := newHeaders(s.cfg, toi, &c.oti)
	if err != nil {
		return Load{}, err
	}
	return c.load(h), nil
}

// Remaining returns what is still to be sent at now: of each object the transfers that are to come, one turn of those
// that are sent for ever, and what FDT Instances take until end if their interval goes on. It looks at all objects.
func (s *Session) Remaining(now, end time.Time) (l Load) {
	s.each(func(o *object) { l.add(o.load(), uint64(max(1, o.left))) })
	for _, q := range s.schedule.queues {
		for _, list := range [...][]*carrier{q.active, q.parked, q.held} {
			for _, c := range list {
				sent := c.object.load().share(c.coding.packets-c.left, c.coding.packets)
				l.Packets -= sent.Packets
				l.Bytes -= min(sent.Bytes, l.Bytes)
			}
		}
	}
	descriptions := s.plan.expected(now, end)
	descriptions.Packets = min(descriptions.Packets, l.Packets/(fdtShare-1)+1)
	descriptions.Bytes = min(descriptions.Bytes, l.Bytes/(fdtShare-1)+1)
	l.add(descriptions, 1)
	return l
}

// expected returns what the FDT Instances of pages with files to be sent take from now until end.
func (l *plan) expected(now, end time.Time) (sum Load) {
	times := uint64(1)
	if d := end.Sub(now); d > 0 {
		times += uint64(d / l.cfg.FDTInterval)
	}
	for _, p := range l.pages {
		switch {
		case p.live == 0:
		case p.number == 0:
			sum.add(Load{1, uint64(p.size.bytes)}, times)
		default:
			sum.add(p.coding.load(p.headers), times)
		}
	}
	return sum
}
