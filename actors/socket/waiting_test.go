package socket_test

import (
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/internal/slab"
)

// TestReadersThatWaitHoldLittle: what a read needs is there during a read only. 1,000 sockets wait most of the time.
func TestReadersThatWaitHoldLittle(t *testing.T) {
	const readers, most = 100, 16 << 10
	synctest.Test(t, func(t *testing.T) {
		memory := slab.NewMemory(1 << 20)
		before := heap()
		for range readers {
			e := socket.NewEndpoint(socket.Config{ID: 1, Memory: memory, MaxDatagram: 2048, Batch: 1024},
				&script{closed: make(chan struct{})})
			if err := e.Resume(); err != nil {
				t.Fatal(err)
			}
			defer e.Close()
		}
		synctest.Wait()
		if held := (heap() - before) / readers; held > most {
			t.Errorf("a reader that waits holds %d bytes, want %d at most", held, most)
		}
	})
}

// heap returns how many bytes of the heap are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // of a sync.Pool
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
