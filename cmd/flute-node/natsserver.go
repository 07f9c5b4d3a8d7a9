//go:build natsserver

package main

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// startNATS runs a server of NATS in this process. It leaves nothing but what is in dir.
func startNATS(_ context.Context, dir string) (url string, stop func(), err error) {
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: dir, NoLog: true, NoSigs: true,
	})
	if err != nil {
		return "", nil, err
	}
	s.Start()
	stop = func() {
		s.Shutdown()
		s.WaitForShutdown()
	}
	if !s.ReadyForConnections(30 * time.Second) {
		stop()
		return "", nil, errors.New("the server of NATS does not start")
	}
	return s.ClientURL(), stop, nil
}
