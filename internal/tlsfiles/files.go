package tlsfiles

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/flute-node/flute-node/internal/secret"
)

// Files names the files, in PEM, with which a server answers.
type Files struct {
	Cert, Key string // of the server; nobody but the user may read Key
	ClientCA  string // clients need a certificate of one of these; empty: they need a token
}

const (
	// maxPEM bounds a file in bytes.
	maxPEM = 1 << 20
	// age is how old the look at the files may be: certificates are renewed while a daemon runs.
	age = 10 * time.Second
)

// config reads the files once.
func (f *Files) config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS13}
	if err := identify(c, f.Cert, f.Key); err != nil {
		return nil, err
	}
	if f.ClientCA != "" {
		pool, err := readPool(f.ClientCA)
		if err != nil {
			return nil, err
		}
		c.ClientCAs, c.ClientAuth = pool, tls.RequireAndVerifyClientCert
	}
	return c, nil
}

// Client returns what a client needs: the authorities of the server, and, if the server wants them, a certificate and
// its key. An empty ca means the authorities of the system.
func Client(ca, cert, key string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS13}
	if ca != "" {
		pool, err := readPool(ca)
		if err != nil {
			return nil, err
		}
		c.RootCAs = pool
	}
	if cert == "" && key == "" {
		return c, nil
	}
	return c, identify(c, cert, key)
}

// identify gives c the certificate of a file and the key of another.
func identify(c *tls.Config, cert, key string) error {
	chain, err := readPEM(cert)
	if err != nil {
		return err
	}
	private, err := secret.Read(key, maxPEM)
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(chain, []byte(private))
	if err != nil {
		return fmt.Errorf("%s, %s: %w", cert, key, err)
	}
	c.Certificates = []tls.Certificate{pair}
	return nil
}

func readPool(path string) (*x509.CertPool, error) {
	text, err := readPEM(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: there is no certificate in it", path)
	}
	return pool, nil
}

func readPEM(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxPEM {
		return nil, fmt.Errorf("%s: it has more than %d bytes", path, maxPEM)
	}
	return os.ReadFile(path)
}

// Check reads the files, and tells what is wrong with them.
func (f *Files) Check() error {
	_, err := f.config()
	return err
}

// Live is the configuration that the files make as they are now. If they cannot be used, that before stays in use. It
// is safe for concurrent use.
type Live struct {
	files Files
	log   *slog.Logger

	mu     sync.Mutex
	config *tls.Config
	looked time.Time
	stamps [3]time.Time
}

// Watch reads the files, and returns a Live that reads them again when they have changed.
func Watch(files Files, log *slog.Logger) (*Live, error) {
	l := &Live{files: files, log: log, looked: time.Now()}
	l.stamps, _ = files.stamps() // before: what changes meanwhile is read again
	var err error
	l.config, err = files.config()
	return l, err
}

// Config returns the configuration of a listener.
func (l *Live) Config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return l.current(time.Now()), nil
		},
	}
}

// current returns what a new connection is answered with.
func (l *Live) current(now time.Time) *tls.Config {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.looked) < age {
		return l.config
	}
	l.looked = now
	stamps, err := l.files.stamps()
	if err != nil || stamps == l.stamps {
		return l.config // a file that is being replaced is there a moment later
	}
	config, err := l.files.config()
	if err != nil {
		l.log.Error("the new certificate cannot be used: the one before stays in use", "error", err.Error())
	} else {
		l.config = config
		l.log.Info("the certificate was read anew", "file", l.files.Cert)
	}
	l.stamps = stamps
	return l.config
}

// stamps returns when the files were changed.
func (f *Files) stamps() (list [3]time.Time, err error) {
	for i, path := range []string{f.Cert, f.Key, f.ClientCA} {
		if path == "" {
			continue
		}
		info, failed := os.Stat(path)
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		list[i] = info.ModTime()
	}
	return list, err
}
