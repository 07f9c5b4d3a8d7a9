package sender

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/lct"
)

// Each test looks at one rule of the conformance list in all packets of all traces.

func TestConf_L02_L03_L05_L08_A03_A07_HeaderBits(t *testing.T) {
	each(t, func(t *testing.T, _ *trace, i int, p *packet) {
		if p.Version != 1 || p.PSI != 0 || p.Reserved != 0 || p.CCILen != 4 || p.CCI != [16]byte{} {
			t.Errorf("packet %d: %+v", i, p.Header)
		}
	})
}

func TestConf_L11_B_IsOnTheLastPacketOnly(t *testing.T) {
	for _, tr := range traces(t) {
		last := map[flute.TOI]int{}
		for i := range tr.packets {
			last[tr.packets[i].TOI] = i
		}
		for i := range tr.packets {
			p := &tr.packets[i]
			if want := !p.TOI.IsFDT() && last[p.TOI] == i; p.CloseObject != want {
				t.Errorf("%s: packet %d of TOI %v: B=%v", tr.name, i, p.TOI, p.CloseObject)
			}
		}
	}
}

func TestConf_L09_E06_CloseSession(t *testing.T) {
	for _, tr := range traces(t) {
		for i := range tr.packets {
			if tr.packets[i].CloseSession {
				t.Errorf("%s: packet %d has the flag A", tr.name, i)
			}
		}
		p, err := alc.Parse(tr.close)
		if err != nil {
			t.Fatal(err)
		}
		// TSIs of 48 bits need the half-word H, which a TOI field of 0 comes with.
		if !p.CloseSession || len(p.Body) != 0 || p.TSI != tr.cfg.Session.TSI ||
			(p.HasTOI && tr.cfg.Session.TSI < 1<<32) {
			t.Errorf("%s: close packet %+v", tr.name, p)
		}
	}
	s, _ := oneFile(t, Config{}, 100)
	first := s.AppendClose(nil)
	if pkt, ok, err := s.AppendNext(nil, start); ok || err != nil || len(pkt) != 0 {
		t.Errorf("after A: %x, %v, %v", pkt, ok, err)
	}
	if again := s.AppendClose(nil); !bytes.Equal(first, again) {
		t.Errorf("A again: %x, first %x", again, first)
	}
	if !s.Done() || !s.Deadline().IsZero() {
		t.Error("a closed session is not done")
	}
}

func TestConf_L14_L27_HeaderLength(t *testing.T) {
	for _, tr := range traces(t) {
		for i, b := range tr.raw {
			h, n, err := lct.Parse(b)
			if err != nil || n%4 != 0 || int(b[2])*4 != n || h.Len() != n {
				t.Errorf("%s: packet %d: header of %d bytes, HDR_LEN %d, %v", tr.name, i, n, b[2], err)
			}
		}
	}
}

func TestConf_L01_L20_L22_A02_A12_Identifiers(t *testing.T) {
	each(t, func(t *testing.T, tr *trace, i int, p *packet) {
		if !p.HasTSI || p.TSI != tr.cfg.Session.TSI || !p.HasTOI {
			t.Errorf("packet %d: %+v", i, p.Header)
		}
		if _, ok := tr.files[p.TOI]; !ok && !p.TOI.IsFDT() {
			t.Errorf("packet %d: TOI %v is no file", i, p.TOI)
		}
	})
}

func TestConf_A10_B01_C05_K01_OneSymbolPerPacket(t *testing.T) {
	each(t, func(t *testing.T, _ *trace, i int, p *packet) {
		if p.oti.TransferLength == 0 {
			return
		}
		part := p.oti.Partition()
		want := uint32(p.oti.SymbolLength)
		if _, n := part.Symbol(p.id.SBN, p.id.ESI); n != 0 && p.oti.EncodingID == fec.CompactNoCode {
			want = n // only the last symbol of the last block is short
		}
		if uint32(len(p.symbol)) != want || part.BlockSymbols(p.id.SBN) == 0 {
			t.Errorf("packet %d: symbol %+v of %d bytes, want %d", i, p.id, len(p.symbol), want)
		}
		if k := part.BlockSymbols(p.id.SBN); p.oti.EncodingID == fec.SmallBlockSystematic &&
			uint32(p.id.SourceBlockLength) != k {
			t.Errorf("packet %d: source block length %d, want %d", i, p.id.SourceBlockLength, k)
		}
	})
}

