package sender

import "github.com/flute-node/flute-node/flute"

// names finds the objects of a session that are described, or will be: by TOI and by Content-Location.
type names struct {
	tois
	locations map[string]*object // the newest of each
}

func newNames(cfg *Config) names {
	n := names{
		tois: tois{
			next: cfg.FirstTOI, objects: make(map[flute.TOI]*object), retired: make(map[flute.TOI]struct{}),
		},
		locations: make(map[string]*object),
	}
	if cfg.mbms() {
		n.last = flute.NewTOI(maxMBMS)
	}
	return n
}

func (n *names) add(o *object) {
	n.objects[o.toi] = o
	n.locations[o.location] = o
}

// vacate has the Content-Location of o stand for no object, if it stands for o.
func (n *names) vacate(o *object) {
	if n.locations[o.location] == o {
		delete(n.locations, o.location)
	}
}

// forget forgets an object that no further FDT Instance describes.
func (n *names) forget(o *object) {
	if o.state == finished {
		n.vacate(o)
	}
	n.retire(o.toi, o.until)
}
