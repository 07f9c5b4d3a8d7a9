package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"sync"
	"time"

	"github.com/flute-node/flute-node/internal/eventline"
	"github.com/flute-node/flute-node/internal/outgoing"
)

const (
	// maxControllers bounds the connections to the socket of --control.
	maxControllers = 16
	// answerPatience is how long a connection may take to read an answer.
	answerPatience = 10 * time.Second
)

// orderLines are the lines of --control.
type orderLines struct{ r *bufio.Reader }

func newOrderLines(r io.Reader) orderLines {
	return orderLines{bufio.NewReaderSize(r, outgoing.MaxLine)}
}

var errLongLine = fmt.Errorf("the line has more than %d bytes", outgoing.MaxLine)

// next returns the next line. One that is too long is skipped, and is errLongLine.
func (l orderLines) next() (string, error) {
	line, err := l.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = l.r.ReadSlice('\n')
		}
		return "", errLongLine
	}
	if len(line) > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return string(line), err
}

// controlSocket is the Unix socket of --control. Only the user has access to it.
type controlSocket struct {
	listener net.Listener
	serving  sync.WaitGroup
}

// listenControl makes the socket. One that a process has left behind is replaced.
func listenControl(path string) (*controlSocket, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&fs.ModeSocket == 0 {
			return nil, fmt.Errorf("--control %s: it is there, and is no socket", path)
		}
		if c, err := net.Dial("unix", path); err == nil {
			_ = c.Close()
			return nil, fmt.Errorf("--control %s: another process takes orders there", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("--control: %w", err)
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("--control: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("--control: %w", err), l.Close())
	}
	return &controlSocket{listener: l}, nil
}

// serve answers the orders of c until ctx ends.
func (s *controlSocket) serve(ctx context.Context, c *controlling) {
	s.serving.Go(func() {
		places := make(chan struct{}, maxControllers)
		for {
			conn, err := s.listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil { // no descriptor is left
				time.Sleep(answerPatience / 100)
				continue
			}
			select {
			case places <- struct{}{}:
				s.serving.Go(func() {
					defer func() { <-places }()
					converse(ctx, c, conn)
				})
			default:
				_ = say(conn, answer{Error: fmt.Sprintf("%d connections are open already", maxControllers)})
				_ = conn.Close()
			}
		}
	})
}

// converse answers one connection until it or ctx ends.
func converse(ctx context.Context, c *controlling, conn net.Conn) {
	defer conn.Close() //nolint:errcheck // every answer is out, or nobody reads them
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	_ = c.answerTo(ctx, conn, func(a answer) error { return say(conn, a) })
}

// say writes an answer.
func say(conn net.Conn, a answer) error {
	if err := conn.SetWriteDeadline(time.Now().Add(answerPatience)); err != nil {
		return err
	}
	_, err := conn.Write(append(eventline.Marshal(a), '\n'))
	return err
}

// close ends the socket once ctx of serve has ended, and removes its name. It may be called on nil.
func (s *controlSocket) close() {
	if s == nil {
		return
	}
	_ = s.listener.Close()
	s.serving.Wait()
}