// C06: with a code the last source symbol is sent padded with zeros.
func TestConf_C06_PaddingIsZero(t *testing.T) {
	each(t, func(t *testing.T, _ *trace, i int, p *packet) {
		part := p.oti.Partition()
		_, n := part.Symbol(p.id.SBN, p.id.ESI)
		if pad := p.symbol[min(int(n), len(p.symbol)):]; n > 0 && !bytes.Equal(pad, make([]byte, len(pad))) {
			t.Errorf("packet %d: padding %x", i, pad)
		}
	})
}

func TestConf_E01_W01_E38_E21_ExtFDT(t *testing.T) {
	each(t, func(t *testing.T, tr *trace, i int, p *packet) {
		if p.HasFDT != p.TOI.IsFDT() {
			t.Errorf("packet %d: TOI %v, EXT_FDT %v", i, p.TOI, p.HasFDT)
		}
		want := uint8(2)
		if tr.cfg.Profile != fdt.RFC6726 {
			want = 1
		}
		if p.HasFDT && p.FLUTEVersion != want {
			t.Errorf("packet %d: FLUTE version %d", i, p.FLUTEVersion)
		}
	})
}

func TestConf_E11_E23_FDTComesFirst(t *testing.T) {
	for _, tr := range traces(t) {
		described := map[flute.TOI]bool{}
		for i := range tr.packets {
			p := &tr.packets[i]
			if in := p.fdt; in != nil {
				for j := range in.Files {
					described[in.Files[j].TOI] = true
				}
			}
			if !p.TOI.IsFDT() && !described[p.TOI] {
				t.Fatalf("%s: packet %d of TOI %v before its description", tr.name, i, p.TOI)
			}
		}
	}
}

// E24: "subsequent FDT Instances MUST NOT change the parameters already described for a specific TOI".
func TestConf_E24_DescriptionsNeverChange(t *testing.T) {
	for _, tr := range traces(t) {
		described := map[flute.TOI]fdt.File{}
		for i := range tr.packets {
			if in := tr.packets[i].fdt; in != nil {
				for _, f := range in.Files {
					if old, ok := described[f.TOI]; ok {
						if diff := cmp.Diff(old, f,
							cmp.Comparer(func(a, b flute.TOI) bool { return a == b })); diff != "" {
							t.Errorf("%s: TOI %v changed: %s", tr.name, f.TOI, diff)
						}
					}
					described[f.TOI] = f
				}
			}
		}
	}
}

func TestConf_E29_ExpiresIsInTheFuture(t *testing.T) {
	for _, tr := range traces(t) {
		for i := range tr.packets {
			if in := tr.packets[i].fdt; in != nil && in.Expires.Before(tr.times[i].Add(time.Minute)) {
				t.Errorf("%s: packet %d at %v: FDT Instance expires %v", tr.name, i, tr.times[i], in.Expires)
			}
		}
	}
}

// E27, E28: the example of RFC 6726, section 3.3: 7 February 2036, 0h, and 48 hours.
func TestConf_E28_ExpiresAcrossTheNTPEra(t *testing.T) {
	now := time.Date(2036, 2, 7, 0, 0, 0, 0, time.UTC)
	s, _ := oneFile(t, Config{FDTDuration: 48 * time.Hour}, 10)
	pkt, ok, err := s.AppendNext(nil, now)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if !bytes.Contains(pkt, []byte(`Expires="149504"`)) {
		t.Errorf("FDT Instance %q", pkt)
	}
}

