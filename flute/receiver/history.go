package receiver

// history lists the described objects that have ended, or rest and hold nothing, those first that ended, or were
// described, longest ago. All its methods take constant time: an FDT Instance of 100,000 File elements may ask for as many
// places.
type history struct{ oldest, newest *entry }

// place is where an entry stands in the history.
type place struct {
	older, newer *entry
	listed       bool
}

// add makes e the newest.
func (h *history) add(e *entry) {
	h.remove(e)
	e.place = place{older: h.newest, listed: true}
	if h.newest == nil {
		h.oldest = e
	} else {
		h.newest.place.newer = e
	}
	h.newest = e
}

// remove takes e out, if it is listed.
func (h *history) remove(e *entry) {
	p := e.place
	if !p.listed {
		return
	}
	if p.older == nil {
		h.oldest = p.newer
	} else {
		p.older.place.newer = p.newer
	}
	if p.newer == nil {
		h.newest = p.older
	} else {
		p.newer.place.older = p.older
	}
	e.place = place{}
}
