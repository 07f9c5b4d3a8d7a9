package lanes

// processors is the processor lane: who computes has one of them. Lanes.mu guards it.
type processors struct {
	free    int
	waiting turns[claim]
}

// claim waits for a processor: a Work that only computes, or a visit that wants to.
type claim struct {
	entry   *Entry
	granted chan struct{} // of a visit; nil for an entry
}

// assign gives processors that are free to those whose turn it is. l.mu is held.
func (l *Lanes) assign() {
	p := &l.processors
	for p.free > 0 {
		c, ok := p.waiting.pop()
		if !ok {
			return
		}
		p.free--
		if c.entry == nil {
			close(c.granted)
			continue
		}
		l.live++
		go l.compute(c.entry)
	}
}

// compute runs Works on one processor as long as it is their turn. One that ends the goroutine takes no other along.
func (l *Lanes) compute(e *Entry) {
	defer func() {
		l.mu.Lock()
		defer l.unlock()
		l.processors.free++
		l.assign()
		l.end()
	}()
	for e != nil {
		l.run(e, nil)
		e = l.nextWork()
	}
}

// nextWork takes the Work whose turn it is; nil when there is none, or a visit comes before.
func (l *Lanes) nextWork() *Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := &l.processors
	if c, ok := p.waiting.peek(); !ok || c.entry == nil {
		return nil
	}
	c, _ := p.waiting.pop()
	return c.entry
}
