package receiver

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
)

// taker is a Consumer that notes its calls.
type taker struct {
	bytes.Buffer
	calls  []string
	fails  string // the call that returns an error
	panics string // the call that panics
}

var errTaker = errors.New("taker: no")

func (c *taker) call(name string) error {
	if n := len(c.calls); n == 0 || c.calls[n-1] != name {
		c.calls = append(c.calls, name)
	}
	switch name {
	case c.panics:
		panic("boom")
	case c.fails:
		return errTaker
	}
	return nil
}

func (c *taker) Open(uint64) error { return c.call("open") }
func (c *taker) Commit() error     { return c.call("commit") }
func (c *taker) Abort(error)       { _ = c.call("abort") }

func (c *taker) Write(p []byte) (int, error) {
	if err := c.call("write"); err != nil {
		return 0, err
	}
	return c.Buffer.Write(p)
}

// TestConsumer: a Consumer is given the bytes of a file in order, decoded and verified, once; whatever it does, other
// files go on.
func TestConsumer(t *testing.T) {
	takers := map[string]*taker{
		"plain": {}, "encoded": {}, "empty": {}, "kept": {},
		"closed": {fails: "open"}, "broken": {fails: "write"}, "unwilling": {fails: "commit"},
		"mad": {panics: "write"}, "sad": {panics: "open"},
	}
	r := newRig(t, func(c *Config) {
		c.Choose = func(o Offer) Choice {
			if c := takers[o.File.ContentLocation]; c != nil {
				return Choice{Consumer: c, Keep: o.File.ContentLocation == "kept"}
			}
			return Choice{}
		}
	})
	content := map[string][]byte{"stored": random(5000, 9)}
	var files []source
	for name := range takers {
		content[name] = random(600_000, uint64(len(files)))
	}
	content["empty"] = nil
	for name, b := range content {
		f := source{name: name, content: b}
		if name == "encoded" {
			f.cenc = flute.GZIP
		}
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b source) int { return strings.Compare(a.name, b.name) })
	packets := transmit(t, sender.Config{Session: key}, files...)
	r.feed(packets...)
	r.feed(packets...)
	for name, want := range map[string][]string{
		"plain": {"open", "write", "commit"}, "encoded": {"open", "write", "commit"}, "empty": {"open", "commit"},
		"kept": {"open", "write", "commit"}, "closed": {"open", "abort"}, "broken": {"open", "write", "abort"},
		"unwilling": {"open", "write", "commit", "abort"}, "mad": {"open", "write"}, "sad": {"open"},
	} {
		c := takers[name]
		if diff := cmp.Diff(want, c.calls); diff != "" {
			t.Errorf("%s: calls (-want +got):\n%s", name, diff)
		}
		if slices.Contains(c.calls, "commit") && !bytes.Equal(c.Bytes(), content[name]) {
			t.Errorf("%s: %d bytes that differ from the %d sent", name, c.Len(), len(content[name]))
		}
	}
	r.file("kept", content["kept"])
	r.file("stored", content["stored"])
	if got := r.store.Files(); len(got) != 2 {
		t.Errorf("published: %v", got)
	}
	failed := map[string]string{}
	for _, e := range eventsOf[event.ObjectFailed](r) {
		if e.Reason != event.FailConsumer || e.Retry {
			t.Errorf("failed: %+v", e)
		}
		what, where, _ := strings.Cut(e.Detail, " at receiver.")
		if strings.Contains(what, "panicked") != strings.Contains(where, "(receiver/consumer_test.go:") {
			t.Errorf("%s: where: %q", what, where)
		}
		failed[e.ContentLocation] = what
	}
	want := map[string]string{
		"closed": "taker: no", "broken": "taker: no", "unwilling": "taker: no",
		"mad": "receiver: consumer panicked: boom", "sad": "receiver: consumer panicked: boom",
	}
	if diff := cmp.Diff(want, failed); diff != "" {
		t.Errorf("failed (-want +got):\n%s", diff)
	}
	if got := len(eventsOf[event.ObjectCompleted](r)); got != 5 {
		t.Errorf("%d completed, want 5", got)
	}
	r.close()
}

// TestConsumerSeesNoWrongBytes: a file whose digest is wrong is given to nobody.
func TestConsumerSeesNoWrongBytes(t *testing.T) {
	c := &taker{}
	r := newRig(t, func(cfg *Config) { cfg.Choose = func(Offer) Choice { return Choice{Consumer: c} } })
	o := plain(t, 1, 450, 100, 4)
	f := o.file("a")
	f.MD5 = md5Of([]byte("something else"))
	r.feed(describe(t, 1, f))
	r.feed(o.all()...)
	r.want("failed 1 a digest")
	if len(c.calls) > 0 {
		t.Errorf("calls: %v", c.calls)
	}
	r.close()
}

// TestConsumerWaitsForNoOther: a Work for a Consumer waits in a lane of its own, or in the one that it names.
func TestConsumerWaitsForNoOther(t *testing.T) {
	r := newRig(t, func(cfg *Config) {
		cfg.Choose = func(o Offer) Choice {
			switch {
			case strings.HasPrefix(o.File.ContentLocation, "shared"):
				return Choice{Consumer: &taker{}, Lane: "lane"}
			case strings.HasPrefix(o.File.ContentLocation, "own"):
				return Choice{Consumer: &taker{}}
			}
			return Choice{}
		}
	})
	r.manual = true
	names := []string{"shared1", "shared2", "own1", "own2", "stored"}
	in := fdtInstance{id: 1, e: 60000}
	var all [][]byte
	for i, name := range names {
		o := plain(t, uint64(1+i), 450, 100, 4)
		in.files = append(in.files, o.file(name))
		all = append(all, o.all()...)
	}
	r.feed(in.packets(t)...)
	for len(r.works) > 0 { // those that read the FDT Instance
		r.work()
	}
	r.feed(all...)
	lanes := map[any]int{}
	for _, w := range r.works {
		lanes[w.Lane()]++
	}
	if len(r.works) != 5 || len(lanes) != 4 || lanes[consumers{"lane"}] != 2 || lanes[r.store] != 1 {
		t.Errorf("%d works in %v", len(r.works), lanes)
	}
	for len(r.works) > 0 {
		r.work()
	}
	r.close()
}
