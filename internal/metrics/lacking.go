package metrics

import (
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// maxLacking bounds the files of a unit that are known to lack: more are not told apart.
const maxLacking = 16_384

// lacking are the files of a unit whose latest try has failed and that have not come since. With the next try they may
// come; when their session ends there is none, and they have failed.
type lacking struct {
	of    map[flute.SessionKey]map[flute.TOI]time.Time // when the first of its tries has failed
	count int
}

// add notes that a try of a file has failed.
func (l *lacking) add(key flute.SessionKey, toi flute.TOI, now time.Time) {
	if l.count >= maxLacking {
		return
	}
	if l.of == nil {
		l.of = map[flute.SessionKey]map[flute.TOI]time.Time{}
	}
	files := l.of[key]
	if files == nil {
		files = map[flute.TOI]time.Time{}
		l.of[key] = files
	}
	if _, known := files[toi]; !known {
		files[toi] = now
		l.count++
	}
}

// remove notes that a file lacks no longer: it has come, or has failed for good.
func (l *lacking) remove(key flute.SessionKey, toi flute.TOI) {
	files := l.of[key]
	if _, known := files[toi]; !known {
		return
	}
	if delete(files, toi); len(files) == 0 {
		delete(l.of, key)
	}
	l.count--
}

// end removes the files of a session, and returns how many there are.
func (l *lacking) end(key flute.SessionKey) (n int) {
	n = len(l.of[key])
	delete(l.of, key)
	l.count -= n
	return n
}

// since returns since when the file lacks that lacks longest; zero: none does.
func (l *lacking) since() (first time.Time) {
	for _, files := range l.of {
		for _, at := range files {
			if first.IsZero() || at.Before(first) {
				first = at
			}
		}
	}
	return first
}

// over counts the files of a session that lack when it ends as failed: nothing will bring them.
func (u *unit) over(key flute.SessionKey, now time.Time) {
	if n := u.lacking.end(key); n > 0 {
		u.objects["failed"] += uint64(n)
		u.lost = now
	}
}

// tried notes the end of a try, which the next one may mend.
func (u *unit) tried(e event.ObjectFailed, now time.Time) {
	u.objects["retried"]++
	if !e.Received && !e.Sending {
		u.lacking.add(e.Session, e.TOI, now)
	}
}
