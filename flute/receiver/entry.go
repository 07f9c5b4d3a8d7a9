package receiver

import (
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/internal/content"
)

// phase is how far an object has come.
type phase uint8

const (
	announced phase = iota // described or opened, no symbol yet
	resting                // the latest try has failed, the next has not begun
	receiving              // symbols are being gathered
	finishing              // all symbols are there; being verified and published
	completed
	failed
	refused // it is not wanted
)

// entry is one object of the session: its record, and what is live. There may be as many as files are described, for as
// long as they are: TestWhatAFinishedObjectLeaves counts their bytes.
type entry struct {
	record
	address *address      // what ROUTE adds; nil: nothing
	held    *holding      // nil before the first symbol and after the end
	pending pending       // packets that came before the OTI was known
	effects objectEffects // not drained yet: here, since an Object may be lost before they are

	link                        // in Ledger.undescribed or Ledger.history
	gone     bool               // removed from the Ledger
	staged   bool               // it has no description and a file in the store
	listed   bool               // it is in Ledger.mixed
	warned   bool               // a conflict between EXT_FTI and the FDT was reported
	chosen   bool               // it was decided whether it is wanted
	unsized  bool               // but not yet by its size
	taken    bool               // its Consumer has taken it
	recalled bool               // its alternate locations come from notes: those of an FDT Instance take their place
	repeated bool               // it was completed before
	coming   content.Algorithms // the strongest of the digests that a later FDT Instance is to add; 0: none
	doubt    int32              // its place in Ledger.doubtful, counted from 1; 0: it has none
	by       uint32             // serial of the FDT Instance with the ID instance that describes it; 0: not known
	badOTI   error              // why the FEC OTI of the FDT cannot be used; nil: it can, or there is none
	cost     uint64             // charged for the description
	choice   *Choice            // of Config.Choose; nil: it was not asked

	earlier  *earlier  // doubt whether it is newer than the version before; nil: there is none
	claimed  time.Time // doubt whether it is of the program that describes it, since then; zero: there is none
	version  uint64    // numbers the versions of a file in their order
	newer    flute.TOI // the next version of the file; zero: there was none
	outdated time.Time // it has one since, or a packet came since; zero: it has none

	again   *again    // nil: it is not received again, or was never completed
	born    time.Time // first packet or description
	touched time.Time // latest packet, before the FDT
	heard   time.Time // latest packet, since the FDT; zero: none came
	open    time.Time // latest packet without B flag since closeAt was set
	put     time.Time // when bytes or symbols of it were put last; zero: never
	closeAt time.Time // when an unfinished object fails because of its B flag; zero: not
}

// ended reports whether the object has its final state.
func (e *entry) ended() bool { return e.phase >= completed }

// isIdle reports whether e holds nothing but its description.
func (e *entry) isIdle() bool {
	return e.ended() || e.phase == resting && e.held == nil && e.pending.bytes == 0
}

// isActive reports whether an Object has something to do for e.
func (e *entry) isActive() bool {
	switch {
	case len(e.effects.Works) > 0 || len(e.effects.Events) > 0:
		return true
	case e.ended():
		return false
	}
	return e.held != nil || e.file != nil && (e.pending.bytes > 0 || isEmpty(e.file))
}

// isOut reports whether the Work that publishes e has been drained: it will come back.
func (e *entry) isOut() bool {
	return !slices.ContainsFunc(e.effects.Works, func(w *Work) bool { return w.attempt == nil })
}

// location returns the Content-Location, empty before the FDT.
func (e *entry) location() string {
	if e.file == nil {
		return ""
	}
	return e.file.ContentLocation
}

// target returns the Content-Location that e is published as.
func (e *entry) target() string {
	if e.choice != nil && e.choice.Location != "" {
		return e.choice.Location
	}
	return e.location()
}

// consumer returns who takes the file of e, nil if nobody does or it was taken already, and whether it is published,
// too.
func (e *entry) consumer() (c Consumer, published bool) {
	if e.choice == nil || e.choice.Consumer == nil || e.taken && e.choice.Keep {
		return nil, true
	}
	return e.choice.Consumer, e.choice.Keep
}

// announced returns what is announced of the content of e, under the Content-Location that it is published as.
func (e *entry) announced() content.Announced {
	a := announcedBy(e.file)
	a.Location = e.target()
	if r := e.address; r != nil && r.head != nil {
		a.Head, a.Chunked = uint64(r.head.Len), r.head.Chunked
	}
	return a
}
