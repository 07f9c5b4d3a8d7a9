package main

import (
	"bytes"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/streamfiles"
)

// utpShown shows files on their way.
type utpShown struct {
	out     *output
	sending bool
	index   uint64 // of the file in transfer
	last    time.Time
	sum     utpSummary
}

// utpSummary is the last event in JSON.
type utpSummary struct {
	Files   int     `json:"files"`
	Failed  int     `json:"failed"`
	Bytes   int64   `json:"bytes"`
	Resumed int64   `json:"resumed_bytes"`
	Seconds float64 `json:"seconds"`
}

type utpFile struct {
	Name  string `json:"name"`
	Size  int64  `json:"size"`
	From  int64  `json:"from,omitempty"`
	Moved int64  `json:"moved,omitempty"`
	Error string `json:"error,omitempty"`
}

type (
	utpListening struct {
		Address string `json:"address"`
	}
	utpMoved struct {
		Bytes int64 `json:"bytes"`
	}
	utpSkipped struct {
		Path string `json:"path"`
	}
	utpFailed struct {
		Error string `json:"error"`
	}
)

func (s *utpShown) progress() streamfiles.Progress {
	return streamfiles.Progress{Started: s.started, Moved: s.moved, Ended: s.ended}
}

// bar is how the screen knows a file.
func (s *utpShown) bar() flute.TOI { return flute.NewTOI(s.index) }

func (s *utpShown) started(name string, size, from int64) {
	s.index++
	s.last = time.Now()
	s.out.stream("file_started", utpFile{Name: name, Size: size, From: from}, "", false,
		event.ObjectStarted{TOI: s.bar(), Sending: s.sending, ContentLocation: name, TransferLength: uint64(size)})
}

func (s *utpShown) moved(name string, bytes int64) {
	now := time.Now()
	if s.out.json && now.Sub(s.last) < progressInterval {
		return
	}
	s.last = now
	s.out.stream("file_progress", utpFile{Name: name, Moved: bytes}, "", false,
		event.ObjectProgress{TOI: s.bar(), Sending: s.sending, Received: uint64(bytes)})
}

func (s *utpShown) ended(name string, size, from int64, err error) {
	f := utpFile{Name: name, Size: size, From: from}
	if err != nil {
		s.sum.Failed++
		f.Error = err.Error()
		s.out.stream("file_failed", f, fmt.Sprintf("%s failed: %v", plain(name), err), true,
			event.ObjectFailed{TOI: s.bar(), Sending: s.sending})
		return
	}
	s.sum.Files++
	s.sum.Bytes += size - from
	s.sum.Resumed += from
	text := fmt.Sprintf("%s  %s", plain(name), formatBytes(uint64(size)))
	if from > 0 {
		text += fmt.Sprintf(", of which %s were there", formatBytes(uint64(from)))
	}
	s.out.stream("file_completed", f, text, false, event.ObjectCompleted{TOI: s.bar(), Sending: s.sending})
}

// summary tells what came of all files.
func (s *utpShown) summary(start time.Time) {
	elapsed := time.Since(start)
	s.sum.Seconds = elapsed.Seconds()
	verb := "received"
	if s.sending {
		verb = "sent"
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "%d files %s, %s in %v, %s/s", s.sum.Files, verb, formatBytes(uint64(s.sum.Bytes)),
		elapsed.Round(time.Millisecond), formatBytes(uint64(float64(s.sum.Bytes)/elapsed.Seconds())))
	if s.sum.Failed > 0 {
		fmt.Fprintf(&text, "; %d failed", s.sum.Failed)
	}
	s.out.note("summary", s.sum, text.String())
}
