package inspect

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"slices"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/capture"
)

const (
	maxInstances = 1024 // FDT Instances of a session that are told, the latest
	maxChanges   = 32   // differences of one that are told
	maxHashes    = 4096 // symbols of FDT Instances of a session whose content is compared
)

// history is what the FDT of a session says, over time.
type history struct {
	seen      int // documents that were read
	instances map[flute.InstanceID]*instance
	order     []*instance
	files     map[flute.TOI]*fdt.File
	locations map[string]flute.TOI
	latest    map[flute.TOI]flute.InstanceID // that lists the file
	complete  bool
	beyond    uint64 // packets of instances, and files, that are not told apart for want of memory
	earlier   int    // instances that gave way to later ones
	seed      maphash.Seed
	hashes    map[symbolKey]uint64
}

// instance is an FDT Instance.
type instance struct {
	ID       flute.InstanceID
	object   object // its packets
	version  uint8
	cenc     int // EXT_CENC; -1: it has none
	read     bool
	starts   []time.Time // of the first transfers
	lastSeen time.Time

	document *fdt.Instance // what it says, without its files
	count    int
	expires  time.Time
	changes  []string
	more     int // changes beyond maxChanges
	failure  string
}

// fdtPacket takes a packet of TOI 0.
func (s *session) fdtPacket(d *capture.Datagram, p *alc.Packet, point *Point, missing int) {
	h := &s.fdt
	switch {
	case p.FLUTEVersion != 1 && p.FLUTEVersion != 2:
		s.breaks("E01", d.Number, "version %d", p.FLUTEVersion)
	case s.version == 0:
		s.version = p.FLUTEVersion
	case s.version != p.FLUTEVersion:
		s.breaks("E04", d.Number, "version %d after %d", p.FLUTEVersion, s.version)
	}
	in := h.instances[p.InstanceID]
	if in == nil {
		if len(h.instances) == maxInstances {
			h.forget(s)
		}
		if !s.in.spend(s, objectCost) {
			h.beyond++
			return
		}
		in = &instance{ID: p.InstanceID, version: p.FLUTEVersion, cenc: cencOf(p)}
		in.object = object{id: in.ID, firstNo: d.Number, first: d.Time, blocks: map[fec.SBN]*block{}}
		if h.instances == nil {
			h.instances = map[flute.InstanceID]*instance{}
		}
		h.instances[p.InstanceID] = in
		h.order = append(h.order, in)
	}
	if c := cencOf(p); c != in.cenc {
		s.breaks("E67", d.Number, "FDT Instance %d: EXT_CENC %d after %d", in.ID, c, in.cenc)
	}
	if x, ok := p.Extensions.Lookup(lct.HETCENC); ok && (x.Raw[2] != 0 || x.Raw[3] != 0) {
		s.breaks("E69", d.Number, "FDT Instance %d", in.ID)
	}
	if p.HasCENC && p.CENC > uint8(flute.GZIP) {
		s.breaks("E70", d.Number, "FDT Instance %d: %d", in.ID, p.CENC)
	}
	if !in.expires.IsZero() && in.read {
		if late := s.senderTime(d.Time).Sub(in.expires); late > time.Second {
			s.breaks("E30", d.Number, "FDT Instance %d, %v after it has expired", in.ID, late.Round(time.Second))
		}
	}
	if in.object.packets == 0 || d.Time.Sub(in.lastSeen) > 2*firstStep {
		if len(in.starts) < 64 {
			in.starts = append(in.starts, d.Time)
		}
	}
	in.lastSeen = d.Time
	h.same(s, d, p, missing)
	in.object.packet(s, d, p, point, missing)
}

// forget drops the first instance; what it said of files stays.
func (h *history) forget(s *session) {
	in := h.order[0]
	freed := objectCost + uint64(len(in.object.blocks))*blockCost
	s.in.memory, s.held = s.in.memory-freed, s.held-freed
	delete(h.instances, in.ID)
	h.order = slices.Delete(h.order, 0, 1)
	h.earlier++
}

func cencOf(p *alc.Packet) int {
	if !p.HasCENC {
		return -1
	}
	return int(p.CENC)
}

