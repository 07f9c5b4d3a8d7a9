//go:build !natsserver

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"

	"github.com/flute-node/flute-node/internal/child"
)

// startNATS runs the program nats-server: the one of the library would make this binary a quarter larger (ADR 0101).
func startNATS(ctx context.Context, dir string) (url string, stop func(), err error) {
	path, err := exec.LookPath("nats-server")
	if err != nil {
		return "", nil, errors.New("--nats: there is no program nats-server here. Install it, name a server by " +
			"--nats-url, or, in the source tree, have it built in: " +
			"go run -tags natsserver ./cmd/flute-node demo --nats")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	server := exec.CommandContext(ctx, path, "--jetstream", "--addr", "127.0.0.1", "--port", strconv.Itoa(port),
		"--store_dir", dir)
	if err := child.Bind(server).Start(); err != nil {
		cancel()
		return "", nil, fmt.Errorf("--nats: %w", err)
	}
	return fmt.Sprintf("nats://127.0.0.1:%d", port), func() {
		cancel()
		_ = server.Wait() // it was killed: what it has is thrown away
	}, nil
}
