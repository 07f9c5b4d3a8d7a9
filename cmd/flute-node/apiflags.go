package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/flute-node/flute-node/internal/api"
	"github.com/flute-node/flute-node/internal/tlsfiles"
)

// apiFlags are the flags of a command that asks a daemon.
type apiFlags struct {
	API       string `default:"unix:/run/flute-node/api.sock" env:"FLUTE_NODE_API" placeholder:"unix:PATH|tcp:ADDRESS:PORT|tls:ADDRESS:PORT" help:"Where the daemon answers: node.api of its configuration."`
	TokenFile string `type:"path" env:"FLUTE_NODE_TOKEN_FILE" placeholder:"FILE" help:"File with the token, over TCP and TLS."`
	CAFile    string `type:"path" env:"FLUTE_NODE_CA_FILE" placeholder:"FILE" help:"Over TLS: certificates of the authorities that the daemon's certificate may be of. Default: those of the system."`
	CertFile  string `type:"path" env:"FLUTE_NODE_CERT_FILE" placeholder:"FILE" help:"Over TLS: certificate to show to the daemon."`
	KeyFile   string `type:"path" env:"FLUTE_NODE_KEY_FILE" placeholder:"FILE" help:"Over TLS: its private key."`
}

// client returns what asks.
func (c *apiFlags) client() (*api.Client, error) {
	token := ""
	if c.TokenFile != "" {
		text, err := os.ReadFile(c.TokenFile)
		if err != nil {
			return nil, err
		}
		token = strings.TrimSpace(string(text))
	}
	var over *tls.Config
	if strings.HasPrefix(c.API, "tls:") {
		var err error
		if over, err = tlsfiles.Client(c.CAFile, c.CertFile, c.KeyFile); err != nil {
			return nil, err
		}
	} else if c.CAFile != "" || c.CertFile != "" || c.KeyFile != "" {
		return nil, errors.New("--ca-file, --cert-file and --key-file need --api tls:ADDRESS:PORT")
	}
	client, err := api.NewClient(c.API, token, over)
	if err != nil {
		return nil, fmt.Errorf("--api %w", err)
	}
	return client, nil
}

// ask asks, and reads the answer into to.
func (c *apiFlags) ask(ctx context.Context, method, path string, body, to any) (answer []byte, err error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	answer, err = client.Do(ctx, method, path, body)
	if _, told := errors.AsType[*api.StatusError](err); told && answer != nil {
		err = failure{err}
	}
	if err == nil && to != nil {
		err = json.Unmarshal(answer, to)
	}
	return answer, err
}