// same judges whether a symbol of an FDT Instance is the one that came before.
func (h *history) same(s *session, d *capture.Datagram, p *alc.Packet, missing int) {
	oti := fec.OTI{EncodingID: fec.EncodingID(p.Codepoint), FieldBits: 8}
	if !oti.EncodingID.Known() || missing > 0 {
		return
	}
	id, n, err := oti.ParsePayloadID(p.Body)
	if err != nil {
		return
	}
	if h.hashes == nil {
		h.hashes, h.seed = map[symbolKey]uint64{}, maphash.MakeSeed()
	}
	key := symbolKey{id: p.InstanceID, sbn: id.SBN, esi: id.ESI}
	sum := maphash.Bytes(h.seed, p.Body[n:])
	if old, ok := h.hashes[key]; ok {
		if in := h.instances[p.InstanceID]; old != sum && in != nil && !s.senderTime(d.Time).After(in.expires) {
			s.breaks("E43", d.Number, "FDT Instance %d, SBN %d, ESI %d", p.InstanceID, id.SBN, id.ESI)
		}
		h.hashes[key] = sum
	} else if len(h.hashes) < maxHashes {
		h.hashes[key] = sum
	}
}

// document takes what an FDT Instance says, as the receiver has read it with packet d.
func (s *session) document(d *capture.Datagram, doc *fdt.Instance) {
	h := &s.fdt
	h.seen++
	in := h.instances[doc.ID]
	if in == nil {
		return
	}
	in.read, in.expires, in.count = true, doc.Expires, len(doc.Files)
	in.document = &fdt.Instance{
		Namespace: brief(doc.Namespace), Complete: doc.Complete, FullFDT: doc.FullFDT,
		SchemaVersion: doc.SchemaVersion,
	}
	s.mbms = s.mbms || doc.Namespace == fdt.MBMSDownload.Namespace() && doc.Namespace != fdt.RFC3926.Namespace()
	if age := s.senderTime(d.Time).Sub(doc.Expires); age >= 0 {
		s.breaks("E29", d.Number, "FDT Instance %d expires %v before it comes", in.ID, age.Round(time.Second))
	}
	if len(doc.Files)+doc.RejectedCount == 0 {
		s.breaks("E15", d.Number, "FDT Instance %d", in.ID)
	}
	for _, r := range doc.Rejected {
		s.breaks("E52", d.Number, "FDT Instance %d, TOI %s: %s", in.ID, r.TOI, r.Reason)
	}
	for _, w := range doc.Warnings {
		s.breaks("E62", d.Number, "FDT Instance %d: %s", in.ID, w)
	}
	if h.files == nil {
		h.files, h.locations = map[flute.TOI]*fdt.File{}, map[string]flute.TOI{}
		h.latest = map[flute.TOI]flute.InstanceID{}
	}
	listed := map[flute.TOI]bool{}
	for i := range doc.Files {
		f := &doc.Files[i]
		listed[f.TOI] = true
		s.file(d, in, f)
	}
	if prior := h.before(in); prior != nil {
		for toi, f := range h.files {
			if !listed[toi] && h.latest[toi] == prior.ID {
				in.change("no longer TOI %v %s", toi, f.ContentLocation)
			}
		}
	}
	slices.Sort(in.changes)
	if doc.Complete {
		h.complete = true
	}
}

// isOlder reports whether a newer FDT Instance describes another object as the same file (RFC 6726, section 3.3),
// whichever was read first.
func (h *history) isOlder(toi flute.TOI) bool {
	f := h.files[toi]
	if f == nil {
		return false
	}
	newest := h.locations[f.ContentLocation]
	return newest != toi && h.latest[newest].NewerThan(h.latest[toi])
}

// before returns the instance that was read before in.
func (h *history) before(in *instance) *instance {
	for i := len(h.order) - 1; i >= 0; i-- {
		if o := h.order[i]; o != in && o.read {
			return o
		}
	}
	return nil
}

