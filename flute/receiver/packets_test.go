package receiver

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/flute/sender"
)

// random returns n bytes that depend on seed.
func random(n int, seed uint64) []byte {
	b := make([]byte, n)
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// source is a file to be sent.
type source struct {
	name    string
	content []byte
	cenc    flute.ContentEncoding
	digests sender.Digests
}

// transmit returns all packets of a sending session: FDT Instances and files, without the one that closes it.
func transmit(t testing.TB, cfg sender.Config, files ...source) [][]byte {
	t.Helper()
	return transmitWith(t, schemes.Default(), cfg, files...)
}

// transmitWith is transmit with the schemes of a registry.
func transmitWith(t testing.TB, registry *fec.Registry, cfg sender.Config, files ...source) [][]byte {
	t.Helper()
	cfg.Session, cfg.Registry = key, registry
	s, err := sender.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		o, err := sender.Prepare(context.Background(), sender.File{
			ContentLocation: f.name, Content: bytes.NewReader(f.content), Size: uint64(len(f.content)), CENC: f.cenc,
			Digests: f.digests,
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Add(o); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SetComplete(); err != nil {
		t.Fatal(err)
	}
	var packets [][]byte
	for now := start; !s.Done(); {
		b, ok, err := s.AppendNext(nil, now)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			now = s.Deadline()
			continue
		}
		packets = append(packets, b)
	}
	return packets
}

// noCode returns the OTI of an object without FEC.
func noCode(length, e, b int) fec.OTI {
	return fec.OTI{TransferLength: uint64(length), SymbolLength: uint16(e), MaxSourceBlockLength: uint32(b)}
}

// object is a file that the test sends symbol by symbol.
type object struct {
	t       testing.TB
	toi     flute.TOI
	oti     fec.OTI
	content []byte
	noFTI   bool
	variant fec.Variant
}

// packet returns the packet of n encoding symbols from esi on. Its last source symbol is short.
func (o object) packet(sbn fec.SBN, esi fec.ESI, n int, edit ...func(*lct.Header)) []byte {
	o.t.Helper()
	part := o.oti.Partition()
	var payload []byte
	for i := range fec.ESI(n) {
		if off, n := part.Symbol(sbn, esi+i); n > 0 {
			payload = append(payload, o.content[off:off+uint64(n)]...)
		} else {
			payload = append(payload, o.repair(sbn, esi+i)...)
		}
	}
	return o.raw(sbn, esi, payload, edit...)
}

func (o object) repair(sbn fec.SBN, esi fec.ESI) []byte {
	o.t.Helper()
	scheme, err := schemes.Default().Scheme(&o.oti)
	if err != nil {
		o.t.Fatal(err)
	}
	part := o.oti.Partition()
	off, n := part.Block(sbn)
	enc, err := scheme.NewEncoder(&o.oti, o.variant, part.BlockSymbols(sbn), o.content[off:off+n])
	if err != nil {
		o.t.Fatal(err)
	}
	b, err := enc.AppendRepair(nil, esi)
	if err != nil {
		o.t.Fatal(err)
	}
	return b
}

// raw returns a packet with this payload.
func (o object) raw(sbn fec.SBN, esi fec.ESI, payload []byte, edit ...func(*lct.Header)) []byte {
	o.t.Helper()
	h := lct.Header{Codepoint: uint8(o.oti.EncodingID), HasTSI: true, TSI: key.TSI, HasTOI: true, TOI: o.toi}
	if !o.noFTI {
		h.Extensions = lct.AppendExtension(nil, lct.HETFTI, o.oti.AppendFTI(nil))
	}
	for _, e := range edit {
		e(&h)
	}
	b, err := h.AppendBinary(nil)
	if err != nil {
		o.t.Fatal(err)
	}
	return append(o.oti.AppendPayloadID(b, fec.PayloadID{SBN: sbn, ESI: esi}), payload...)
}

// all returns a packet for each source symbol.
func (o object) all() [][]byte {
	part := o.oti.Partition()
	var out [][]byte
	for sbn := range fec.SBN(part.Blocks()) {
		for esi := range fec.ESI(part.BlockSymbols(sbn)) {
			out = append(out, o.packet(sbn, esi, 1))
		}
	}
	return out
}

// file returns the File element of the object.
func (o object) file(name string) fdt.File {
	n, l := uint64(len(o.content)), o.oti.TransferLength
	return fdt.File{TOI: o.toi, ContentLocation: name, ContentLength: &n, TransferLength: &l, OTI: o.oti, HasOTI: true}
}

// instance is an FDT Instance that the test sends.
type fdtInstance struct {
	id       flute.InstanceID
	files    []fdt.File
	expires  time.Time // zero: an hour after start
	complete bool
	xml      []byte // instead of files
	version  uint8  // zero: 2
	e        int    // symbol length; zero: 1400
	cenc     *flute.ContentEncoding
	sct      time.Time
}

// packets returns the packets of the instance.
func (in fdtInstance) packets(t testing.TB) [][]byte {
	t.Helper()
	xml := in.xml
	if xml == nil {
		if in.expires.IsZero() {
			in.expires = start.Add(time.Hour)
		}
		doc := fdt.Instance{Expires: in.expires, Complete: in.complete, Files: in.files}
		var err error
		if xml, err = doc.AppendXML(nil, fdt.RFC6726); err != nil {
			t.Fatal(err)
		}
	}
	if in.e == 0 {
		in.e = 1400
	}
	if in.version == 0 {
		in.version = 2
	}
	oti := noCode(len(xml), in.e, 64)
	tpl, err := alc.NewTemplate(alc.Spec{
		TSI: key.TSI, FLUTEVersion: in.version, InstanceID: in.id, OTI: &oti, CENC: in.cenc,
		Time: lct.Time{HasSCT: !in.sct.IsZero(), Fine: true, SCT: in.sct},
	})
	if err != nil {
		t.Fatal(err)
	}
	part := oti.Partition()
	var out [][]byte
	for sbn := range fec.SBN(part.Blocks()) {
		for esi := range fec.ESI(part.BlockSymbols(sbn)) {
			off, n := part.Symbol(sbn, esi)
			b := oti.AppendPayloadID(tpl.Append(nil, false), fec.PayloadID{SBN: sbn, ESI: esi})
			out = append(out, append(b, xml[off:off+uint64(n)]...))
		}
	}
	return out
}

// describe returns the only packet of an FDT Instance.
func describe(t testing.TB, id flute.InstanceID, files ...fdt.File) []byte {
	t.Helper()
	p := fdtInstance{id: id, files: files, e: 60000}.packets(t)
	if len(p) != 1 {
		t.Fatal("more than one packet")
	}
	return p[0]
}

// plain returns an object without FEC, of symbols of e bytes in blocks of b.
func plain(t testing.TB, toi uint64, size, e, b int) object {
	return object{t: t, toi: flute.NewTOI(toi), oti: noCode(size, e, b), content: random(size, toi)}
}

// coded returns an object with the Reed-Solomon code v.
func coded(t testing.TB, toi uint64, size, e, b, n int, v fec.Variant) object {
	oti := noCode(size, e, b)
	oti.EncodingID, oti.MaxEncodingSymbols = fec.ReedSolomonGF28, uint32(n)
	return object{t: t, toi: flute.NewTOI(toi), oti: oti, content: random(size, toi), variant: v}
}

func closeObject(h *lct.Header) { h.CloseObject = true }

// fdtHeader makes it a packet of FDT Instance 0.
func fdtHeader(h *lct.Header) {
	h.Extensions = append(lct.AppendExtension(nil, lct.HETFDT, []byte{0x20, 0, 0}), h.Extensions...)
}

// ntp returns the seconds of an NTP timestamp, as Expires has them.
func ntp(t time.Time) uint32 { return uint32(t.Unix() + 2208988800) }
