package content

import (
	"errors"
	"io"
	"path"
	"strings"
	"sync"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/internal/staging"
	"github.com/flute-node/flute-node/internal/panicked"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/names"
)

// Publication is work that writes the rest of an object as it was transferred, verifies it, undoes its content
// encoding, verifies the file, and publishes it. Run it once.
type Publication struct {
	Object *staging.Object // as it was transferred
	Tail   *store.Tail     // bytes of it that are to be written first; nil: none
	Digest *Digest         // of its first bytes, with at least the algorithms of File
	End    uint64          // transfer length
	File   Announced

	Names     *names.Registry // where the name to publish under is claimed
	Folder    string          // below which
	Template  string          // of the name, with {path}, {name} and {sha256}; empty: Folder and the path
	Publisher string          // and for whom
	MaxSize   uint64          // of the decoded content
	Note      []byte          // for the store.Keeper, once the file is published; nil: none

	// Look is shown the verified file, of so many bytes, before anybody has it. Nil: nobody looks.
	Look func(file io.ReaderAt, size uint64)

	// Consume gives the file, of so many bytes, to whoever takes it before it is published. Its error is a *Failure.
	// Nil: nobody takes it. Consumed: it is not published then.
	Consume  func(file io.ReaderAt, size uint64) error
	Consumed bool
	// Around publishes the file by calling publish, once, and may do something before and after. The path is empty if a
	// file was kept. Nil: the file is published.
	Around func(publish func() (path string, err error)) error

	Turn Turn // among the publications under the same Content-Location

	object store.Object // Object, opened
	noted  bool         // the Store has the Note
	result Result
}

// Result is what a Publication has done.
type Result struct {
	Path      string // under which the Store published it
	Claimed   names.Claimed
	Size      uint64            // bytes of the file
	Digests   map[string]string // of the file, in lower-case hex by name
	Verified  []string          // names of the digests that the sender announced, and that agree
	Published bool
	Taken     bool // Consume has given it to whoever takes it
	Kept      bool // nothing was published: the file under Path stays, and the object is discarded
}

// Result returns what Run has done. Call it after the end of Run.
func (p *Publication) Result() *Result { return &p.result }

// Run does the work. It blocks on the store, and holds cpu, which may be nil, while it computes. The error is a
// *Failure.
func (p *Publication) Run(cpu sync.Locker) error {
	if !p.Digest.isEmpty() { // what is small is in memory: it need not be read again
		p.Tail.Each(p.Digest.Done(), p.End, func(b []byte) { p.Digest.compute(cpu, b) })
	}
	if err := p.open(); err != nil {
		return failure(CauseStore, err)
	}
	if err := p.Digest.Extend(cpu, p.object, p.End); err != nil {
		return failure(CauseStore, err)
	}
	object, file := p.object, p.Digest
	if (p.File.Encoding != flute.Null || p.File.Head > 0) && p.End > 0 { // nothing, encoded, is still nothing
		decoded, d, err := p.decode(cpu)
		if err != nil {
			return err
		}
		// What happens to the decoded copy below happens to the encoded one: it is not needed any more, or not wanted.
		defer func() {
			if !p.result.Published {
				_ = decoded.Discard()
			} else {
				_ = p.object.Discard()
			}
		}()
		object, file = decoded, d
	}
	var err error
	if p.result.Verified, err = p.File.verify(p.Digest, file, p.End, file.Done()); err != nil {
		return failure(CauseDigest, err)
	}
	if err := p.Turn.take(); err != nil {
		return failure(CauseTurn, err)
	}
	defer p.Turn.End()
	p.result.Digests = file.Sums()
	if err := p.hand(object, file.Done()); err != nil {
		return err
	}
	p.result.Published, p.result.Size = true, file.Done()
	if p.result.Kept {
		return nil
	}
	if k, ok := p.Object.Store().(store.Keeper); ok && p.Note != nil && p.result.Path != "" && !p.noted {
		_ = k.Deliver(p.result.Path, p.Note) // else a later process receives it again, which does no harm
	}
	return nil
}

