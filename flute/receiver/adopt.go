package receiver

import (
	"time"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// adopt lets the rival take the place of what it contradicts.
func (s *Session) adopt(now time.Time) {
	l := s.l
	r := l.rival
	l.rival = rival{}
	l.share.Small.Release(r.cost)
	if ln := l.lineOf(r.run); ln != nil { // seams since it was first heard have been none
		s.recogniseFrom(ln, r.run)
	}
	r.in.run = r.run
	for id, in := range l.instances { // what they describe may have been refused
		if in.run == r.run && in != r.in {
			l.reread(id, now)
		}
	}
	if r.partial {
		s.adoptFiles(now, &r)
		return
	}
	s.replaceRuns(&r)
	if r.in.object == nil { // it was read before, as far as it contradicts nothing
		s.adoptFiles(now, &r)
	} else {
		s.install(now, r.in, r.document)
	}
	for toi := range l.apart { // of files that it does not describe
		e := l.entries[toi]
		if e == nil {
			var err error
			if e, err = l.entry(now, toi); err != nil {
				continue
			}
			e.run = r.run
		}
		s.rejoin(e)
	}
	l.apartSince = noTime
}

// adoptFiles gives the TOIs that the rival changes their new meaning.
func (s *Session) adoptFiles(now time.Time, r *rival) {
	l := s.l
	for toi, file := range r.files {
		if e := l.entries[toi]; e != nil && e.file != nil && changed(e.file, file) != "" {
			s.dismiss(e, event.FailSuperseded, "another file has its TOI")
		} else if e != nil && e.run == r.run {
			continue
		}
		if err := s.mergeFile(now, r.listing, file, r.in.forget); err != nil {
			l.completion.refuse(toi.String())
		}
	}
}

// install makes in, which is whole, the FDT Instance of its ID. f is its document; nil: it was not read yet.
func (s *Session) install(now time.Time, in *instance, f *fdt.Instance) {
	l := s.l
	if known := l.instances[in.id]; known != nil && known != in {
		l.forgetInstance(known.id, known)
	}
	l.charge(in)
	l.number(in)
	l.arrive(in)
	l.effects.Events = l.opening(l.effects.Events)
	if f == nil {
		_ = s.read(now, in) // an error was told
	} else if err := s.adoptInstance(now, in, f); err != nil {
		s.refuse(now, in, err)
	}
}

// replaceRuns forgets what the runs have said that the rival contradicts. Objects that are being published finish; of
// the others, those go on that the rival describes with the same digest. Nothing more of the rest is sent.
func (s *Session) replaceRuns(r *rival) {
	l := s.l
	for _, e := range l.entries {
		file := r.files[e.toi]
		switch {
		case e.run == r.run && !e.mixed:
		case e.file == nil:
			l.drop(e, true)
			l.effects.Ended = append(l.effects.Ended, e.toi)
			l.remove(e)
		case file != nil && changed(e.file, file) == "" && sharesDigest(e.file, file):
			e.run, e.mixed, e.contested = r.run, false, false
		default:
			s.dismiss(e, event.FailClosed, "the sender started again")
		}
	}
	for id, in := range l.instances {
		if in.run != r.run {
			l.forgetInstance(id, in)
		}
	}
	l.closing, l.version, l.completion = noTime, 0, completion{}
}

// dismiss forgets e, whose TOI means something else from now on. If it is unfinished, it fails for reason; if it is
// being published, it finishes.
func (s *Session) dismiss(e *entry, reason event.FailReason, detail string) {
	f := &s.l.effects
	switch {
	case e.phase == finishing && e.isOut():
		f.Detached = append(f.Detached, e.toi)
	case !e.ended():
		s.fail(e, reason, detail)
	default:
		f.Ended = append(f.Ended, e.toi)
	}
	s.l.remove(e)
}
