package sink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flute-node/flute-node/internal/outbox"
)

// NATSConfig configures a NATS. URL and Subject are required.
type NATSConfig struct {
	URL         string // nats://HOST:PORT or tls://HOST:PORT, several with commas
	Subject     string // of a stream of JetStream
	Credentials []byte // as nsc writes them (.creds); empty: none
	CA          *x509.CertPool
}

// NATS publishes a [Message] for each file to a stream of JetStream. Its Nats-Msg-Id is the key: within the duplicate
// window of the stream it is kept once.
type NATS struct {
	cfg NATSConfig

	mu   sync.Mutex
	conn *nats.Conn
	js   jetstream.JetStream
}

// NewNATS returns a NATS. It connects with the first file.
func NewNATS(cfg NATSConfig) *NATS { return &NATS{cfg: cfg} }

// connect returns the connection. One that breaks is made anew by itself.
func (n *NATS) connect() (jetstream.JetStream, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.js != nil {
		return n.js, nil
	}
	options := []nats.Option{
		nats.Name("flute-node"), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
		nats.ReconnectBufSize(-1), // what cannot be sent the outbox keeps
	}
	if len(n.cfg.Credentials) > 0 {
		options = append(options, nats.UserCredentialBytes(n.cfg.Credentials))
	}
	if n.cfg.CA != nil {
		options = append(options, nats.Secure(&tls.Config{RootCAs: n.cfg.CA, MinVersion: tls.VersionTLS12}))
	}
	conn, err := nats.Connect(n.cfg.URL, options...)
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	n.conn, n.js = conn, js
	return js, nil
}

// Deliver implements [outbox.Sink].
func (n *NATS) Deliver(ctx context.Context, key string, f *outbox.File) error {
	js, err := n.connect()
	if err != nil {
		return err
	}
	text, err := message(key, f)
	if err != nil {
		return err
	}
	_, err = js.Publish(ctx, n.cfg.Subject, text, jetstream.WithMsgID(key))
	if errors.Is(err, nats.ErrMaxPayload) {
		return &outbox.RejectedError{Err: err}
	}
	return err
}

// Close implements [outbox.Sink].
func (n *NATS) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conn != nil {
		n.conn.Close()
		n.conn, n.js = nil, nil
	}
}
