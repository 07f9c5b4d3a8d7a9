package main

import (
	"time"
)

// frameInterval is the time between two drawings of the bars: often enough to look alive.
const frameInterval = 100 * time.Millisecond

// begin draws the bars from now on, until close.
func (o *output) begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.screen == nil || o.stop != nil {
		return
	}
	o.stop = make(chan struct{})
	stop := o.stop
	o.stopped.Go(func() {
		ticks := time.NewTicker(frameInterval)
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
				o.frame(true)
			case <-stop:
				o.frame(false)
				return
			}
		}
	})
}

// frame draws what has changed, with the bars or for the last time without.
func (o *output) frame(withBars bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if withBars && len(o.waiting) < maxWaiting && !o.lines.Idle() {
		return // a terminal that takes nothing does not want older frames later
	}
	o.draw(withBars)
}

// draw is frame with mu held.
func (o *output) draw(withBars bool) {
	var change []string
	if withBars {
		width, rows := o.screen.size()
		change = o.bars.lines(time.Now(), width, rows)
	}
	o.screen.draw(o.waiting, change)
	o.waiting = o.waiting[:0]
}

// close finishes the bars, so that what is printed next stands below them, and waits for who reads what was printed.
func (o *output) close() {
	o.end()
	o.flush()
	o.mu.Lock()
	if !o.product { // of what the command is run for the exit code tells it
		o.tellLost()
	}
	o.mu.Unlock()
	o.flush()
}

// end draws the bars no longer.
func (o *output) end() {
	o.mu.Lock()
	stop := o.stop
	if o.closed {
		stop = nil
	}
	o.closed = true
	o.mu.Unlock()
	if stop == nil {
		return
	}
	close(stop)
	o.stopped.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stop = nil
	for _, line := range o.waiting { // since the last frame
		o.text(line)
	}
	o.waiting = nil
}
