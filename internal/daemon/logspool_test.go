package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pausedLog is a log whose reader stands still until it is released.
type pausedLog struct {
	lockedBuffer
	release chan struct{}
}

func (p *pausedLog) Write(b []byte) (int, error) {
	<-p.release
	return p.lockedBuffer.Write(b)
}

// TestLogThatNobodyReads: nobody who logs waits. Errors are kept before lines for debugging, and what is lost is
// counted and told in the format of the log.
func TestLogThatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := &pausedLog{release: make(chan struct{})}
		lines := newSpool(file, "json")
		log := slog.New(newLogger(lines, "json", slog.LevelDebug).With("node", "n").WithGroup("g").Handler())
		var writers sync.WaitGroup
		for range 10 {
			writers.Go(func() {
				for range 2000 {
					log.Debug("debug", "text", strings.Repeat("x", 200))
				}
			})
		}
		writers.Wait()
		for range 100 {
			log.Error("error", "text", strings.Repeat("x", 200))
		}
		lost := lines.Lost()
		close(file.release)
		lines.Flush(t.Context())
		text := file.String()
		told := 0
		for line := range strings.Lines(text) {
			var l struct {
				Msg, Node string
				Count     uint64
				G         struct{ Text string }
			}
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			switch {
			case l.Msg == "lines of the log were lost":
				told++
				if l.Count != lost {
					t.Errorf("%d lines are told to be lost, of %d", l.Count, lost)
				}
			case l.Node != "n" || len(l.G.Text) != 200:
				t.Fatal(line)
			}
		}
		if told != 1 || lost == 0 || strings.Count(text, `"msg":"error"`) != 100 ||
			strings.Count(text, `"msg":"debug"`)+int(lost) != 20_000 {
			t.Errorf("%d lost, told %d times; %d errors", lost, told, strings.Count(text, `"msg":"error"`))
		}
	})
}

// TestStopsThoughNobodyReads: a daemon whose log is not read is stopped, and one that could not start says why, as soon
// as a reader is there.
func TestStopsThoughNobodyReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flute-node.yaml")
	(&files{t, path}).write("send:\n" + section("a", ""))
	file := &pausedLog{release: make(chan struct{})}
	d, err := Start(Options{Path: path, Env: os.LookupEnv, Log: file, Version: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error)
	go func() {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		stopped <- d.Run(ctx, nil)
	}()
	select {
	case err := <-stopped:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it does not stop")
	}
	close(file.release)
	d.flushLog(time.Minute)
	for !d.lines.Idle() { // a Flush in vain is not repeated before the reader has taken something
		d.flushLog(time.Minute)
	}
	if text := file.String(); !strings.Contains(text, "starting") || !strings.Contains(text, "stopping") ||
		!bytes.HasSuffix([]byte(text), []byte("\n")) {
		t.Errorf("%q", text)
	}
}
