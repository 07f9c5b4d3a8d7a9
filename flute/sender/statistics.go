package sender

import (
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// maxEvents bounds the events that wait for Events, should nobody ask: progress is left out beyond it, the rest is as
// much as Add and Remove were called.
const maxEvents = 4096

// maxEventXML bounds the FDT Instances that wait for Events, in bytes.
const maxEventXML = 4 << 20

// Stats counts what a session did since New.
type Stats struct {
	Packets      uint64 `json:"packets"` // all, FDT and close included
	Bytes        uint64 `json:"bytes"`   // of these: the UDP payload
	FDTPackets   uint64 `json:"fdt_packets"`
	Padding      uint64 `json:"padding"`       // packets that say nothing
	FDTInstances uint64 `json:"fdt_instances"` // published
	Transfers    uint64 `json:"transfers"`     // of objects, complete ones
	Overruns     uint64 `json:"overruns"`      // transfers that ended after the next one was to begin, by its interval

	Added     uint64 `json:"added"`   // objects; Added = Pending + Completed + Failed
	Pending   uint64 `json:"pending"` // with packets to come
	Completed uint64 `json:"completed"`
	Failed    uint64 `json:"failed"` // or cancelled
}

// statistics is what a session tells of itself: counters and events.
type statistics struct {
	key    flute.SessionKey
	each   bool  // each transfer is told
	counts Stats // without Pending
	events []event.Event

	withXML  bool          // FDTPublished has the XML
	interval time.Duration // see Config.ProgressInterval
	xml      int           // bytes of it that wait
}

// packet counts a packet of n bytes.
func (s *statistics) packet(n int) {
	s.counts.Packets++
	s.counts.Bytes += uint64(n)
}

// fdtPacket counts one of an FDT Instance.
func (s *statistics) fdtPacket(n int) {
	s.counts.FDTPackets++
	s.packet(n)
}

// drain returns the events since the last call.
func (s *statistics) drain() []event.Event {
	e := s.events
	s.events, s.xml = nil, 0
	return e
}

// warn tells what whoever runs the session should know.
func (s *statistics) warn(text string) {
	s.events = append(s.events, event.Warning{Text: "sender: " + text})
}

// published tells that the page has a new FDT Instance. Its XML is told as long as what waits is not too much.
func (s *statistics) published(p *page) {
	s.counts.FDTInstances++
	xml := p.xml
	p.xml = nil
	if len(s.events) >= maxEvents {
		return
	}
	e := event.FDTPublished{
		Session: s.key, ID: p.id, Files: len(p.objects), Bytes: len(xml), Expires: p.expires, Complete: p.complete,
	}
	if s.withXML && s.xml+len(xml) <= maxEventXML {
		s.xml += len(xml)
		e.XML = string(xml)
	}
	s.events = append(s.events, e)
}

// started tells that the first packet of o was made.
func (s *statistics) started(o *object) {
	s.events = append(s.events, event.ObjectStarted{
		Session: s.key, TOI: o.toi, ContentLocation: o.location,
		TransferLength: o.transferLength, FECEncodingID: uint8(o.coding.oti.EncodingID),
	})
}

// progress tells each whole percent of a transfer, unless the one before was told a moment ago; of an object that is
// sent for ever only in the first one, and its end in any case: no completion follows.
func (s *statistics) progress(c *carrier, now time.Time) {
	o, length := c.object, c.object.transferLength
	if c.source < c.report || (o.endless() && o.sent > 0) ||
		now.Sub(c.told) < s.interval && (c.source < length || !o.endless()) {
		return
	}
	c.report, c.told = c.source+max(length/100, 1), now
	if o.endless() && c.source < length {
		c.report = min(c.report, length)
	}
	if len(s.events) < maxEvents {
		s.events = append(s.events,
			event.ObjectProgress{Session: s.key, TOI: o.toi, Received: c.source, TransferLength: length})
	}
}

// missed tells that a transfer of o was late against its target, if it was.
func (s *statistics) missed(o *object, by time.Duration) {
	if by > 0 {
		s.events = append(s.events, event.Late{Session: s.key, TOI: o.toi, ContentLocation: o.location, By: by})
	}
}

// completed tells that o was sent as often as asked.
func (s *statistics) completed(o *object, now time.Time) {
	s.counts.Completed++
	encoding := ""
	if o.file.CENC != flute.Null {
		encoding = o.file.CENC.String()
	}
	s.events = append(s.events, event.ObjectCompleted{
		Session: s.key, TOI: o.toi, ContentLocation: o.location, ContentType: o.file.ContentType, Size: o.file.Size,
		Digests: o.digests(), FirstPacket: o.first, Duration: now.Sub(o.first), Encoding: encoding,
	})
}

// transferStarted tells that the first packet of a transfer of o was made.
func (s *statistics) transferStarted(o *object) {
	if s.each {
		s.events = append(s.events, event.TransferStarted{
			Session: s.key, TOI: o.toi, ContentLocation: o.location, Transfer: o.sent + 1,
		})
	}
}

// transferDone tells that the last packet of a transfer was made.
func (s *statistics) transferDone(c *carrier, now time.Time) {
	if o := c.object; s.each {
		s.events = append(s.events, event.TransferDone{
			Session: s.key, TOI: o.toi, ContentLocation: o.location, Transfer: o.sent + 1,
			Packets: o.coding.packets, Duration: now.Sub(c.began),
		})
	}
}

// emptied tells that no object of this priority has packets to come.
func (s *statistics) emptied(priority int8) {
	s.events = append(s.events, event.QueueEmpty{Session: s.key, Priority: priority})
}

// turned notes the end of a transfer of o. late is by how much its next turn was to begin before.
func (s *statistics) turned(o *object, late time.Duration) {
	s.counts.Transfers++
	if late > 0 {
		s.counts.Overruns++
		if !o.overrun {
			s.events = append(s.events, event.Late{Session: s.key, TOI: o.toi, ContentLocation: o.location, By: late})
		}
	}
	o.overrun = late > 0
}

// failed tells that o was not. detail may be the text of an error, which an event tells without the package.
func (s *statistics) failed(o *object, reason event.FailReason, detail string) {
	s.counts.Failed++
	s.events = append(s.events, event.ObjectFailed{
		Session: s.key, TOI: o.toi, ContentLocation: o.location, Reason: reason,
		Detail: withoutPackage(detail),
	})
}

// Stats returns the counters.
func (s *Session) Stats() Stats {
	st := s.stats.counts
	st.Pending = uint64(s.plan.live.objects)
	return st
}

// Events returns what happened since the last call, oldest first; nil when nothing did. The slice is the caller's.
func (s *Session) Events() []event.Event { return s.stats.drain() }

// Packets returns the number of packets in one transfer of a live object, its repair symbols included: what a caller
// needs to spread it over a given time. ok is false for other TOIs.
func (s *Session) Packets(toi flute.TOI) (n uint64, ok bool) {
	o := s.names.objects[toi]
	if o == nil || !o.live() {
		return 0, false
	}
	return o.coding.packets, true
}

// maxHeader bounds what precedes the symbol in a packet: an LCT header with 48-bit TSI and 112-bit TOI, EXT_FDT,
// EXT_CENC, EXT_TIME with 64 bits, EXT_FTI of 20 bytes, and a FEC Payload ID of 8 bytes.
const maxHeader = 4 + 4 + 6 + 14 + 4 + 4 + 12 + 20 + 8

// MaxPacketLen returns an upper bound of the length in bytes of the session's packets, with the files added so far.
func (s *Session) MaxPacketLen() int { return maxHeader + s.maxPayload }