// hand gives a verified file of size bytes to whoever is to have it.
func (p *Publication) hand(object store.Object, size uint64) error {
	if p.Look != nil {
		p.Look(object, size)
	}
	if p.Consume != nil {
		if err := p.Consume(object, size); err != nil {
			return err
		}
		p.result.Taken = true
		if p.Consumed {
			_ = object.Discard() // it has no name: a failure leaves what the next start removes
			return nil
		}
	}
	if p.Around != nil {
		return p.publishAround(object)
	}
	if err := p.publish(object); err != nil {
		return failure(CauseStore, err)
	}
	return nil
}

// publishAround has Around publish a verified file.
func (p *Publication) publishAround(object store.Object) error {
	var err error
	called := false
	around := p.runAround(func() (string, error) {
		if !called {
			called = true
			err = p.publish(object)
		}
		if err != nil || p.result.Kept {
			return "", err
		}
		return p.result.Path, nil
	})
	switch {
	case err != nil:
		return failure(CauseStore, err)
	case around != nil:
		p.result.Published = p.result.Path != ""
		return failure(CauseConsumer, around)
	case !called:
		return failure(CauseConsumer, errUnpublished)
	}
	return nil
}

var errUnpublished = errors.New("receiver: Choice.Publish has not published the file")

// runAround calls Around. If that panics, its file is harmed and no other.
func (p *Publication) runAround(publish func() (string, error)) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = errors.New("receiver: Choice.Publish panicked: " + panicked.Of(v).Line())
		}
	}()
	return p.Around(publish)
}

// publish gives a verified file its name. A name that became another file's folder, or a folder, since it was claimed
// is refused, and another one is tried, once.
func (p *Publication) publish(object store.Object) error {
	for again := true; ; again = false {
		claimed, err := p.claim()
		if err != nil {
			return err
		}
		p.result.Path, err = p.give(object, claimed.Name)
		if errors.Is(err, store.ErrKept) {
			p.result.Kept = true
			_ = object.Discard()
			err = nil
		}
		if err == nil {
			if p.result.Claimed = claimed; p.result.Kept || p.result.Path != claimed.Name { // nothing was replaced
				p.result.Claimed.Replaced = ""
			}
			return nil
		}
		if !again || !errors.Is(err, store.ErrName) {
			return err
		}
	}
}

// noter is a store.Keeper that may publish a file and Deliver a note of it together, for less.
type noter interface {
	PublishNoted(o store.Object, name string, note []byte) (path string, noted bool, err error)
}

// give gives a verified file to the Store, with the Note if nobody else has a say in whether it was delivered.
func (p *Publication) give(object store.Object, name string) (path string, err error) {
	k, ok := p.Object.Store().(noter)
	if !ok || p.Note == nil || p.Around != nil {
		return p.Object.Store().Publish(object, name)
	}
	path, p.noted, err = k.PublishNoted(object, name, p.Note)
	return path, err
}

// claim returns the name to publish under.
func (p *Publication) claim() (names.Claimed, error) {
	if p.Template == "" {
		return p.Names.Claim(p.Folder, p.File.Location, p.Publisher)
	}
	plain, err := store.Name(p.File.Location)
	if err != nil {
		return names.Claimed{}, err
	}
	name := p.fill(plain, p.result.Digests["sha-256"])
	location := p.File.Location
	if strings.Contains(p.Template, "{sha256}") && !strings.Contains(p.Template, "{path}") &&
		!strings.Contains(p.Template, "{name}") {
		location = name // whatever it was called, it is the same
	}
	return p.Names.ClaimName(name, location, p.Publisher)
}

// Part returns the folder that the file will be in, unless its name is taken; empty: nobody can tell.
func (p *Publication) Part() string {
	name, err := store.Name(p.File.Location)
	if err != nil {
		return ""
	}
	if p.Template != "" {
		return path.Dir(p.fill(name, "{sha256}")) // which nobody knows yet
	}
	return path.Join(p.Folder, path.Dir(name))
}

// fill returns the name by the Template of a file whose Content-Location has the path plain.
func (p *Publication) fill(plain, sha256 string) string {
	return strings.NewReplacer("{path}", plain, "{name}", path.Base(plain), "{sha256}", sha256).Replace(p.Template)
}

// open opens the object, with all its bytes.
func (p *Publication) open() (err error) {
	if p.object, err = p.Object.Open(); err != nil {
		return err
	}
	if err := p.Tail.Write(p.object); err != nil {
		return err
	}
	p.Tail.Release()
	return nil
}

// Release frees the memory that it holds, whether it has run or not.
func (p *Publication) Release() { p.Tail.Release() }
