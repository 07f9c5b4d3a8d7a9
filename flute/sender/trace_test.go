package sender

import (
	"bytes"
	"context"
	"crypto/md5"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// trace is what a whole session sent, read back, with what it was asked to send.
type trace struct {
	name    string
	cfg     Config
	files   map[flute.TOI][]byte
	encoded map[flute.TOI]flute.ContentEncoding
	count   int // transfers of each file
	packets []packet
	times   []time.Time
	raw     [][]byte
	events  []event.Event
	close   []byte
}

// traces are sessions that together use all that a sender can do; the tests of the rules look at all their packets.
func traces(t testing.TB) []*trace {
	t.Helper()
	rs := fec.OTI{EncodingID: fec.ReedSolomonGF28, SymbolLength: 16, MaxSourceBlockLength: 5, MaxEncodingSymbols: 8}
	rs129 := rs
	rs129.EncodingID = fec.SmallBlockSystematic
	return []*trace{
		play(t, "no-code", Config{OTI: fec.OTI{SymbolLength: 16, MaxSourceBlockLength: 5}}),
		play(t, "no-code, small read-ahead",
			Config{OTI: fec.OTI{SymbolLength: 16, MaxSourceBlockLength: 5}, ReadAhead: 40}),
		play(t, "interleaved",
			Config{OTI: fec.OTI{SymbolLength: 16, MaxSourceBlockLength: 5}, Interleave: 4, Parallel: 1}),
		play(t, "repeated", Config{
			OTI: fec.OTI{SymbolLength: 16, MaxSourceBlockLength: 5}, TransferCount: 3, Delay: 30 * time.Millisecond,
		}),
		play(t, "RS", Config{OTI: rs, Interleave: 3, FDTStartID: flute.MaxInstanceID}),
		play(t, "RS 129", Config{OTI: rs129, Repair: 2, Parallel: 2}),
		play(t, "large FDT", Config{
			FDTOTI: fec.OTI{SymbolLength: 64, MaxSourceBlockLength: 4}, FDTCENC: flute.ZLIB,
			FDTInterval: 10 * time.Millisecond, FTI: FDTOnly,
		}),
		play(t, "FDT with RS",
			Config{OTI: rs, FDTOTI: fec.OTI{EncodingID: fec.ReedSolomonGF28, SymbolLength: 200}, FDTCENC: flute.GZIP}),
		play(t, "EXT_FTI in the first of each block",
			Config{OTI: rs, Interleave: 3, TransferCount: 2, FTI: FirstOfBlock}),
		play(t, "only in transfer", Config{
			OTI: rs, Parallel: 2, TransferCount: 2, Delay: 40 * time.Millisecond, FDTInTransfer: true,
			FDTInterval: 20 * time.Millisecond,
		}),
		play(t, "full FDT", Config{OTI: rs, Parallel: 1, FullFDT: true, FDTInterval: 20 * time.Millisecond}),
		play(t, "large identifiers", Config{
			Session: flute.SessionKey{TSI: flute.MaxTSI}, FirstTOI: mustTOI(t, "5192296858534827628530496329220090"),
		}),
		play(t, "rfc3926", Config{Profile: fdt.RFC3926, OTI: rs, FDTCENC: flute.DEFLATE}),
		play(t, "mbms-extended",
			Config{Profile: fdt.MBMSExtended, OTI: fec.OTI{SymbolLength: 16, MaxSourceBlockLength: 5}}),
		play(t, "mbms-download", Config{Profile: fdt.MBMSDownload, FDTInterval: 10 * time.Millisecond}),
		play(t, "dvb-mabr", Config{Profile: fdt.DVBMABR, OTI: fec.OTI{SymbolLength: 16, MaxSourceBlockLength: 5}}),
	}
}

func mustTOI(t testing.TB, s string) flute.TOI {
	t.Helper()
	toi, err := flute.ParseTOI(s)
	if err != nil {
		t.Fatal(err)
	}
	return toi
}

// play runs a session with files of critical sizes, added in two portions, from memory and from elsewhere, until it is
// done and closed. A millisecond passes with each packet.
func play(t testing.TB, name string, cfg Config) *trace {
	t.Helper()
	cfg.Registry = schemes.Default()
	tr := &trace{
		name: name, cfg: cfg, count: max(cfg.TransferCount, 1),
		files: map[flute.TOI][]byte{}, encoded: map[flute.TOI]flute.ContentEncoding{},
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	add := func(size int, cenc flute.ContentEncoding) {
		content := pattern(size)
		f := File{ContentLocation: fmt.Sprintf("f%d-%v", size,
			cenc), Content: bytes.NewReader(content), Size: uint64(size), CENC: cenc}
		if size%2 == 1 {
			f.Content = onDisk{bytes.NewReader(content)}
		}
		o, err := Prepare(context.Background(), f, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		toi, err := s.Add(o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		tr.files[toi], tr.encoded[toi] = content, cenc
	}
	for _, size := range []int{0, 1, 15, 16, 17, 79, 80, 81, 1000} {
		add(size, flute.Null)
	}
	v := viewer{start: start}
	now := start
	for !s.Done() {
		before := s.Deadline()
		pkt, ok, err := s.AppendNext(make([]byte, 0, s.MaxPacketLen()), now)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		tr.events = append(tr.events, s.Events()...)
		if !ok {
			d := s.Deadline()
			if !d.After(now) {
				t.Fatalf("%s: nothing to send at %v, yet Deadline is %v", name, now, d)
			}
			now = d
			continue
		}
		if before.IsZero() || before.After(now) {
			t.Errorf("%s: a packet at %v before Deadline %v", name, now, before)
		}
		if len(pkt) > s.MaxPacketLen() {
			t.Errorf("%s: packet of %d bytes is longer than %d", name, len(pkt), s.MaxPacketLen())
		}
		tr.raw = append(tr.raw, pkt)
		tr.packets = append(tr.packets, v.read(t, pkt, now))
		tr.times = append(tr.times, now)
		if now = now.Add(time.Millisecond); len(tr.packets) == 8 {
			for i, cenc := range []flute.ContentEncoding{flute.GZIP, flute.DEFLATE} {
				if s.cfg.encodes(cenc) {
					add(500+i, cenc)
				}
			}
			add(333, flute.Null)
			if err := s.SetComplete(); err != nil {
				t.Fatal(err)
			}
		}
		if len(tr.packets) > 100_000 {
			t.Fatalf("%s: no end", name)
		}
	}
	tr.close = s.AppendClose(nil)
	if got := s.Stats(); got.Packets != uint64(len(tr.packets))+1 || got.Completed != uint64(len(tr.files)) ||
		got.Pending != 0 ||
		got.Added != got.Completed || got.Transfers != uint64(tr.count)*got.Added {
		t.Errorf("%s: %d packets, %d files: stats %+v", name, len(tr.packets), len(tr.files), got)
	}
	return tr
}

// each calls f for every packet of every trace.
func each(t *testing.T, f func(t *testing.T, tr *trace, i int, p *packet)) {
	t.Helper()
	for _, tr := range traces(t) {
		t.Run(tr.name, func(t *testing.T) {
			for i := range tr.packets {
				f(t, tr, i, &tr.packets[i])
			}
		})
	}
}

// What was sent is what was to be sent: every transfer has each encoding symbol once, and the source symbols are the
// file.
func TestTracesReassemble(t *testing.T) {
	for _, tr := range traces(t) {
		t.Run(tr.name, func(t *testing.T) {
			described := map[flute.TOI]*fdt.File{}
			for i := range tr.packets {
				if in := tr.packets[i].fdt; in != nil {
					for j := range in.Files {
						described[in.Files[j].TOI] = &in.Files[j]
					}
				}
			}
			for _, toi := range slices.SortedFunc(maps.Keys(tr.files), flute.TOI.Compare) {
				checkObject(t, tr, toi, described[toi])
			}
		})
	}
}

func checkObject(t *testing.T, tr *trace, toi flute.TOI, f *fdt.File) {
	t.Helper()
	if f == nil {
		t.Errorf("TOI %v is not described", toi)
		return
	}
	part := f.OTI.Partition()
	object := make([]byte, f.OTI.TransferLength)
	seen := map[fec.PayloadID]int{}
	packets := 0
	for i := range tr.packets {
		p := &tr.packets[i]
		if p.TOI != toi {
			continue
		}
		packets++
		if f.OTI.TransferLength == 0 {
			if p.id != (fec.PayloadID{}) || len(p.symbol) != 0 {
				t.Errorf("TOI %v: empty file with payload %+v %x", toi, p.id, p.symbol)
			}
			continue
		}
		seen[p.id]++
		if off, n := part.Symbol(p.id.SBN, p.id.ESI); n > 0 {
			copy(object[off:off+uint64(n)], p.symbol)
		}
	}
	want := 0
	for sbn := range part.Blocks() {
		k := part.BlockSymbols(fec.SBN(sbn))
		repair := tr.cfg.Repair
		if repair == 0 {
			repair = f.OTI.RepairSymbols(k)
		}
		want += int(k + repair)
	}
	if len(seen) != want || packets != max(want, 1)*tr.count {
		t.Errorf("TOI %v: %d different symbols in %d packets, want %d", toi, len(seen), packets, want)
	}
	for id, n := range seen {
		if n != tr.count {
			t.Errorf("TOI %v: symbol %+v %d times", toi, id, n)
		}
	}
	content := decode(t, object, tr.encoded[toi])
	if !bytes.Equal(content, tr.files[toi]) {
		t.Errorf("TOI %v: content differs", toi)
	}
	if sum := md5.Sum(content); !bytes.Equal(f.MD5, sum[:]) {
		t.Errorf("TOI %v: Content-MD5 %x, want %x", toi, f.MD5, sum)
	}
}

// Every object ends in exactly one event, after which none follows.
func TestTracesEvents(t *testing.T) {
	for _, tr := range traces(t) {
		started, ended := map[flute.TOI]bool{}, map[flute.TOI]bool{}
		for _, e := range tr.events {
			switch e := e.(type) {
			case event.ObjectStarted:
				if started[e.TOI] || ended[e.TOI] {
					t.Errorf("%s: TOI %v starts again", tr.name, e.TOI)
				}
				started[e.TOI] = true
			case event.ObjectProgress:
				if !started[e.TOI] || ended[e.TOI] || e.Received > e.TransferLength {
					t.Errorf("%s: progress %+v", tr.name, e)
				}
			case event.ObjectCompleted:
				if ended[e.TOI] || int(e.Size) != len(tr.files[e.TOI]) {
					t.Errorf("%s: completed %+v", tr.name, e)
				}
				ended[e.TOI] = true
			case event.QueueEmpty, event.FDTPublished:
			default:
				t.Errorf("%s: %T %+v", tr.name, e, e)
			}
		}
		if len(ended) != len(tr.files) || len(started) != len(ended) {
			t.Errorf("%s: %d files, %d started, %d ended", tr.name, len(tr.files), len(started), len(ended))
		}
	}
}
