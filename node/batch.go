package node

import (
	"context"
	"errors"
	"iter"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
)

// AddAll is Add for each of files, in their order, with a nil scratch; they are read side by side, as many as
// Config.Workers at a time. files is iterated on another goroutine, until AddAll returns. added, on the caller's
// goroutine, is told of each file in that order: its index, and what Add would return. AddAll ends early, with the
// error, when ctx or the session ends: the files that were not taken from files by then stay the caller's.
func (s *Sending) AddAll(
	ctx context.Context, files iter.Seq[sender.File], added func(i int, toi flute.TOI, err error),
) error {
	ctx, cancel := context.WithCancel(ctx)
	b := batch{session: s, turns: make(chan chan prepared, s.node.cfg.Workers-1)}
	go b.prepare(ctx, files)
	defer b.discard()
	defer cancel()
	i := 0
	for turn := range b.turns {
		p := <-turn
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
	}
	if b.crash != nil {
		panic(b.crash)
	}
	return ctx.Err()
}

// batch is files that are prepared side by side.
type batch struct {
	session *Sending
	turns   chan chan prepared // in the order of the files; as many as are prepared beside the one that is due
	crash   any                // of the iterator, once turns is closed
}

// prepared is what became of a file.
type prepared struct {
	object *sender.Object
	err    error
	crash  any // what the content has panicked with
}

// prepare begins with each file as soon as it has a turn.
func (b *batch) prepare(ctx context.Context, files iter.Seq[sender.File]) {
	defer close(b.turns)
	defer func() { b.crash = recover() }()
	for f := range files {
		turn := make(chan prepared, 1)
		b.turns <- turn
		go func() { turn <- b.one(ctx, f) }()
		if ctx.Err() != nil {
			return
		}
	}
}

func (b *batch) one(ctx context.Context, f sender.File) (p prepared) {
	defer func() {
		if crash := recover(); crash != nil {
			p = prepared{crash: crash}
		}
	}()
	p.object, p.err = b.session.prepare(ctx, f, nil)
	return p
}

// discard waits for what is under way, which no session takes.
func (b *batch) discard() {
	for turn := range b.turns {
		if p := <-turn; p.object != nil {
			p.object.Discard()
		}
	}
}
