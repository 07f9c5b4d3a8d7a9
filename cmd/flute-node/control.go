package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/source"
)

// controlFlags say who steers a running send.
type controlFlags struct {
	Control string `placeholder:"PATH|-" help:"Take orders while sending, one a line, on a Unix socket at PATH or from standard input (-), until the order finish or an interrupt: add PATH, update PATH, remove NAME, trigger NAME, pause [NAME], resume [NAME], rate RATE, status, finish; or a line of JSON, such as {\"do\":\"add\",\"path\":\"a\",\"priority\":-1}. Each is answered with a line of JSON."`
}

// controlling carries orders over to a session.
type controlling struct {
	command *sendCommand
	words   *settings.Send
	core    *sender.Config
	node    *node.Node
	session *node.Sending
	out     *output

	finish   sync.Once
	finished chan struct{} // closed by the order finish
}

// carryOut carries out a line.
func (c *controlling) carryOut(ctx context.Context, line string) answer {
	o, err := parseOrder(line)
	a := answer{}
	if o.isKnown() {
		a.Do = o.Do
	}
	if err == nil {
		err = c.do(ctx, &o, &a)
	}
	if err != nil {
		a.Error = flagless(err)
	}
	a.OK = err == nil
	return a
}

func (c *controlling) do(ctx context.Context, o *order, a *answer) error {
	s := c.session
	select {
	case <-s.Done():
		return errors.New("the session has ended")
	default:
	}
	switch o.Do {
	case "add", "update":
		return c.put(ctx, o, a)
	case "remove":
		toi, err := c.find(ctx, o.Name)
		if err != nil {
			return err
		}
		return s.Remove(ctx, toi, o.when())
	case "trigger":
		toi, err := c.find(ctx, o.Name)
		if err != nil {
			return err
		}
		return s.Trigger(ctx, toi, o.At.At(time.Now()))
	case "pause", "resume":
		return c.pause(ctx, o)
	case "rate":
		if c.command.Constant && *o.Rate == 0 {
			return errors.New("rate 0 contradicts --constant")
		}
		return s.SetRate(ctx, uint64(*o.Rate))
	case "status":
		snap, err := c.node.Snapshot(ctx)
		if err != nil || len(snap.Sessions) == 0 {
			return err
		}
		a.Status = &snap.Sessions[0]
	default:
		c.finish.Do(func() { close(c.finished) })
	}
	return nil
}

func (c *controlling) pause(ctx context.Context, o *order) error {
	paused := o.Do == "pause"
	switch {
	case o.Priority != nil:
		return c.session.PauseQueue(ctx, *o.Priority, paused)
	case o.Name == "":
		return c.session.PauseSession(ctx, paused)
	}
	toi, err := c.find(ctx, o.Name)
	if err != nil {
		return err
	}
	return c.session.PauseObject(ctx, toi, paused)
}

// find returns the TOI of a file by its name, or by its Content-Location.
func (c *controlling) find(ctx context.Context, name string) (flute.TOI, error) {
	toi, err := c.session.Find(ctx, source.Location(name))
	if errors.Is(err, node.ErrNoObject) {
		toi, err = c.session.Find(ctx, name)
	}
	if errors.Is(err, node.ErrNoObject) {
		return toi, fmt.Errorf("no file %.100q is being sent", name)
	}
	return toi, err
}

// answerTo writes the answer to each line of r, until it ends.
func (c *controlling) answerTo(ctx context.Context, r io.Reader, write func(answer) error) error {
	lines := newOrderLines(r)
	for ctx.Err() == nil {
		line, err := lines.next()
		var a answer
		switch {
		case errors.Is(err, errLongLine):
			a.Error = err.Error()
		case err != nil:
			return err
		case strings.TrimSpace(line) == "":
			continue
		default:
			a = c.carryOut(ctx, line)
		}
		if err := write(a); err != nil {
			return err
		}
	}
	return nil
}

// listen makes what --control asks for; nil: no socket.
func (c *sendCommand) listen() (*controlSocket, error) {
	switch {
	case c.Control == "":
		return nil, nil
	case c.Control != standardInput:
		return listenControl(c.Control)
	case slices.Contains(c.Paths, standardInput):
		return nil, errors.New("--control - and the PATH -: standard input is one of them")
	}
	return nil, nil
}

// takeOrders has orders carried out until end is called. The end of standard input is the order finish.
func (c *sendCommand) takeOrders(ctx context.Context, socket *controlSocket, orders *controlling) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	switch {
	case socket != nil:
		socket.serve(ctx, orders)
	case c.Control == standardInput:
		go func() { // nothing can interrupt the reading; it ends with the process
			_ = orders.answerTo(ctx, os.Stdin, func(a answer) error {
				orders.out.answer(a)
				return nil
			})
			orders.finish.Do(func() { close(orders.finished) })
		}()
	}
	return func() {
		cancel()
		socket.close()
	}
}

// untilFinished returns a context that ends with the order finish, too, and with the session.
func (c *controlling) untilFinished(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-c.finished:
		case <-c.session.Done():
		case <-ctx.Done():
		}
		cancel()
	}()
	return ctx, cancel
}
