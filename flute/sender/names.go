package sender

// names finds the objects of a session that are described, or will be: by TOI and by Content-Location.
type names struct {
	tois
	locations map[string]*object // the newest of each
}

func newNames(cfg *Config) names {
	return names{tois: newTOIs(cfg.FirstTOI, cfg.TOIBits), locations: make(map[string]*object)}
}

func (n *names) add(o *object) {
	n.release(o.toi)
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
