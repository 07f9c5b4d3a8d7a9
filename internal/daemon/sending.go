package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/claim"
	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/outgoing"
	"github.com/flute-node/flute-node/internal/watch"
	"github.com/flute-node/flute-node/node"
)

// send runs a sending session until ctx ends, or until all is sent; with a lease, while this node holds that.
func (d *Daemon) send(ctx context.Context, u *unit, section *config.Send) error {
	if section.Lease == "" {
		return d.sendWith(ctx, u, section, nil)
	}
	to, err := section.To.Resolve(ctx, lookup)
	if err != nil {
		return fmt.Errorf("to: %w", err)
	}
	h, err := d.hold(ctx, u, section, flute.SessionKey{Group: to, TSI: flute.TSI(*section.TSI)})
	if err != nil {
		return err
	}
	defer h.release()
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-h.Ended():
			cancel()
		case <-limited.Done():
		}
	}()
	err = d.sendWith(limited, u, section, h)
	if lost := h.Err(); lost != nil && ctx.Err() == nil {
		return fmt.Errorf("lease %s: %w", section.Lease, lost)
	}
	return err
}

// sendWith is send; h is nil without a lease. It is what a section has on its stack for as long as it sends: begin has
// what is large.
func (d *Daemon) sendWith(ctx context.Context, u *unit, section *config.Send, h *held) (err error) {
	o, err := d.begin(ctx, u, section, h)
	if o == nil {
		return err
	}
	defer func() { err = errors.Join(err, o.end()) }()
	if o.watching != nil {
		if err := o.watching.Run(ctx, d.node); err != nil {
			return err
		}
	}
	return d.finish(ctx, u, o.session, o.watching != nil)
}

// ongoing is a session that a section sends.
type ongoing struct {
	session  *node.Sending
	watching *outgoing.Watching // nil: no file will be added
	end      func() error
}

// begin begins to send, and adds what is there. nil without an error: all was sent already.
func (d *Daemon) begin(ctx context.Context, u *unit, section *config.Send, h *held) (*ongoing, error) {
	now := time.Now()
	items, err := d.find(section)
	if err != nil {
		return nil, err
	}
	largest := outgoing.Largest(items)
	if section.Watch.Watch != "" {
		largest = outgoing.WatchedSize
	}
	words := section.Words(now)
	cfg, err := words.Config(largest)
	if err != nil {
		return nil, section.Keyed(err)
	}
	cfg.Session.FDTXML = section.FDTXML
	if cfg.To, err = section.To.Resolve(ctx, lookup); err != nil {
		return nil, fmt.Errorf("to: %w", err)
	}
	how := &outgoing.How{
		Words: &words, Core: &cfg.Session, StartAt: section.StartAt.At(now), Priority: section.Priority, Now: now,
	}
	if section.Trace && d.tracer != nil {
		how.Also = func(f *sender.File) {
			f.Attributes = append(f.Attributes, d.tracer.Sent(section.Name, f.ContentLocation, time.Now()))
		}
	}
	for _, i := range items {
		if err := how.Prepare(i); err != nil {
			return nil, section.Keyed(err)
		}
	}
	watcher, err := d.watcher(u, section)
	if err != nil {
		return nil, err
	}
	items = h.unsent(items)
	if h != nil && len(items) == 0 && watcher == nil {
		d.allSent(u, "")
		return nil, nil
	}
	release, ok := claim.Session(cfg.To, cfg.TSI)
	if !ok && h == nil { // a lease says whose the session is
		release()
		return nil, fmt.Errorf("another process of this machine sends to %v with tsi %d: receivers take both for one "+
			"session, and files are lost; give this one another tsi", cfg.To, cfg.TSI)
	}
	h.apply(&cfg)
	cfg.OnWake = d.meter.Pace(u.name)
	d.routes.set(u.name, []route{{group: cfg.To, tsis: []flute.TSI{cfg.TSI}, sending: true}})
	s, err := d.node.Send(ctx, cfg)
	if err != nil {
		release()
		return nil, err
	}
	key := flute.SessionKey{Group: cfg.To, TSI: cfg.TSI}
	o := &ongoing{session: s, end: ending(s, h, h.follow(ctx, key), release)}
	u.attach(nil, s)
	d.log.Info("sending", "unit", u.name, "to", cfg.To, "tsi", cfg.TSI, "files", len(items))
	for _, doubt := range outgoing.Doubts(items) {
		d.warn(u.name + ": " + doubt)
	}
	// Why it ends early, Wait says.
	_ = s.AddAll(ctx, h.numbered(ctx, s, items), func(i int, _ flute.TOI, err error) {
		if err != nil && ctx.Err() == nil {
			text := fmt.Sprintf("%s: not sent: %s: %v", u.name, items[i].ContentLocation, err)
			d.journal.add(notice.Warning{Text: text})
		}
		items[i] = nil // the session has what is needed of it
	})
	if watcher != nil {
		o.watching = &outgoing.Watching{
			Key: key, Session: s, Watcher: watcher, How: how,
			Warn: func(text string) { d.warn(u.name + ": " + text) },
		}
		if h != nil {
			o.watching.Numbers = h
		}
	}
	return o, nil
}

