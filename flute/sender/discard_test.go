package sender

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// midway is a Source that calls then while it is being read.
type midway struct {
	*disk
	then func()
}

func (m *midway) Open() (Opened, error) {
	o, err := m.disk.Open()
	return &midwayOpened{o, m}, err
}

type midwayOpened struct {
	Opened
	of *midway
}

func (o *midwayOpened) ReadAt(p []byte, off int64) (int, error) {
	o.of.then()
	return o.Opened.ReadAt(p, off)
}

// TestDiscardClosesTheScratch: nobody wants what a file was prepared again for, and its Scratch is closed once, whether
// the Work was not begun, ends later, or has ended.
func TestDiscardClosesTheScratch(t *testing.T) {
	for _, tc := range []struct {
		name                string
		before, amid, after bool // when it is discarded: before Run, while that reads, after it
		want                int  // scratches that were ever made
	}{
		{"before", true, false, false, 0},
		{"amid", false, true, false, 1},
		{"after", false, false, true, 1},
	} {
		open, made := 0, 0
		d := &midway{disk: &disk{}, then: func() {}}
		d.replace(make([]byte, 1_000))
		f := File{ContentLocation: "a", Source: d, CENC: flute.GZIP}
		o := &object{state: changed}
		o.Object = &Object{file: f, cenc: f.CENC, scratch: &countedPad{open: &open, made: &made}}
		var r renewals
		var works worklist
		works.drain()
		r.add(o, start)
		r.advance(start, &works)
		w := r.list[0].work
		if tc.before {
			r.discard()
		}
		if tc.amid {
			// The context is not looked at any more once the content was read.
			r.list[0].job.ctx = context.Background()
			d.then = r.discard
		}
		w.Run(nil)
		if tc.after {
			r.discard()
		}
		if open != 0 || made != tc.want || len(r.list) != 0 {
			t.Errorf("%s: %d of %d scratches are open, %d renewals", tc.name, open, made, len(r.list))
		}
	}
}

// countedPad counts its Closes, too.
type countedPad struct {
	bytes.Buffer
	open, made *int
}

func (p *countedPad) ReadAt(b []byte, off int64) (int, error) {
	return bytes.NewReader(p.Bytes()).ReadAt(b, off)
}

func (p *countedPad) Renew() (Scratch, error) {
	*p.open++
	*p.made++
	return &countedPad{open: p.open, made: p.made}, nil
}

func (p *countedPad) Close() error { *p.open--; return nil }

// TestRenewalsAtATime: two are prepared at a time. The place of one that has ended, or that nobody wants any more, is
// given to the next at once.
func TestRenewalsAtATime(t *testing.T) {
	begun := func(r *renewals) (list []bool) {
		for _, n := range r.list {
			list = append(list, n.work != nil)
		}
		return list
	}
	for name, ends := range map[string]func(n *renewing){
		"done":    func(n *renewing) { n.work.Run(nil) },
		"removed": func(n *renewing) { n.object.state = gone },
	} {
		var r renewals
		var works worklist
		works.drain()
		for range 3 {
			d := &disk{}
			d.replace(pattern(10))
			r.add(&object{Object: &Object{file: File{ContentLocation: "a", Source: d}}, state: changed}, start)
		}
		// One that comes first and is not due takes no place.
		late := &object{Object: &Object{file: File{ContentLocation: "a", Source: &disk{}}}, state: changed}
		r.list = append([]*renewing{{object: late, at: start.Add(time.Nanosecond)}}, r.list...)
		if done := r.advance(start, &works); len(done) != 0 {
			t.Fatalf("%s: %d are done", name, len(done))
		}
		if got := begun(&r); len(got) != 4 || got[0] || !got[1] || !got[2] || got[3] {
			t.Fatalf("%s: %v were begun, want the second and the third", name, got)
		}
		ends(r.list[2])
		done := r.advance(start, &works)
		if got := begun(&r); len(got) != 3 || got[0] || !got[1] || !got[2] {
			t.Errorf("%s: %v were begun afterwards, want the last two of three", name, got)
		}
		if want := name == "done"; want != (len(done) == 1) {
			t.Errorf("%s: %d are done", name, len(done))
		}
		if at, ok := r.at(start); !ok || !at.Equal(start.Add(renewPoll)) {
			t.Errorf("%s: looks again after %v, %v", name, at.Sub(start), ok)
		}
		if r.advance(start.Add(time.Nanosecond), &works); begun(&r)[0] {
			t.Errorf("%s: a third one was begun", name)
		}
	}
	if at, ok := (&renewals{}).at(start); ok {
		t.Errorf("without any it looks again at %v", at)
	}
}
