package fleet

import (
	"crypto/tls"
	"crypto/x509"
	"time"

	"github.com/nats-io/nats.go"
)

// DialConfig says where the servers are. URL is required.
type DialConfig struct {
	URL         string // nats://HOST:PORT or tls://HOST:PORT, several with commas
	Credentials []byte // as nsc writes them (.creds); empty: none
	CA          *x509.CertPool
	Name        string // of the client, for those who look at the server
	Patient     bool   // servers that are away are no error: they are tried again and again
}

// reconnectWait is the pause between two tries to reach a server; it has a random part.
const reconnectWait = 500 * time.Millisecond

// Dial connects. A connection that breaks is made anew; nothing is buffered while there is none.
func Dial(cfg DialConfig) (*nats.Conn, error) {
	options := []nats.Option{
		nats.Name(cfg.Name), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(cfg.Patient), nats.ReconnectBufSize(-1),
		nats.ReconnectWait(reconnectWait), nats.ReconnectJitter(reconnectWait, reconnectWait),
		nats.PingInterval(10 * time.Second), nats.MaxPingsOutstanding(2), nats.Timeout(3 * time.Second),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // the default writes to standard error
	}
	if len(cfg.Credentials) > 0 {
		options = append(options, nats.UserCredentialBytes(cfg.Credentials))
	}
	if cfg.CA != nil {
		options = append(options, nats.Secure(&tls.Config{RootCAs: cfg.CA, MinVersion: tls.VersionTLS12}))
	}
	return nats.Connect(cfg.URL, options...)
}