// file takes a File element.
func (s *session) file(d *capture.Datagram, in *instance, f *fdt.File) {
	h := &s.fdt
	old := h.files[f.TOI]
	prior, known := h.locations[f.ContentLocation]
	outdated := known && h.latest[prior].NewerThan(in.ID)
	if old == nil {
		if len(h.files) == maxObjects || !s.in.spend(s, uint64(objectCost+2*len(f.ContentLocation))) {
			h.beyond++
			return
		}
		if h.complete {
			s.breaks("E48", d.Number, "FDT Instance %d adds TOI %v", in.ID, f.TOI)
		}
		in.change("new TOI %v %s", f.TOI, f.ContentLocation)
		if known && prior != f.TOI {
			which := "a new"
			if outdated {
				which = "an older"
			}
			in.change("TOI %v is %s version of TOI %v", f.TOI, which, prior)
		}
	} else {
		for _, what := range differences(old, f) {
			in.change("TOI %v: %s", f.TOI, what.text)
			if what.changed {
				s.breaks("E24", d.Number, "FDT Instance %d, TOI %v: %s", in.ID, f.TOI, what.text)
			}
		}
	}
	if f.ContentType == "" {
		s.breaks("E55", d.Number, "TOI %v", f.TOI)
	}
	if f.ContentEncoding == flute.Null && f.ContentLength != nil && f.TransferLength != nil &&
		*f.ContentLength != *f.TransferLength {
		s.breaks("E57", d.Number, "TOI %v: Content-Length %d, Transfer-Length %d", f.TOI, *f.ContentLength,
			*f.TransferLength)
	}
	if f.HasOTI {
		if err := f.OTI.Validate(); err != nil {
			s.breaks("B10", d.Number, "TOI %v: %v", f.TOI, err)
		}
	}
	kept := *f
	kept.Attributes, kept.Elements = nil, nil
	h.files[f.TOI] = &kept
	if !outdated {
		h.locations[f.ContentLocation] = f.TOI
	}
	h.latest[f.TOI] = in.ID
	if o := s.objects[f.TOI]; o != nil {
		o.describe(s, d.Number, &kept)
	}
}

func (in *instance) change(format string, args ...any) {
	if len(in.changes) == maxChanges {
		in.more++
		return
	}
	in.changes = append(in.changes, brief(fmt.Sprintf(format, args...)))
}

// difference is one between two descriptions of a file. What was not said before is no change.
type difference struct {
	text    string
	changed bool
}

func differences(a, b *fdt.File) (list []difference) {
	say := func(what, from, to string) {
		if from != to {
			list = append(list, difference{
				fmt.Sprintf("%s %s -> %s", what, quoted(from), quoted(to)), from != "" && to != "",
			})
		}
	}
	number := func(p *uint64) string {
		if p == nil {
			return ""
		}
		return fmt.Sprint(*p)
	}
	say("Content-Location", a.ContentLocation, b.ContentLocation)
	say("Content-Length", number(a.ContentLength), number(b.ContentLength))
	say("Transfer-Length", number(a.TransferLength), number(b.TransferLength))
	say("Content-Type", a.ContentType, b.ContentType)
	if a.ContentEncoding != b.ContentEncoding {
		list = append(list,
			difference{fmt.Sprintf("Content-Encoding %v -> %v", a.ContentEncoding, b.ContentEncoding), true})
	}
	if !bytes.Equal(a.MD5, b.MD5) {
		list = append(list, difference{fmt.Sprintf("Content-MD5 %x -> %x", a.MD5, b.MD5), a.MD5 != nil && b.MD5 != nil})
	}
	if !bytes.Equal(a.SHA256, b.SHA256) {
		list = append(list, difference{
			fmt.Sprintf("SHA-256 %x -> %x", a.SHA256, b.SHA256),
			a.SHA256 != nil && b.SHA256 != nil,
		})
	}
	say("File-ETag", a.ETag, b.ETag)
	if a.HasOTI && b.HasOTI && a.OTI != b.OTI {
		list = append(list, difference{fmt.Sprintf("FEC OTI %+v -> %+v", a.OTI, b.OTI), true})
	}
	return list
}

func quoted(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}
