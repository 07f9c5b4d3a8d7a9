package daemon

import (
	"errors"
	"fmt"
	"strings"

	"github.com/flute-node/flute-node/internal/api"
	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/metrics"
	"github.com/flute-node/flute-node/internal/secret"
	"github.com/flute-node/flute-node/internal/tlsfiles"
)

// serveAPI starts what answers clients.
func (d *Daemon) serveAPI(n *config.Node) (*api.Server, error) {
	token := ""
	if n.TokenFile != "" {
		var err error
		if token, err = readToken(n.TokenFile); err != nil {
			return nil, err
		}
	}
	return api.Listen(api.Config{
		Backend: d, Journal: d.journal, Log: d.log, Listen: n.API, Token: token,
		TLS: tlsfiles.Files{Cert: n.CertFile, Key: n.KeyFile, ClientCA: n.ClientCA}, Metrics: n.Metrics, PProf: n.PProf,
		Clients: &d.clients, Warn: d.warn,
		Collect: metrics.Handler(d.meter, metrics.Source{
			Snapshot: d.node.Snapshot, UnitOf: d.sessionUnits, Outside: d.outsideOf, Units: d.measured,
			Reload: d.lastReload, Sinks: d.handing, Clients: func() int { return int(d.clients.Load()) },
			LogLost: d.lines.Lost,
			Version: d.options.Version,
		}),
	})
}

// minToken and maxToken bound a token in characters.
const minToken, maxToken = 16, 1024

// readToken reads the secret that clients send.
func readToken(path string) (string, error) {
	token, err := secret.Read(path, maxToken+2)
	switch {
	case errors.Is(err, secret.ErrLong):
		return "", fmt.Errorf("api_token_file %s: more than %d characters", path, maxToken)
	case err != nil:
		return "", fmt.Errorf("api_token_file: %w", err)
	}
	if len(token) < minToken || len(token) > maxToken || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("api_token_file %s: take %d to %d characters without spaces", path, minToken, maxToken)
	}
	return token, nil
}
