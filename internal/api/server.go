package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/internal/tlsfiles"
)

const (
	// maxBody and maxHeader bound a request in bytes; requestTime is how long it may take to come.
	maxBody, maxHeader = 64 << 10, 16 << 10
	requestTime        = 10 * time.Second
	// answerTime is how long a client may take to take an answer. Events have a time of their own.
	answerTime = time.Minute
	// idleTime is how long a connection without a request stays open.
	idleTime = 2 * time.Minute
	// maxConnections bounds the connections of each listener.
	maxConnections = 256
)

// Config configures a Server. Backend, Journal, Log, Listen and Collect are required.
type Config struct {
	Backend Backend
	Journal Journal
	Log     *slog.Logger
	Listen  string         // unix:PATH, tcp:ADDRESS:PORT, tls:ADDRESS:PORT, or off
	Token   string         // that requests over TCP and TLS carry; empty, with TLS.ClientCA: none
	TLS     tlsfiles.Files // of tls:
	Metrics string         // ADDRESS:PORT for /metrics, /livez, /readyz only; empty: nowhere
	PProf   bool
	Collect http.Handler  // answers /metrics
	Clients *atomic.Int64 // counts the clients of events; nil: nobody wants to know
	Warn    func(string)  // is called with what an operator should know; nil: nobody wants to know
}

// Server answers clients.
type Server struct {
	cfg     Config
	servers []*http.Server
	serving sync.WaitGroup
	leaving chan struct{} // closed when streams are to end
	leave   sync.Once
	guard   guard
	shared  shared
}

// Listen opens what Config asks for, and answers clients until Close.
func Listen(cfg Config) (*Server, error) {
	if cfg.Clients == nil {
		cfg.Clients = new(atomic.Int64)
	}
	if cfg.Warn == nil {
		cfg.Warn = func(string) {}
	}
	s := &Server{cfg: cfg, leaving: make(chan struct{}), guard: guard{token: cfg.Token}}
	kind, at, _ := strings.Cut(cfg.Listen, ":")
	switch kind {
	case "off":
	case "unix":
		l, err := listenUnix(at, cfg.Warn)
		if err != nil {
			return nil, err
		}
		s.serve(l, local(keeping(s.routes())), nil)
	case "tcp":
		if cfg.Token == "" {
			return nil, errors.New("api: TCP needs a token")
		}
		l, err := net.Listen("tcp", at)
		if err != nil {
			return nil, fmt.Errorf("api: %w", err)
		}
		s.serve(l, s.guard.protect(s.routes()), nil)
	case "tls":
		if err := s.listenTLS(at); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("api: %q is neither unix:PATH nor tcp:ADDRESS:PORT nor tls:ADDRESS:PORT", cfg.Listen)
	}
	if cfg.Metrics != "" {
		l, err := net.Listen("tcp", cfg.Metrics)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("metrics: %w", err), s.Close(context.Background()))
		}
		s.serve(l, s.machineRoutes(http.NewServeMux()), nil) // whoever asks: silence gives way
	}
	return s, nil
}

// listenTLS answers clients that have a certificate, the token, or both, as Config asks for.
func (s *Server) listenTLS(at string) error {
	if s.cfg.Token == "" && s.cfg.TLS.ClientCA == "" {
		return errors.New("api: TLS needs a token, or certificates of clients")
	}
	live, err := tlsfiles.Watch(s.cfg.TLS, s.cfg.Log)
	if err != nil {
		return fmt.Errorf("api: %w", err)
	}
	l, err := net.Listen("tcp", at)
	if err != nil {
		return fmt.Errorf("api: %w", err)
	}
	protect := keeping
	if s.cfg.Token != "" {
		protect = s.guard.protect
	}
	s.serve(l, protect(s.routes()), live.Config())
	return nil
}

// serve answers the clients of a listener, over TLS if there is a configuration for it.
func (s *Server) serve(l net.Listener, h http.Handler, over *tls.Config) {
	server := &http.Server{
		Handler: http.MaxBytesHandler(h, maxBody), ReadHeaderTimeout: requestTime, ReadTimeout: requestTime,
		WriteTimeout: answerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug), TLSConfig: over, ConnContext: withPlace,
	}
	// HTTP/1.1 only: a connection of HTTP/2 has requests at once that maxConnections does not count.
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	s.servers = append(s.servers, server)
	s.serving.Go(func() {
		limited := &places{Listener: l, most: maxConnections}
		serve := server.Serve
		if over != nil {
			serve = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
		}
		err := serve(limited)
		if !errors.Is(err, http.ErrServerClosed) {
			s.cfg.Log.Error("api", "error", err.Error())
		}
	})
}

// Close ends all streams, lets requests under way come to their end until ctx ends, and closes what is open.
func (s *Server) Close(ctx context.Context) error {
	s.leave.Do(func() { close(s.leaving) })
	var errs []error
	for _, server := range s.servers {
		if err := server.Shutdown(ctx); err != nil {
			errs = append(errs, server.Close())
		}
	}
	s.serving.Wait()
	return errors.Join(errs...)
}
