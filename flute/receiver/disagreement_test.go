package receiver

import (
	"errors"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/drop"
)

// E81: the FDT and EXT_FTI disagree, and the first packet lacks EXT_FTI. EXT_FTI wins until symbols are held; from then
// on its packets are dropped. A Warning names both, once.
func TestConf_E81_FirstPacketWithoutEXTFTI(t *testing.T) {
	o := plain(t, 1, 300, 100, 4)
	bare := o
	bare.noFTI = true
	says := func(symbol uint16) fdt.File {
		f := o.file("a")
		f.OTI.SymbolLength = symbol
		return f
	}
	for _, tt := range []struct {
		name       string
		file       fdt.File
		undone     bool
		dropped    flute.DropReason
		n          uint64
		conclusion string
	}{
		{"no symbol is held", says(70), false, drop.SymbolLength, 1, "EXT_FTI is used"},
		{"symbols are held", says(50), true, drop.OTI, 6, "packets are dropped"},
		{"they agree", says(100), false, drop.OTI, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.feed(describe(t, 0, tt.file), bare.packet(0, 0, 1))
			r.feed(o.all()...)
			if tt.undone {
				r.feed(o.all()...)
				r.want()
			} else {
				r.want("completed 1 a 300")
				r.file("a", o.content)
			}
			if n := r.dropped(tt.dropped); n != tt.n {
				t.Errorf("%d packets dropped", n)
			}
			warnings := eventsOf[event.Warning](r)
			if tt.conclusion == "" {
				if len(warnings) != 0 {
					t.Errorf("%+v", warnings)
				}
			} else if len(warnings) != 1 || !strings.Contains(warnings[0].Text,
				"EXT_FTI says FEC Encoding ID 0, 300 bytes, symbols of 100 bytes") ||
				!strings.Contains(warnings[0].Text, "the FDT says FEC Encoding ID 0, 300 bytes, symbols of ") ||
				!strings.HasSuffix(warnings[0].Text, tt.conclusion) {
				t.Errorf("%+v", warnings)
			}
			r.close()
		})
	}
}

// An EXT_FTI that cannot be takes no place, and the object goes on by the FDT.
func TestConf_E81_BadEXTFTIDoesNotWin(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	o.noFTI = true
	bad := plain(t, 1, 300, 100, 4)
	bad.oti.SymbolLength = 0
	huge := plain(t, 1, 300, 100, 4)
	huge.oti.TransferLength = 1 << 41
	r.feed(describe(t, 0, o.file("a")), o.raw(0, 0, make([]byte, 30)), bad.raw(0, 0, make([]byte, 100)),
		huge.raw(0, 0, make([]byte, 100)))
	if n := r.dropped(drop.OTI); n != 2 {
		t.Errorf("%+v", r.l.Counters().Dropped)
	}
	r.feed(o.all()...)
	r.want("completed 1 a 300")
	r.close()
}

// What came before the FDT is used by the OTI of any of it that has EXT_FTI, in whatever order it came.
func TestConf_E81_KeptPacketWithEXTFTIWins(t *testing.T) {
	o := plain(t, 1, 300, 100, 4)
	bare := o
	bare.noFTI = true
	f := o.file("a")
	f.OTI.SymbolLength = 50
	r := newRig(t)
	r.feed(bare.packet(0, 0, 1), bare.packet(0, 1, 1), o.packet(0, 2, 1), describe(t, 0, f))
	r.want("completed 1 a 300")
	r.file("a", o.content)
	r.close()
}

// E81: of two packets whose EXT_FTI disagree, the FDT tells which is right: one that was damaged or forged, and came
// first, does not cost the file.
func TestConf_E81_EXTFTIThatTheFDTConfirms(t *testing.T) {
	o := coded(t, 1, 30_000, 400, 9, 13, "")
	wrong := o
	wrong.oti.MaxSourceBlockLength = 13
	d := describe(t, 0, o.file("a"))
	for name, first := range map[string][][]byte{
		"described before": {d, wrong.packet(0, 0, 1)},
		"described after":  {wrong.packet(0, 0, 1), d},
		"agreement first":  {d, o.packet(0, 0, 1), wrong.packet(0, 1, 1), wrong.packet(0, 1, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.feed(first...)
			r.feed(o.all()...)
			r.want("completed 1 a 30000")
			r.file("a", o.content)
			r.close()
		})
	}
}

// What an OTI says is told with all that its scheme has, also where that is one.
func TestDescribeOTI(t *testing.T) {
	for want, o := range map[string]fec.OTI{
		"FEC Encoding ID 0, 5 bytes, symbols of 3 bytes, source blocks of 1": {
			TransferLength: 5, SymbolLength: 3, MaxSourceBlockLength: 1,
		},
		"FEC Encoding ID 6, 5 bytes, symbols of 3 bytes, 1 source blocks of 1 sub-blocks": {
			EncodingID: fec.RaptorQ, TransferLength: 5, SymbolLength: 3, SourceBlocks: 1, SubBlocks: 1, Alignment: 1,
		},
		"FEC Encoding ID 5, 5 bytes, symbols of 3 bytes, source blocks of 2 and at most 1 encoding symbols": {
			EncodingID: fec.ReedSolomonGF28, TransferLength: 5, SymbolLength: 3, MaxSourceBlockLength: 2,
			MaxEncodingSymbols: 1,
		},
		"FEC Encoding ID 9, 5 bytes, symbols of 3 bytes": {EncodingID: 9, TransferLength: 5, SymbolLength: 3},
	} {
		if got := describeOTI(&o); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// E83: that the codepoint is not what the FDT says is told, once, and so is a sender that is too old.
func TestConf_E83_CodepointIsTold(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	r.feed(describe(t, 0, o.file("a")))
	r.feed(coded(t, 1, 300, 100, 4, 6, "").all()...)
	w := eventsOf[event.Warning](r)
	if len(w) != 1 || !strings.Contains(w[0].Text, "codepoint is 5, the FDT says FEC Encoding ID 0") {
		t.Errorf("%+v", w)
	}
	r.close()
}

func TestOldSenderIsToldOnce(t *testing.T) {
	o := plain(t, 1, 300, 100, 4)
	o.noFTI = true
	fti := []byte{0, 0, 0, 0, 160, 0, 0, 16, 0, 1, 1, 4, 0, 0}
	short := func(h *lct.Header) {
		h.Codepoint = uint8(fec.Raptor)
		h.Extensions = lct.AppendExtension(nil, lct.HETFTI, fti)
	}
	if _, err := fec.ParseFTI(fec.Raptor, fti); !errors.Is(err, drop.ErrShortRaptorFTI) {
		t.Fatal(err)
	}
	r := newRig(t)
	r.feed(describe(t, 0, fdt.File{TOI: o.toi, ContentLocation: "a"}))
	r.feed(o.packet(0, 0, 1, short), o.packet(0, 1, 1, short), o.packet(0, 2, 1, short))
	w := eventsOf[event.Warning](r)
	if len(w) != 1 || !strings.Contains(w[0].Text, "TOI 1: ") ||
		!strings.Contains(w[0].Text, drop.ErrShortRaptorFTI.Error()) {
		t.Errorf("%+v", w)
	}
	if n := r.dropped(drop.OTI); n != 3 {
		t.Errorf("%+v", r.l.Counters().Dropped)
	}
	if r.l.entries[o.toi].held != nil {
		t.Error("something is held")
	}
	r.close()
}
