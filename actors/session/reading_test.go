package session

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/lanes"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/actortest"
)

// slowReaders are lanes in which FDT Instances are read when the test says so.
type slowReaders struct {
	*lanes.Lanes
	mu  sync.Mutex
	out []*lanes.Entry
}

func (r *slowReaders) Run(e *lanes.Entry) {
	if w, ok := e.Work().(*receiver.Work); ok && w.TOI().IsFDT() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.out = append(r.out, e)
		return
	}
	r.Lanes.Run(e)
}

// read has the lanes read what waits, and returns how many FDT Instances that were.
func (r *slowReaders) read() int {
	r.mu.Lock()
	out := r.out
	r.out = nil
	r.mu.Unlock()
	for _, e := range out {
		r.Lanes.Run(e)
	}
	time.Sleep(10 * time.Millisecond)
	return len(out)
}

// describing returns the packets of an FDT Instance of length bytes, which describes one file.
func describing(t *testing.T, id flute.InstanceID, toi uint64, name string, file fec.OTI, length int) [][]byte {
	t.Helper()
	xml, err := (&fdt.Instance{Expires: time.Now().Add(time.Hour), Files: []fdt.File{{
		TOI: flute.NewTOI(toi), ContentLocation: name, OTI: file, HasOTI: true,
	}}}).AppendXML(nil, fdt.RFC6726)
	if err != nil {
		t.Fatal(err)
	}
	xml = append(xml, bytes.Repeat([]byte{' '}, max(0, length-len(xml)))...)
	oti := fec.OTI{TransferLength: uint64(len(xml)), SymbolLength: 60_000, MaxSourceBlockLength: 1000}
	return packetsOf(t, alc.Spec{TSI: 1, FLUTEVersion: 2, InstanceID: id, OTI: &oti}, xml)
}

// packetsOf returns the packets of content, which has one source block without a code.
func packetsOf(t *testing.T, spec alc.Spec, content []byte) (datagrams [][]byte) {
	t.Helper()
	template, err := alc.NewTemplate(spec)
	if err != nil {
		t.Fatal(err)
	}
	for esi, size := 0, int(spec.OTI.SymbolLength); esi*size < len(content); esi++ {
		d := spec.OTI.AppendPayloadID(template.Append(nil, false), fec.PayloadID{ESI: fec.ESI(esi)})
		datagrams = append(datagrams, append(d, content[esi*size:min(len(content), (esi+1)*size)]...))
	}
	return datagrams
}

// TestSessionGoesOnWhileInstanceIsRead: packets are handled, and files completed, while nobody has read an FDT Instance
// of 4 MB. It is read once somebody does, also if the session has crashed meanwhile.
func TestSessionGoesOnWhileInstanceIsRead(t *testing.T) {
	for name, crash := range map[string][]inject.Rule{
		"":                  nil,
		"crash while it is": {{Kind: inject.Panic, Actor: "session/receiving-1", Message: "packets", Nth: 3}},
		"crash when it was": {{Kind: inject.Panic, Actor: "session/receiving-1", Message: "ran", Nth: 3}},
		"crash while and when": {
			{Kind: inject.Panic, Actor: "session/receiving-1", Message: "packets", Nth: 3},
			{Kind: inject.Panic, Actor: "session/receiving-1", Message: "ran", Nth: 3},
		},
	} {
		t.Run(name, func(t *testing.T) {
			actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
				works := &slowReaders{Lanes: lanes.New(lanes.Config{Processors: 1})}
				d := newDoomed(t, sys, receiver.Config{}, works, Config{Faults: inject.New(1, crash...)})
				close(d.answer)
				content := bytes.Repeat([]byte("content"), 1000)
				oti := fec.OTI{TransferLength: uint64(len(content)), SymbolLength: 1000, MaxSourceBlockLength: 64}
				file := func(toi uint64) [][]byte {
					return packetsOf(t, alc.Spec{TSI: 1, TOI: flute.NewTOI(toi), OTI: &oti}, content)
				}
				give := func(datagrams [][]byte) {
					d.give(datagrams...)
					time.Sleep(10 * time.Millisecond)
				}
				has := func(name string) bool {
					got, ok := d.files.Get(name)
					return ok && bytes.Equal(got, content)
				}
				give(describing(t, 0, 1, "known", oti, 0))
				give(describing(t, 1, 2, "new", oti, 4_000_000))
				give([][]byte{{}}) // lost by a crash
				give(file(1))
				give(file(2))
				if !has("known") || has("new") {
					t.Errorf("known: %v, new: %v", has("known"), has("new"))
				}
				if works.read() == 0 {
					t.Error("no Work reads the FDT Instance")
				}
				works.read() // again, after a crash
				time.Sleep(time.Second)
				if !has("new") {
					t.Error("the file that the large FDT Instance describes is missing")
				}
			})
		})
	}
}
