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
	ids    instanceIDs
	coder  fdtCoder
	number uint64 // of the newest FDT Instance, counted from 1; 0: there is none

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
func (a *announcer) publish(cfg *Config, now time.Time, p *page, entries []*fdt.Entry, complete bool) (ok bool, err error) {
	if ok, at := a.ids.free(now); !ok {
		a.retry = at
		return false, nil
	}
	a.retry = now.Add(cfg.FDTInterval) // stands in the case of an error only
	expires := expiry(cfg, now)
	in := fdt.Instance{Expires: expires, Complete: complete && cfg.Profile != fdt.MBMSDownload, Groups: cfg.FDTGroups, Entries: entries}
	document, err := in.AppendXML(nil, cfg.Profile)
	if err != nil {
		return false, fmt.Errorf("sender: FDT Instance: %w", err)
	}
	if cfg.FDTCENC != flute.Null {
		if document, err = encode(document, cfg.FDTCENC); err != nil {
			return false, fmt.Errorf("sender: FDT Instance: %w", err)
		}
	}
	c, err := a.coder.coding(cfg, uint64(len(document)))
	if err != nil {
		return false, fmt.Errorf("sender: FDT Instance of %d bytes and %d files: %w", len(document), len(entries), err)
	}
	spec := alc.Spec{
		TSI: cfg.Session.TSI, Codepoint: uint8(c.oti.EncodingID), OTI: &c.oti,
		FLUTEVersion: cfg.Profile.FLUTEVersion(), InstanceID: a.ids.next,
	}
	if cfg.FDTCENC != flute.Null {
		spec.CENC = &cfg.FDTCENC
	}
	if !cfg.NoSCT && !cfg.mbms() {
		spec.SCT = now
	}
	header, err := alc.NewTemplate(spec)
	if err != nil {
		return false, fmt.Errorf("sender: FDT Instance: %w", err)
	}
	a.ids.take(expires)
	a.number++
	p.instance = instance{
		number: a.number, coding: c, header: header, document: bytes.NewReader(document),
		created: now, expires: expires, complete: in.Complete, began: p.began,
	}
	a.retry, a.exhausted = time.Time{}, false
	return true, nil
}

// begin starts a transmission of the FDT Instance of p.
func (a *announcer) begin(p *page, now time.Time, final uint64) {
	interleave := min(int(p.coding.blocks), maxInterleave) // a burst of losses is shared by all blocks
	a.symbols.content.hold(p.document)
	a.symbols.start(&p.coding, p.header, uint64(p.sent), max(1, interleave), 0)
	a.page, a.final, a.alone, a.at = p, final, 0, now
	p.began = now
	p.starts++
}

// appendPacket appends the next packet of the transmission to b.
func (a *announcer) appendPacket(b []byte, now time.Time) ([]byte, error) {
	p := a.page
	p.header.SetTime(now) // "when the packet was transmitted" (RFC 5651, section 5.2.2)
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
