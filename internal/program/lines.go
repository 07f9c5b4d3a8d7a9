package program

import "bytes"

// maxLine bounds what is kept of a line that does not end, in bytes.
const maxLine = 4 << 10

// lines splits what a program prints into lines. It is for one goroutine.
type lines struct {
	show func(line string)
	rest []byte // of a line that has not ended
}

// Write implements io.Writer.
func (l *lines) Write(b []byte) (int, error) {
	for rest := b; ; {
		line, after, ended := bytes.Cut(rest, []byte{'\n'})
		l.keep(line)
		if !ended {
			return len(b), nil
		}
		l.show(string(l.rest))
		l.rest, rest = l.rest[:0], after
	}
}

// keep keeps a part of a line, and shows what is too long already.
func (l *lines) keep(b []byte) {
	for len(l.rest)+len(b) > maxLine {
		n := maxLine - len(l.rest)
		l.rest = append(l.rest, b[:n]...)
		l.show(string(l.rest))
		l.rest, b = l.rest[:0], b[n:]
	}
	l.rest = append(l.rest, b...)
}

// end shows a last line that has no end.
func (l *lines) end() {
	if len(l.rest) > 0 {
		l.show(string(l.rest))
		l.rest = nil
	}
}
