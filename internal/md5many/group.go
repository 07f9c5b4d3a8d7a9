package md5many

import (
	"crypto/md5" //nolint:gosec // Content-MD5 is what RFC 6726 carries; it detects errors, not attacks
	"runtime"
	"sync"
)

// worth is the least size of a content for which it pays to wait for others: crypto/md5 takes some 4 µs for it.
const worth = 4096

// Group computes what several goroutines ask for at the same time together. Nobody waits for a goroutine that has not
// asked yet, so that one whose file cannot be read holds up no other. The zero value is ready to use.
type Group struct {
	mu      sync.Mutex
	waiting []*member
	led     bool // one of those that have asked gathers the others
}

// member is a goroutine that has asked.
type member struct {
	content []byte
	sum     [md5.Size]byte
	ready   chan struct{} // closed when it is to go on
	leads   bool          // it gathers the next ones; valid after ready, as is summed
	summed  bool          // sum is valid
}

// Sum returns the MD5 of content. It is safe for concurrent use.
func (g *Group) Sum(content []byte) [md5.Size]byte {
	if active.width() == 1 || len(content) < worth {
		return md5.Sum(content) //nolint:gosec // see above
	}
	m := &member{content: content, ready: make(chan struct{})}
	if !g.join(m) {
		<-m.ready
	}
	if m.leads {
		compute(g.gather(active.width()))
	}
	if !m.summed { // whoever was to compute it has crashed
		return md5.Sum(content) //nolint:gosec // see above
	}
	return m.sum
}

// join adds m to those that wait, and reports whether it leads: nobody does.
func (g *Group) join(m *member) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, m)
	m.leads = !g.led
	g.led = true
	return m.leads
}

// gather returns up to n of those that wait, with its caller, which leads, as the first. Others that can run go first,
// as long as that brings any. One of those that are left leads then.
func (g *Group) gather(n int) []*member {
	for had := 0; ; {
		runtime.Gosched()
		g.mu.Lock()
		if have := len(g.waiting); have < n && have > had {
			had = have
			g.mu.Unlock()
			continue
		}
		break
	}
	defer g.mu.Unlock()
	n = min(n, len(g.waiting))
	taken := append([]*member(nil), g.waiting[:n]...)
	left := copy(g.waiting, g.waiting[n:])
	clear(g.waiting[left:])
	g.waiting = g.waiting[:left]
	if g.led = left > 0; g.led {
		next := g.waiting[0]
		next.leads = true
		close(next.ready)
	}
	return taken
}

// compute gives all their sums, and has them go on: its caller is the first. A crash does so, too.
func compute(all []*member) {
	defer func() {
		for _, m := range all[1:] {
			close(m.ready)
		}
	}()
	var contents [most][]byte
	var sums [most][md5.Size]byte
	for i, m := range all {
		contents[i] = m.content
	}
	active.sums(sums[:len(all)], contents[:len(all)])
	for i, m := range all {
		m.sum, m.summed = sums[i], true
	}
}