// watcher returns what watches the folder of a section; nil: it has none.
func (d *Daemon) watcher(u *unit, section *config.Send) (*watch.Watcher, error) {
	w := section.Watch
	if w.Watch == "" {
		return nil, nil
	}
	return watch.New(watch.Config{
		Folder: w.Watch, Settle: cmp.Or(w.Settle, time.Second), Include: w.Include, Exclude: w.Exclude,
		State: w.WatchState, Warn: func(text string) { d.journal.add(notice.Warning{Text: u.name + ": " + text}) },
	})
}

// ending returns what ends a session.
func ending(s *node.Sending, h *held, unfollow, release func()) func() error {
	return func() error {
		defer release()
		unfollow()
		h.shut()
		ctx, cancel := context.WithTimeout(context.Background(), closePatience)
		defer cancel()
		return s.Close(ctx)
	}
}

// finish waits for the end of a session to which no file will be added.
func (d *Daemon) finish(ctx context.Context, u *unit, s *node.Sending, watched bool) error {
	if ctx.Err() != nil {
		return nil
	}
	err := s.Finish(ctx)
	if err == nil {
		err = s.Wait(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return nil
	case watched:
		return cmp.Or(err, errors.New("the session has ended")) // it was to go on
	case err == nil, onlyFiles(err):
		fault := ""
		if err != nil {
			fault = strings.ReplaceAll(err.Error(), "\n", "; ")
		}
		d.allSent(u, fault)
		return nil
	}
	return err
}

// allSent notes that a unit has nothing more to do. fault is about files that were not sent.
func (d *Daemon) allSent(u *unit, fault string) {
	u.enter(phaseFinished, fault)
	d.log.Info("all is sent", "unit", u.name, "error", fault)
}

// onlyFiles reports whether all that failed are files: the session itself has come to its end.
func onlyFiles(err error) bool {
	all, ok := err.(interface{ Unwrap() []error })
	if !ok {
		_, ok := errors.AsType[*sender.FileError](err)
		return ok
	}
	for _, one := range all.Unwrap() {
		if _, ok := errors.AsType[*sender.FileError](one); !ok {
			return false
		}
	}
	return true
}

// find returns the files of the section, and tells what is left out of them.
func (d *Daemon) find(section *config.Send) ([]*outgoing.Item, error) {
	words := section.FileWords()
	options, err := words.Options()
	if err != nil {
		return nil, section.Keyed(err)
	}
	lines, err := section.Lines()
	if err != nil {
		return nil, err
	}
	items, skipped, err := outgoing.Find(section.Paths, lines, options)
	if err != nil {
		return nil, section.Keyed(err)
	}
	for i, s := range skipped {
		if i == maxSkipped {
			d.log.Warn("more is not sent", "unit", section.Name, "entries", len(skipped)-i)
			break
		}
		d.log.Warn("not sent", "unit", section.Name, "path", s.Path, "reason", s.Reason)
	}
	if len(items) == 0 && section.Watch.Watch == "" {
		return nil, fmt.Errorf("there are no files to send in %v", section.Paths)
	}
	return items, nil
}

// maxSkipped bounds the entries of folders that are told to be left out one by one.
const maxSkipped = 20
