package binding

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// awaitEnded waits until one object has ended whose memory was borrowed, and returns its TOI.
func awaitEnded(t *testing.T, ended func([]uint64) int) uint64 {
	t.Helper()
	var tois [2]uint64
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if n := ended(tois[:]); n > 0 {
			if n != 1 {
				t.Fatalf("%d objects have ended: %v", n, tois)
			}
			return tois[0]
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("the object has not ended")
	return 0
}

// TestBorrowedUntilEnded: an object that is removed while its digest is being computed ends without another Read.
// Nothing reads its memory afterwards: the race detector looks at clear.
func TestBorrowedUntilEnded(t *testing.T) {
	s, err := NewSender(`{"fec": "no-code", "digest": "md5,later"}`, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 2 {
		content := make([]byte, 32<<20)
		toi, err := s.Add(content, true, fmt.Sprintf(`{"name": "%d"}`, i), nil)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now().Add(time.Duration(i) * time.Minute) // each file has its FDT Instance at once
		lengths := make([]uint32, 2000)                       // with the first packet of the file its digest begins
		if n, _, err := s.ReadBatch(now, make([]byte, 2001*s.MaxPacket()), lengths); n != len(lengths) {
			t.Fatal(n, err)
		}
		if was, err := s.Remove(toi, false); err != nil || !was {
			t.Fatal(was, err)
		}
		if got := awaitEnded(t, s.Ended); got != toi {
			t.Errorf("TOI %d has ended, want %d", got, toi)
		}
		clear(content)
	}
}

// TestEndedWithoutRead: a program that reads nothing more learns of the end all the same.
func TestEndedWithoutRead(t *testing.T) {
	s, err := NewSender("", nil, false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	toi, err := s.Add([]byte("x"), true, `{"name": "x"}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Read(time.Now(), make([]byte, 2048)); err != nil {
		t.Fatal(err)
	}
	if was, err := s.Remove(toi, false); err != nil || !was {
		t.Fatal(was, err)
	}
	if got := awaitEnded(t, s.Ended); got != toi {
		t.Errorf("TOI %d has ended, want %d", got, toi)
	}
}

// TestContentClosed: Close waits for a ReadAt that runs, and ends all reading. Only then Ended returns the TOI.
func TestContentClosed(t *testing.T) {
	var l loans
	c := l.content([]byte("abc"), true)
	l.name(c, 7)
	c.reading.RLock() // as ReadAt has it
	closed := make(chan error)
	go func() { closed <- c.Close() }()
	select {
	case err := <-closed:
		t.Fatalf("Close has returned while a ReadAt runs: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	if n := l.Ended(make([]uint64, 1)); n != 0 {
		t.Error("it has ended while a ReadAt runs")
	}
	c.reading.RUnlock()
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if toi := awaitEnded(t, l.Ended); toi != 7 {
		t.Errorf("TOI %d has ended, want 7", toi)
	}
	if n, err := c.ReadAt(make([]byte, 3), 0); n != 0 || !errors.Is(err, fs.ErrClosed) {
		t.Errorf("%d bytes are read after Close, %v", n, err)
	}
}

// TestPushBatchChecksLengths: of a batch whose lengths are wrong nothing is taken.
func TestPushBatchChecksLengths(t *testing.T) {
	r, err := NewReceiver("", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data := bytes.Repeat([]byte{1}, 30)
	err = r.PushBatch(time.Now(), flute.SessionKey{}, 0, data, []uint32{10, 21}, nil)
	if CodeOf(err) != Value || r.outside.Received != 0 {
		t.Errorf("%v, and %d datagrams were taken", err, r.outside.Received)
	}
}

// TestCloseInTime: a Close whose patience is over says so, and the session ends.
func TestCloseInTime(t *testing.T) {
	n, err := StartNode("")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	s, err := n.Send(fmt.Sprintf(`{"to": "127.0.0.1:%d"}`, freePort(t)), nil, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CloseWithin(0); err != nil && CodeOf(err) != Timeout {
		t.Errorf("%d %v", CodeOf(err), err)
	}
	if err := s.CloseWithin(30 * time.Second); err != nil {
		t.Error(err)
	}
}
