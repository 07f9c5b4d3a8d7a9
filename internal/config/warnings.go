package config

import (
	"slices"
	"time"

	"github.com/flute-node/flute-node/internal/settings"
)

// Machine is what [Config.Warnings] asks of the machine that the configuration is for. What is zero is not known.
type Machine struct {
	Memory   uint64                                   // bytes that the process may have
	Disk     func(path string) (uint64, error)        // size in bytes of the disk of a folder, which need not exist
	Loopback func(interfaceName string) (bool, error) // the error says that there is no such interface
}

// Warnings returns what can be used and is surely not meant, in the order of the file, at now. The Config must be one
// that Load has returned.
func (c *Config) Warnings(m Machine, now time.Time) Errors {
	w := warner{faults: &faults{}, Config: c, machine: m, now: now}
	w.node()
	w.sinks()
	for i := range c.Receive {
		w.receive(&c.Receive[i])
	}
	for i := range c.Send {
		w.send(&c.Send[i])
	}
	w.constant()
	w.folders()
	w.shellWords()
	if len(c.Receive)+len(c.Send)+len(c.UTP) == 0 && len(c.Files) > 0 {
		w.add(place{file: c.Files[0]}, "there is no receive, send or utp: nothing will be done")
	}
	return w.sorted()
}

// warner looks for what is surely not meant.
type warner struct {
	*faults
	*Config

	machine Machine
	now     time.Time
}

// node looks at what concerns all of the node.
func (w *warner) node() {
	n := &w.Node
	if most := w.machine.Memory; most != 0 && uint64(n.Memory) > most {
		w.add(n.origin.of("memory"), "node.memory %v: the machine has %v, or lets this process have no more, and ends "+
			"it when that is spent", n.Memory, settings.Bytes(most))
	}
	if doubt := n.Rate.Doubt(0); doubt != "" {
		w.add(n.origin.of("rate"), "node.rate: %s", doubt)
	}
}

// sinks looks for those that are told nothing, and for what is said of them where there are none.
func (w *warner) sinks() {
	for _, key := range []string{"outbox", "outbox_items", "outbox_bytes"} {
		if _, given := w.Node.origin.keys[key]; given && len(w.Sinks) == 0 {
			w.add(w.Node.origin.of(key), "node.%s does nothing without sinks", key)
		}
	}
	named := map[string]bool{}
	for i := range w.Receive {
		for _, name := range w.Receive[i].Sinks {
			named[name] = true
		}
	}
	for i := range w.Sinks {
		if s := &w.Sinks[i]; !s.fleet && !named[s.Name] {
			w.add(s.origin.of("name"), "sink %s: no receive names it in sinks", s.Name)
		}
	}
}

// receive looks at a reception.
func (w *warner) receive(r *Receive) {
	o := &r.origin
	what := "receive " + r.Name
	w.noInterface(r.Interface, what, o)
	if r.Dir == "" || w.machine.Disk == nil {
		return
	}
	n, err := w.machine.Disk(r.Dir)
	if err != nil {
		return
	}
	size := settings.Bytes(n)
	if r.MinFree > size {
		w.add(o.of("min_free"), "%s: min_free %v: the disk of %s has %v in all, and no file will be received", what,
			r.MinFree, r.Dir, size)
	}
	if r.MaxBytes > size {
		w.add(o.of("max_bytes"), "%s: max_bytes %v: the disk of %s has %v in all, and is full before", what,
			r.MaxBytes, r.Dir, size)
	}
}

// constant looks at whether the sessions that send at their rate all the time find room within that of the node.
func (w *warner) constant() {
	var sum settings.BitRate
	var last *Send
	for i := range w.Send {
		if s := &w.Send[i]; s.Constant && s.Rate != nil {
			sum += *s.Rate
			last = s
		}
	}
	if last != nil && w.Node.Rate != 0 && sum > w.Node.Rate {
		w.add(last.origin.of("constant"), "send %s: the sections with constant send %v together, and node.rate is %v: "+
			"not all of them have their rate all the time", last.Name, sum, w.Node.Rate)
	}
}

// noInterface warns of an interface that is not there.
func (w *warner) noInterface(name, what string, o *origin) {
	if name == "" || w.machine.Loopback == nil {
		return
	}
	if _, err := w.machine.Loopback(name); err != nil {
		w.add(o.of("interface"), "%s: interface %s: %v; it is tried again until there is one", what, name, err)
	}
}

// overlap reports whether two lists select some session in common; an empty list selects all.
func overlap(a, b []uint64) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(n uint64) bool { return slices.Contains(b, n) })
}
