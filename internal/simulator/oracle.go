package simulator

import (
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// promptly is how long the receiver may take to deliver what can be decoded.
const promptly = 5 * time.Second

// surplus is how many symbols beyond those of the source block RaptorQ may need.
const surplus = 4

// oracle knows from what was read when each object can be decoded, and demands that it is delivered then. It is for
// plans in which nothing but the network fails. The caller of its methods holds world.mu, but for look.
type oracle struct {
	w       *world
	on      bool
	objects map[object]*expected
	names   map[object]string // Content-Location, of the objects that are sent
	told    map[flute.TSI]time.Time
}

// expected is an object on its way.
type expected struct {
	parts fec.Partition
	more  uint32
	got   map[fec.SBN]map[fec.ESI]struct{}
	whole int // source blocks
	ready time.Time
	done  bool
}

func newOracle(w *world) *oracle {
	p := w.plan
	return &oracle{
		w: w, objects: map[object]*expected{}, names: map[object]string{}, told: map[flute.TSI]time.Time{},
		on: !p.has(killReceiver, cutPower, cutWrite, stopReceiver, killSender, stopSender, updateFile, removeFile,
			diskFull, diskFails, diskSlow, diskHangs, diskLies, closeSession, closeObject, reopenSocket) &&
			len(p.Crashes) == 0 && p.Link.Flip == 0 && !p.Spoofed && p.Budget == 64<<20,
	}
}

func (o *oracle) key(tsi flute.TSI, toi flute.TOI) object {
	return object{flute.SessionKey{Source: source, Group: group, TSI: tsi}, toi}
}

// named says which file an object is.
func (o *oracle) named(tsi flute.TSI, toi flute.TOI, name string) { o.names[o.key(tsi, toi)] = name }

// described takes an FDT Instance.
func (o *oracle) described(e event.FDTReceived) {
	i := int(e.Session.TSI) - 1
	if e.Session.Source != source || i < 0 || i >= len(o.w.plan.Sessions) {
		return
	}
	s := o.w.plan.Sessions[i]
	if _, ok := o.told[e.Session.TSI]; !ok && e.Files == len(s.Files) && !s.FDTOnly {
		o.told[e.Session.TSI] = time.Now()
	}
}

// sees takes a datagram that was read.
func (o *oracle) sees(b []byte) {
	if !o.on {
		return
	}
	s, p, ok := symbolOf(b)
	if !ok || p.FTI == nil {
		return
	}
	x := o.objects[o.key(s.tsi, s.toi)]
	if x == nil {
		oti, err := fec.ParseFTI(fec.EncodingID(p.Codepoint), p.FTI)
		if err != nil || oti.Validate() != nil {
			return
		}
		x = &expected{parts: oti.Partition(), got: map[fec.SBN]map[fec.ESI]struct{}{}}
		if oti.EncodingID == fec.RaptorQ {
			x.more = surplus
		}
		o.objects[o.key(s.tsi, s.toi)] = x
	}
	if !x.ready.IsZero() || uint32(s.sbn) >= x.parts.Blocks() {
		return
	}
	block := x.got[s.sbn]
	if block == nil {
		block = map[fec.ESI]struct{}{}
		x.got[s.sbn] = block
	}
	if _, ok := block[s.esi]; ok {
		return
	}
	block[s.esi] = struct{}{}
	if uint32(len(block)) == x.parts.BlockSymbols(s.sbn)+x.more {
		x.whole++
	}
	if x.whole == int(x.parts.Blocks()) {
		x.ready = time.Now()
	}
}

// look demands what can be decoded.
func (o *oracle) look() {
	if !o.on {
		return
	}
	w := o.w
	var due []string
	w.mu.Lock()
	for key, x := range o.objects {
		told, ok := o.told[key.session.TSI]
		if x.done || x.ready.IsZero() || !ok || time.Since(x.ready) < promptly || time.Since(told) < promptly {
			continue
		}
		x.done = true
		if name := o.names[key]; name != "" {
			due = append(due, name)
		}
	}
	w.mu.Unlock()
	for _, name := range due {
		w.check(Decodability)
		if content, ok := w.files.current()[name]; ok && !w.disk.Has(w.onDisk(name), content) {
			w.fail(Decodability, "%s can be decoded from what was read, and is not delivered", name)
		}
	}
}
