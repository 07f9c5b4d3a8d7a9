package sender

import (
	"bytes"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/internal/content"
)

// announcer makes FDT Instances, and sends one at a time: "it is RECOMMENDED that the sending of a previous FDT
// Instance SHOULD end before the sending of the next FDT Instance starts" (RFC 6726, section 3.5).
type announcer struct {
	cfg     *Config
	ids     instanceIDs
	coder   fdtCoder
	changed time.Time // when that changed which the FDT says of files
	number  uint64    // of the newest FDT Instance, counted from 1; 0: there is none

	symbols transfer
	page    *page         // whose FDT Instance is being sent; nil: none
	final   uint64        // page.final when it ends
	urgent  bool          // files in transfer wait for it
	gap     int           // packets of files since the latest packet
	at      time.Time     // of the latest packet
	alone   time.Duration // of this transmission, in which nothing else was sent

	rest      time.Time // no repetition before, as long as there are files
	retry     time.Time // no new FDT Instance before
	exhausted bool      // the IDs are, and that was reported
}

// expiry returns the Expires of an FDT Instance created at now: whole seconds, "in the future upon creation" (RFC 6726,
// section 3.3).
func expiry(cfg *Config, now time.Time) time.Time {
	at := now.Add(cfg.FDTDuration).Round(0)
	if whole := at.Truncate(time.Second); whole.Before(at) {
		return whole.Add(time.Second)
	}
	return at
}

// publish gives p a new FDT Instance, of entries. ok is false while no FDT Instance ID is free.
func (a *announcer) publish(now time.Time, p *page, entries []*fdt.Entry, complete, full bool) (
	ok bool, err error,
) {
	if ok, at := a.ids.free(now); !ok {
		a.retry = at
		return false, nil
	}
	a.retry = now.Add(a.cfg.FDTInterval) // stands in the case of an error only
	if p.stale {
		a.changed = now
	}
	in := fdt.Instance{
		ID: a.ids.next, Expires: expiry(a.cfg, now), Complete: complete && a.cfg.Profile != fdt.MBMSDownload,
		FullFDT: full, Groups: a.cfg.FDTGroups, Entries: entries,
	}
	next, err := a.build(&in, now)
	if err != nil {
		return false, fmt.Errorf("sender: FDT Instance of %d files: %w", len(entries), err)
	}
	a.ids.take(in.Expires)
	a.number++
	next.number, next.began = a.number, p.began
	p.instance = next
	a.retry, a.exhausted = time.Time{}, false
	return true, nil
}

// build makes what is sent of in.
func (a *announcer) build(in *fdt.Instance, now time.Time) (instance, error) {
	xml, err := in.AppendXML(nil, a.cfg.Profile)
	if err != nil {
		return instance{}, err
	}
	document := xml
	if a.cfg.FDTCENC != flute.Null {
		if document, err = encode(xml, a.cfg.FDTCENC); err != nil {
			return instance{}, err
		}
	}
	c, err := a.coder.coding(a.cfg, uint64(len(document)))
	if err != nil {
		return instance{}, fmt.Errorf("of %d bytes: %w", len(document), err)
	}
	spec := alc.Spec{
		TSI: a.cfg.Session.TSI, Codepoint: uint8(c.oti.EncodingID), OTI: &c.oti,
		FLUTEVersion: a.cfg.Profile.FLUTEVersion(), InstanceID: in.ID, Time: a.cfg.fdtTime(now, a.changed),
	}
	if a.cfg.FDTCENC != flute.Null {
		spec.CENC = &a.cfg.FDTCENC
	}
	header, err := alc.NewTemplate(spec)
	if err != nil {
		return instance{}, err
	}
	return instance{
		id: in.ID, coding: c, headers: headers{header, header}, document: bytes.NewReader(document), xml: xml,
		created: now, expires: in.Expires, complete: in.Complete, full: in.FullFDT,
	}, nil
}

// begin starts a transmission of the FDT Instance of p.
func (a *announcer) begin(p *page, now time.Time, final uint64) {
	interleave := min(int(p.coding.blocks), maxInterleave) // a burst of losses is shared by all blocks
	a.symbols.content.hold(p.document)
	a.symbols.start(&p.coding, p.headers, uint64(p.sent), interleave, 0)
	a.page, a.final, a.alone, a.at = p, final, 0, now
	p.began = now
	p.starts++
}

// appendPacket appends the next packet of the transmission to b.
func (a *announcer) appendPacket(b []byte, now time.Time) ([]byte, error) {
	p := a.page
	p.headers.setTime(a.cfg.fdtTime(now, a.changed)) // "when the packet was transmitted" (RFC 5651, section 5.2.2)
	b, err := a.symbols.appendPacket(b, false, now)
	if a.gap == 0 {
		a.alone += now.Sub(a.at)
	}
	a.gap, a.at = 0, now
	if err != nil || a.symbols.left == 0 {
		a.end(now)
	}
	return b, err
}

// stop gives up a transmission.
func (a *announcer) stop() {
	a.page = nil
	_ = a.symbols.stop() // it is in memory
}

// end ends a transmission.
func (a *announcer) end(now time.Time) {
	p := a.page
	a.stop()
	// A large FDT Instance on a slow path would leave no room for the files.
	a.rest = now.Add((fdtShare - 1) * a.alone)
	p.sent++
	p.rounds++
	p.final = a.final
	if p.sent > 1 {
		return
	}
	for _, o := range p.objects {
		if o.listed == p.number {
			o.covered = p.expires
			o.late.told()
		}
	}
}

func encode(b []byte, c flute.ContentEncoding) ([]byte, error) {
	var out bytes.Buffer
	w, err := content.NewEncoder(&out, c)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
