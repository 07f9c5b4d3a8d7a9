package node

import (
	"context"
	"errors"
	"iter"
	"sync"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/md5many"
	"github.com/flute-node/flute-node/internal/panicked"
)

// AddAll is Add for each of files, in their order, with a nil scratch; they are read side by side, as many as
// Config.Workers at a time. Small ones are read up to 32 ahead of the one that is added. files is iterated on another
// goroutine, until AddAll returns. added, on the caller's goroutine, is told of each file in that order: its index, and
// what Add would return. AddAll ends early, with the error, when ctx or the session ends: the files that were not taken
// from files by then stay the caller's. It waits for reads that are under way: one that hangs is the application's to
// end.
func (s *Sending) AddAll(
	ctx context.Context, files iter.Seq[sender.File], added func(i int, toi flute.TOI, err error),
) error {
	ctx, cancel := context.WithCancel(ctx)
	b := newBatch(s)
	go b.prepare(ctx, files)
	defer b.discard()
	defer cancel()
	i := 0
	for turn := range b.turns {
		p := b.result(turn)
		if p.crash != nil {
			panic(p.crash)
		}
		var toi flute.TOI
		err := p.err
		if err == nil && ctx.Err() != nil {
			p.object.Discard()
			err = ctx.Err()
		} else if err == nil {
			toi, err = s.hand(ctx, p.object, addition)
		}
		if err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, sender.ErrClosed) || errors.Is(err, ErrStopped) {
			return err
		}
		added(i, toi, err)
		i++
		b.isAdded(i)
	}
	if b.crash != nil {
		panic(b.crash)
	}
	return ctx.Err()
}

// batch is files that are prepared side by side.
type batch struct {
	session *Sending
	turns   chan turn        // in the order of the files
	slots   chan struct{}    // one is taken by each file that is read
	large   chan struct{}    // one is taken by each file that is not small, until it is due
	ahead   chan struct{}    // one is taken by each file until it is added, and given back with those of others
	width   int              // files whose places ahead are given back together, so that they are hashed together
	md5s    md5many.Group    // of those that were read
	crash   *panicked.Passed // of the iterator, once turns is closed; nil: none
}

// prepared is what became of a file.
type prepared struct {
	object *sender.Object
	err    error
	crash  *panicked.Passed // of the content; nil: none
}

// turn is that of a file.
type turn struct {
	result chan prepared
	large  bool // it has one of batch.large
}

// smallFile is the size of a file up to which it is read in one step, and may be read far ahead.
const smallFile = 256 << 10

// isLarge reports whether a file may be long, or takes place while it waits.
func isLarge(f *sender.File) bool { return f.Size == 0 || f.Size > smallFile || f.CENC != flute.Null }

func newBatch(s *Sending) *batch {
	workers, width := s.node.cfg.Workers, md5many.Width()
	ahead := workers
	if width > 1 {
		ahead = max(workers, 2*width)
	}
	b := &batch{
		session: s, turns: make(chan turn, ahead), slots: make(chan struct{}, workers),
		large: make(chan struct{}, workers-1), ahead: make(chan struct{}, ahead), width: width,
	}
	b.ahead <- struct{}{} // of the first file
	return b
}

// isAdded is told that n files are added. Each has taken its place ahead before it was begun with.
func (b *batch) isAdded(n int) {
	if n%b.width == 0 {
		for range b.width {
			<-b.ahead
		}
	}
}

// result waits for what becomes of the file that is due.
func (b *batch) result(t turn) prepared {
	if t.large {
		<-b.large
	}
	return <-t.result
}

// prepare begins with each file as soon as it may. Where contents are hashed side by side, small ones begin in groups:
// a session that takes files slower than they are prepared would have them come one by one.
func (b *batch) prepare(ctx context.Context, files iter.Seq[sender.File]) {
	defer close(b.turns)
	defer func() {
		if v := recover(); v != nil {
			b.crash = panicked.Of(v)
		}
	}()
	for f := range files {
		t := turn{result: make(chan prepared, 1), large: isLarge(&f)}
		if t.large {
			b.large <- struct{}{}
		}
		b.turns <- t // there is a place
		b.slots <- struct{}{}
		go func() { t.result <- b.one(ctx, f) }()
		select {
		case b.ahead <- struct{}{}: // for the next one
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return
		}
	}
}

func (b *batch) one(ctx context.Context, f sender.File) (p prepared) {
	defer func() {
		if v := recover(); v != nil {
			p = prepared{crash: panicked.Of(v)}
		}
	}()
	isRead := sync.OnceFunc(func() { <-b.slots })
	defer isRead()
	p.object, p.err = b.session.prepare(ctx, f, nil, func(content []byte) [16]byte {
		isRead() // what waits for others keeps none from being read
		return b.md5s.Sum(content)
	})
	return p
}

// discard waits for what is under way, which no session takes.
func (b *batch) discard() {
	for turn := range b.turns {
		if p := b.result(turn); p.object != nil {
			p.object.Discard()
		}
	}
}
