package sender

import (
	"bytes"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/fdt"
)

// announcer sends the current FDT Instance of a session.
type announcer struct {
	ids    instanceIDs
	number uint64 // of the current FDT Instance, counted from 1; 0: there is none

	coding   coding
	header   *alc.Template
	document *bytes.Reader
	created  time.Time
	expires  time.Time
	complete bool // it says Complete
	stale    bool // it describes an object that failed or was removed

	lane      lane
	sending   bool
	began     time.Time // of the latest transmission
	ended     time.Time // of the latest complete transmission
	sent      int       // complete transmissions
	retry     time.Time // no other FDT Instance before this
	exhausted bool      // the IDs are, and that was reported
}

// renewAt returns when the current FDT Instance is to be replaced because it will expire: early enough for receivers to
// miss its successor a few times, "the receiver MUST NOT use a received FDT Instance to interpret packets received
// beyond the expiration time" (RFC 6726, section 3.3).
func (a *announcer) renewAt(cfg *Config) time.Time {
	margin := min(cfg.FDTDuration/4, time.Minute)
	return a.expires.Add(-margin)
}

// repeatAt returns when the current FDT Instance is due again.
func (a *announcer) repeatAt(cfg *Config) time.Time {
	at := a.began.Add(cfg.FDTInterval)
	// A large FDT Instance on a slow path would leave no room for the files.
	if rest := a.ended.Add((fdtShare - 1) * a.ended.Sub(a.began)); rest.After(at) {
		return rest
	}
	return at
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

// publish makes an FDT Instance of files the current one and starts its transmission. ok is false while no FDT Instance
// ID is free.
func (a *announcer) publish(cfg *Config, now time.Time, files []fdt.File, complete bool) (ok bool, err error) {
	if ok, at := a.ids.free(now); !ok {
		a.retry = at
		return false, nil
	}
	a.retry = now.Add(cfg.FDTInterval) // stands in the case of an error only
	expires := expiry(cfg, now)
	in := fdt.Instance{Expires: expires, Complete: complete && cfg.Profile != fdt.MBMSDownload, Files: files}
	document, err := in.AppendXML(nil, cfg.Profile)
	if err != nil {
		return false, fmt.Errorf("sender: FDT Instance: %w", err)
	}
	if cfg.FDTCENC != flute.Null {
		if document, err = encode(document, cfg.FDTCENC); err != nil {
			return false, fmt.Errorf("sender: FDT Instance: %w", err)
		}
	}
	c, err := newCoding(cfg, cfg.FDTOTI, cfg.Variant, redundancy{ratio: cfg.Redundancy}, uint64(len(document)))
	if err != nil {
		return false, fmt.Errorf("sender: FDT Instance of %d bytes and %d files: %w", len(document), len(files), err)
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
	a.coding, a.header, a.document = c, header, bytes.NewReader(document)
	a.number++
	a.created, a.expires, a.complete, a.stale, a.sent = now, expires, in.Complete, false, 0
	a.retry, a.exhausted = time.Time{}, false
	a.begin(now)
	return true, nil
}

// retire ends the repetitions of the current FDT Instance.
func (a *announcer) retire(cfg *Config) { a.stale, a.sent = false, cfg.FDTTransfers }

// begin starts a transmission of the current FDT Instance.
func (a *announcer) begin(now time.Time) {
	a.lane.start(&a.coding, a.header, a.document, uint64(a.sent), 1, 0)
	a.sending, a.began = true, now
}

// appendPacket appends the next packet of the transmission to b.
func (a *announcer) appendPacket(b []byte, now time.Time) ([]byte, error) {
	a.header.SetTime(now) // "when the packet was transmitted" (RFC 5651, section 5.2.2)
	b, err := a.lane.appendPacket(b, false, 1)
	if err != nil || a.lane.left == 0 {
		a.sending, a.ended = false, now
		a.sent++
	}
	return b, err
}

func encode(b []byte, c flute.ContentEncoding) ([]byte, error) {
	var out bytes.Buffer
	w, err := newEncoder(&out, c)
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

// checkFDTCoding refuses an FDTOTI that could code no FDT Instance at all.
func checkFDTCoding(cfg *Config) error {
	if _, err := newCoding(cfg, cfg.FDTOTI, cfg.Variant, redundancy{ratio: cfg.Redundancy}, 1<<10); err != nil {
		return fmt.Errorf("sender: Config.FDTOTI: %w", err)
	}
	if cfg.mbms() && cfg.FDTOTI.EncodingID != fec.CompactNoCode && cfg.FDTOTI.EncodingID != fec.Raptor {
		return fmt.Errorf("sender: Config.FDTOTI: %v is not allowed in %v", cfg.FDTOTI.EncodingID, cfg.Profile)
	}
	return nil
}
