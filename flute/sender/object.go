package sender

import (
	"errors"
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/internal/content"
)

// objectState is where an object stands in its life.
type objectState uint8

const (
	pending  objectState = iota // in the queue, for its first or a further transfer
	active                      // a carrier sends it
	waiting                     // between two turns, or for its first one
	deferred                    // neither described nor sent before the object that it succeeds has ended
	changed                     // its content is to be prepared again, or is being
	finished                    // sent as often as asked; its description may still be listed
	gone                        // removed or failed
)

// object is an Object in a session.
type object struct {
	*Object // nil once finished or gone: the content is no longer held
	// coding and headers are nil then as well: of a file that was sent, only its description is still needed.
	coding  *coding
	headers headers
	toi     flute.TOI
	// location is the Content-Location.
	location    string
	entry       *fdt.Entry // its description; never changes, but for what is added (RFC 6726, section 3.3)
	room        int        // bytes of the description with all that is added later
	late        *later     // digests that come later; nil: none do
	priority    int8
	interleave  int
	order       Order
	seed        uint64 // of order
	kept        keptBlocks
	state       objectState
	paused      bool      // it is not sent
	queued      bool      // it is in queue.pending
	leaving     bool      // it is no longer described once its current transfer has ended
	successor   *object   // takes its place then; nil: none
	predecessor *object   // that it waits for; nil unless it is deferred
	page        *page     // nil: it is not listed
	held        bool      // until Publish
	announced   bool      // it was listed
	resting     bool      // listed, between two transfers; only with FDTInTransfer
	listed      uint64    // number of the newest FDT Instance that describes it; 0: none does
	covered     time.Time // when the newest of those expires that were sent once; zero: none was
	round       int       // page.rounds after which its description was sent after its last packet; once finished

	carousel
	tries   int       // to get at its content, or to send it, that have failed in a row
	resume  time.Time // when it is waiting no longer
	delayed uint64    // its number in schedule.waiting; 0: it does not wait
	first   time.Time // of the first packet; zero: not started
	crashed time.Time // when its content or its code panicked last; zero: never
	pace    float64   // nanoseconds from one packet of it to the next; 0: not known
	until   time.Time // when the last FDT Instance that describes it expires; zero: none did
}

// live reports whether packets of o are still to come.
func (o *object) live() bool { return o.state < finished }

// crashPeriod is how close two crashes over one object must be for it to be given up: as close as those for which the
// supervisor of a session counts them together.
const crashPeriod = time.Minute

// errCrashed ends an object over which the session has crashed repeatedly.
var errCrashed = errors.New("sender: the content or the code of the file crashed repeatedly")

// crashesAgain takes note of a crash over o, and reports whether there was one shortly before.
func (o *object) crashesAgain(t time.Time) bool {
	before := o.crashed
	o.crashed = t
	return !before.IsZero() && t.Sub(before) < crashPeriod
}

// described reports whether an FDT Instance that describes o was sent, and will be valid for some time.
func (o *object) described(cfg *Config, now time.Time) bool {
	return now.Before(o.covered.Add(-cfg.renewal()))
}

// newEntry describes an object in the FDT. What a profile has no use for, package fdt leaves out. The OTI is that of
// EXT_FTI: the two must be identical (RFC 6726, section 5). An entry that cannot be written is an error here, where it
// is that of one file; in an FDT Instance it would be one of all. It is written once, for all FDT Instances.
func newEntry(cfg *Config, o *Object, toi flute.TOI, c *coding) (*fdt.Entry, error) {
	f := fdt.File{
		TOI:             toi,
		ContentLocation: o.file.ContentLocation,
		ContentLength:   &o.file.Size,
		TransferLength:  &o.transferLength,
		ContentType:     o.file.ContentType,
		ContentEncoding: o.file.CENC,
		MD5:             o.md5,
		SHA256:          o.transferSHA256,
		OTI:             c.oti,
		HasOTI:          true,
		Groups:          o.file.ownGroups(cfg),
		Attributes:      o.file.Attributes,
		Elements:        o.file.Elements,
		CacheControl:    o.file.CacheControl,
		ETag:            o.etag(),
	}
	switch cfg.Profile {
	case fdt.MBMSDownload:
		f.SHA256 = nil // an attribute of DVB
	case fdt.RFC6726, fdt.RFC3926:
		if o.later != 0 {
			f.Attributes = append(slices.Clip(f.Attributes), fdt.Attribute{
				Space: content.HintSpace, Local: content.HintLocal, Value: o.later.Hint(),
			})
		}
	case fdt.MBMSExtended, fdt.DVBMABR: // whoever checks documents against their schemas may take nothing else
	}
	e, err := f.Entry(cfg.Profile)
	if err != nil {
		return nil, o.file.fault(unwritable(&f, cfg.Profile), err)
	}
	return e, nil
}

// unwritable returns a field of File because of which f cannot be written: the last one to be emptied until it can.
func unwritable(f *fdt.File, p fdt.Profile) string {
	rest := *f
	for _, field := range []struct {
		name  string
		empty func(*fdt.File)
	}{
		{"ContentType", func(f *fdt.File) { f.ContentType = "" }},
		{"ETag", func(f *fdt.File) { f.ETag = "" }},
		{"CENC", func(f *fdt.File) { f.ContentEncoding = flute.Null }},
		{"Groups", func(f *fdt.File) { f.Groups = nil }},
		{"Attributes", func(f *fdt.File) { f.Attributes = nil }},
		{"Elements", func(f *fdt.File) { f.Elements = nil }},
	} {
		field.empty(&rest)
		if _, err := rest.Entry(p); err == nil {
			return field.name
		}
	}
	return "ContentLocation"
}

// describe makes the description of o.
func (o *object) describe(cfg *Config) (err error) {
	if o.entry, err = newEntry(cfg, o.Object, o.toi, o.coding); err != nil {
		return err
	}
	o.room, o.late = o.entry.Len(), newLater(o.Object)
	if o.late == nil {
		return nil
	}
	whole := *o.Object
	whole.setDigests(newDigester(o.later)) // those of nothing are as long
	e, err := newEntry(cfg, &whole, o.toi, o.coding)
	if err == nil {
		o.room = max(o.room, e.Len()) // now it says which digests are to come
	}
	return err
}