func TestConf_E35_FDTIsRepeated(t *testing.T) {
	const interval = 50 * time.Millisecond
	s, _ := oneFile(t,
		Config{OTI: fec.OTI{SymbolLength: 4}, FDTOTI: fec.OTI{SymbolLength: 1400}, FDTInterval: interval}, 4000)
	var v viewer
	var last time.Time
	for now, n := start, 0; !s.Done(); now, n = now.Add(time.Millisecond), n+1 {
		pkt, ok, err := s.AppendNext(nil, now)
		if err != nil {
			t.Fatal(err)
		}
		if ok && v.read(t, pkt, now).TOI.IsFDT() {
			last = now
		}
		if now.Sub(last) > interval {
			t.Fatalf("packet %d: no FDT Instance for %v", n, now.Sub(last))
		}
	}
	if got := s.Stats().FDTPackets; got < 20 || got > 24 {
		t.Errorf("%d FDT packets in a second", got)
	}
}

// A large FDT Instance on a slow path leaves three quarters of the packets to the files, whatever the interval, and is
// not sent in one go.
func TestFDTShare(t *testing.T) {
	s, _ := oneFile(t, Config{OTI: fec.OTI{SymbolLength: 4}, FDTInterval: time.Millisecond}, 40_000)
	run, longest, v := 0, 0, viewer{start: start}
	for now := start; s.Stats().Transfers == 0; now = now.Add(time.Millisecond) {
		pkt, ok, err := s.AppendNext(nil, now)
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		if run++; !v.read(t, pkt, now).TOI.IsFDT() {
			run = 0
		} else if s.Stats().Packets > s.Stats().FDTPackets {
			longest = max(longest, run)
		}
	}
	st := s.Stats()
	if share := float64(st.FDTPackets) / float64(st.Packets); share < 0.2 || share > 0.27 || longest != 1 {
		t.Errorf("%d of %d packets are of the FDT, up to %d in a row", st.FDTPackets, st.Packets, longest)
	}
}

// E48: after Complete=true no new data, and every later instance says it too. Where files leave the FDT, all were
// described before: "identical file parameters to those already given in this and previous FDT Instances".
func TestConf_E48_CompleteStays(t *testing.T) {
	for _, tr := range traces(t) {
		var complete *fdt.Instance
		described := map[flute.TOI]bool{}
		for i := range tr.packets {
			in := tr.packets[i].fdt
			if in == nil {
				continue
			}
			for j := range in.Files {
				if toi := in.Files[j].TOI; complete != nil && !described[toi] {
					t.Errorf("%s: TOI %v is new after Complete", tr.name, toi)
				} else {
					described[toi] = true
				}
			}
			if tr.cfg.prompt() {
				if complete != nil && !in.Complete || in.Complete && len(described) != len(tr.files) {
					t.Errorf("%s: %d of %d files described with FDT Instance %d: %+v",
						tr.name, len(described), len(tr.files), in.ID, in)
				}
			} else if complete != nil && (!in.Complete || len(in.Files) != len(complete.Files)) {
				t.Errorf("%s: FDT Instance %d after the complete one %d: %+v", tr.name, in.ID, complete.ID, in)
			}
			if in.Complete {
				complete = in
			}
		}
		switch {
		case tr.cfg.Profile == fdt.MBMSDownload:
			if complete != nil {
				t.Errorf("%s: Complete is not used in this profile (O04)", tr.name)
			}
		case complete == nil:
			t.Errorf("%s: no FDT Instance says Complete", tr.name)
		case len(complete.Files) != len(tr.files) && !tr.cfg.prompt():
			t.Errorf("%s: the complete FDT Instance describes %d of %d files", tr.name, len(complete.Files),
				len(tr.files))
		}
	}
}

func TestConf_E55_E56_E57_E58_E59_FileAttributes(t *testing.T) {
	each(t, func(t *testing.T, tr *trace, i int, p *packet) {
		if p.fdt == nil {
			return
		}
		for j := range p.fdt.Files {
			f := &p.fdt.Files[j]
			if f.ContentType != defaultContentType || f.ContentLength == nil ||
				int(*f.ContentLength) != len(tr.files[f.TOI]) ||
				f.ContentEncoding != tr.encoded[f.TOI] || len(f.MD5) != 16 || !f.HasOTI {
				t.Errorf("packet %d: %+v", i, f)
			}
			mbms := tr.cfg.Profile == fdt.MBMSDownload
			if f.TransferLength == nil || *f.TransferLength != f.OTI.TransferLength {
				t.Errorf("packet %d: Transfer-Length %v, OTI %+v", i, f.TransferLength, f.OTI)
			}
			if (len(f.SHA256) == 32) == mbms {
				t.Errorf("packet %d: SHA-256 %x", i, f.SHA256)
			}
		}
	})
}

