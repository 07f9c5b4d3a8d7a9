package utp_test

import (
	"io"
	"testing"
	"time"

	"github.com/flute-node/flute-node/utp"
	"github.com/flute-node/flute-node/utp/connection"
)

// BenchmarkLoopback moves 1 MiB an iteration over one connection.
func BenchmarkLoopback(b *testing.B) {
	cfg := utp.SocketConfig{Conn: connection.Config{SendBuffer: 4 << 20, ReceiveBuffer: 4 << 20}}
	a, c := pair(b, stack(b, utp.Config{}), cfg)
	done := make(chan int64)
	go func() {
		n, _ := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{c}, make([]byte, 1<<20))
		done <- n
	}()
	p := make([]byte, 1<<20)
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Write(p); err != nil {
			b.Fatal(err)
		}
	}
	_ = a.CloseWrite()
	<-done
	s := a.Stats()
	b.Logf("%+v", s)
	b.Logf("%+v", c.Stats())
	a.SetLinger(time.Second)
	_ = a.Close()
}
