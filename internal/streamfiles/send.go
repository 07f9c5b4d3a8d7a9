package streamfiles

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"time"
)

// File is one file to send.
type File struct {
	Name string // with slashes, below the receiver's folder
	Size int64
	Mode fs.FileMode
	Time time.Time
	Open func() (io.ReadSeekCloser, error)
}

// Progress is told how a transfer goes, on the goroutine that moves it. Each function may be nil.
type Progress struct {
	Started func(name string, size, from int64)
	Moved   func(name string, bytes int64) // in all, those that were there included
	// Ended tells the end of a file. err is nil where it is whole and verified.
	Ended func(name string, size, from int64, err error)
}

func (p *Progress) started(name string, size, from int64) {
	if p.Started != nil {
		p.Started(name, size, from)
	}
}

func (p *Progress) moved(name string, bytes int64) {
	if p.Moved != nil {
		p.Moved(name, bytes)
	}
}

func (p *Progress) ended(name string, size, from int64, err error) {
	if p.Ended != nil {
		p.Ended(name, size, from, err)
	}
}

// sending is a sender at work.
type sending struct {
	conn    io.ReadWriter
	out     *bufio.Writer
	files   []File
	from    []int64
	answers chan reply // one for each file, as results: neither blocks the reader
	results chan error
	done    chan error // why the reader has ended
	p       *Progress
}

// Send sends files over conn, and returns when the receiver has told of each. The error says why not all could be; it
// names the first file that failed where others did not.
func Send(conn io.ReadWriter, files []File, p Progress) error {
	s := &sending{
		conn: conn, out: bufio.NewWriterSize(conn, copySize), files: files, from: make([]int64, len(files)),
		answers: make(chan reply, len(files)), results: make(chan error, len(files)), done: make(chan error, 1), p: &p,
	}
	go func() { s.done <- s.read() }()
	return s.run()
}

func (s *sending) run() error {
	if _, err := s.out.WriteString(greeting + "\n"); err != nil {
		return err
	}
	offered, told := 0, 0
	var failed error
	tell := func(err error) {
		f := &s.files[told]
		s.p.ended(f.Name, f.Size, s.from[told], err)
		if err != nil && failed == nil {
			failed = fmt.Errorf("%s: %w", f.Name, err)
		}
		told++
	}
	for i := range s.files {
		for ; offered < min(len(s.files), i+maxAhead); offered++ {
			f := &s.files[offered]
			o := offer{Name: f.Name, Size: f.Size, Mode: uint32(f.Mode.Perm()), Time: f.Time}
			if err := writeLine(s.out, o); err != nil {
				return s.cause(err)
			}
		}
		if err := s.out.Flush(); err != nil {
			return s.cause(err)
		}
		select {
		case a := <-s.answers:
			if err := s.send(i, a); err != nil {
				return s.cause(err)
			}
		case err := <-s.done:
			return lost(err)
		}
		for len(s.results) > 0 {
			tell(<-s.results)
		}
	}
	if err := errors.Join(writeLine(s.out, offer{End: true}), s.out.Flush()); err != nil {
		return s.cause(err)
	}
	for told < len(s.files) {
		select {
		case err := <-s.results:
			tell(err)
		case err := <-s.done:
			s.done <- err
			if len(s.results) == 0 {
				return lost(err)
			}
		}
	}
	return failed
}

// cause returns why the connection has ended, where the other direction knows more of it.
func (s *sending) cause(err error) error {
	select {
	case other := <-s.done:
		return lost(other)
	case <-time.After(100 * time.Millisecond):
		return err
	}
}

// lost returns the error of a peer that went without a word.
func lost(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return errors.New("streamfiles: the receiver has ended before it had all files")
	}
	return err
}

// read takes what the receiver says: of each file an answer to the offer, and then what came of it.
func (s *sending) read() error {
	r := newReader(s.conn)
	answered := 0
	for ended := 0; ended < len(s.files); {
		var m reply
		if err := readLine(r, &m); err != nil {
			return err
		}
		switch {
		case m.Have != nil && answered < len(s.files):
			answered++
			s.answers <- m
			continue
		case m.Have != nil || ended == answered:
			return errLine
		case m.Done:
			s.results <- nil
		default:
			s.results <- errors.New(m.Error)
		}
		ended++
	}
	return nil
}

// send sends the bytes of file i that the receiver does not have.
func (s *sending) send(i int, a reply) error {
	f := &s.files[i]
	r, err := f.Open()
	if err != nil {
		return s.give(f, err)
	}
	defer r.Close() //nolint:errcheck // nothing was written
	h := sha256.New()
	from := int64(0)
	if *a.Have > 0 && *a.Have <= f.Size {
		if _, err := io.CopyN(h, r, *a.Have); err == nil && hex.EncodeToString(h.Sum(nil)) == a.Sum {
			from = *a.Have
		} else if _, err := r.Seek(0, io.SeekStart); err != nil {
			return s.give(f, err)
		} else {
			h.Reset()
		}
	}
	s.from[i] = from
	s.p.started(f.Name, f.Size, from)
	if err := writeLine(s.out, offer{From: &from}); err != nil {
		return err
	}
	if err := s.copy(f, r, h, from); err != nil {
		return err
	}
	return writeLine(s.out, offer{Sum: hex.EncodeToString(h.Sum(nil))})
}

// give tells the receiver that a file cannot be read: no bytes, and no digest.
func (s *sending) give(f *File, err error) error {
	s.p.started(f.Name, f.Size, 0)
	size := f.Size
	return errors.Join(writeLine(s.out, offer{From: &size}), writeLine(s.out, offer{Sum: "unreadable: " + err.Error()}))
}

// copy sends bytes. A file that has become shorter is filled up, so that its digest is wrong and no other file is
// harmed.
func (s *sending) copy(f *File, r io.Reader, h hash.Hash, from int64) error {
	p := make([]byte, copySize)
	short := false
	for at := from; at < f.Size; {
		n := min(int64(len(p)), f.Size-at)
		if !short {
			// The digest tells what the error would.
			if m, _ := io.ReadFull(r, p[:n]); m < int(n) {
				short = true
				clear(p[m:n])
				h.Write([]byte("the file has changed"))
			}
		}
		h.Write(p[:n])
		if _, err := s.out.Write(p[:n]); err != nil {
			return err
		}
		at += n
		s.p.moved(f.Name, at)
	}
	return nil
}