func TestConf_E67_E68_E69_ExtCENC(t *testing.T) {
	each(t, func(t *testing.T, tr *trace, i int, p *packet) {
		want := p.TOI.IsFDT() && tr.cfg.FDTCENC != flute.Null
		if p.HasCENC != want || (want && p.CENC != uint8(tr.cfg.FDTCENC)) {
			t.Errorf("packet %d: TOI %v, EXT_CENC %v, %d", i, p.TOI, p.HasCENC, p.CENC)
		}
	})
}

// E74: an FDT Instance is finished before the next one.
func TestConf_E74_FDTInstancesAreNotInterrupted(t *testing.T) {
	for _, tr := range traces(t) {
		left := 0 // packets of the transmission
		var id flute.InstanceID
		for i := range tr.packets {
			p := &tr.packets[i]
			switch {
			case !p.TOI.IsFDT():
				continue
			case left == 0:
				id = p.InstanceID
				part := p.oti.Partition()
				for sbn := range part.Blocks() {
					k := part.BlockSymbols(fec.SBN(sbn))
					left += int(k + p.oti.RepairSymbols(k))
				}
			case p.InstanceID != id:
				t.Fatalf("%s: packet %d interrupts FDT Instance %d", tr.name, i, id)
			}
			left--
		}
		if left > 0 {
			t.Errorf("%s: ends inside an FDT Instance", tr.name)
		}
	}
}

// E78, E79, O02: EXT_FTI is in all FDT packets, and in those of files unless it is out of band. That both places agree
// (E80) and the codepoint is the FEC Encoding ID (E83) the viewer checks with each packet.
func TestConf_E78_E80_E83_O02_ExtFTI(t *testing.T) {
	each(t, func(t *testing.T, tr *trace, i int, p *packet) {
		want := p.TOI.IsFDT() || tr.cfg.FTI == EveryPacket || tr.cfg.FTI == FirstOfBlock && p.id.ESI == 0
		if want = want && !(tr.cfg.Profile.MBMS() && !p.TOI.IsFDT()); (p.FTI != nil) != want {
			t.Errorf("packet %d: TOI %v, EXT_FTI %x", i, p.TOI, p.FTI)
		}
	})
}

func TestConf_L34_L39_W03_SCT(t *testing.T) {
	each(t, func(t *testing.T, tr *trace, i int, p *packet) {
		mbms := tr.cfg.Profile.MBMS()
		if want := p.TOI.IsFDT() && !mbms; (p.Time != nil) != want {
			t.Fatalf("packet %d: TOI %v, EXT_TIME %x", i, p.TOI, p.Time)
		}
		if p.Time == nil {
			return
		}
		sct, err := lct.ParseTime(p.Time, start)
		if late := tr.times[i].Sub(sct.SCT); err != nil || !sct.HasSCT || late < 0 || late > time.Microsecond {
			t.Errorf("packet %d: SCT %v at %v, %v", i, sct.SCT, tr.times[i], err)
		}
	})
}

// TS 26.346, section 7.2.7: CCI 0 of 32 bits, a TSI of 16 bits, FDT Instances with TOI 0 only.
func TestConf_O01_MBMSIdentifiers(t *testing.T) {
	each(t, func(t *testing.T, tr *trace, i int, p *packet) {
		if tr.cfg.Profile.MBMS() && (p.TSILen != 2 || p.TOILen != 2) {
			t.Errorf("packet %d: TSI of %d bytes, TOI of %d", i, p.TSILen, p.TOILen)
		}
		if cci := p.CCI[:p.CCILen]; tr.cfg.Profile.MBMS() && !bytes.Equal(cci, make([]byte, 4)) {
			t.Errorf("packet %d: CCI %x", i, cci)
		}
		if tr.cfg.Profile.MBMS() && p.HasFDT != p.TOI.IsFDT() {
			t.Errorf("packet %d: TOI %v, EXT_FDT %v", i, p.TOI, p.HasFDT)
		}
	})
}
