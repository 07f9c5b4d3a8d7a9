package api

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/tlsfiles"
	"github.com/flute-node/flute-node/internal/tlsfiles/pemtest"
)

// TestMutualTLS: over TLS whoever has no certificate of the right authority gets no answer, nor whoever has one and not
// the token, where both are asked for; TCP without TLS gets none either.
func TestMutualTLS(t *testing.T) {
	ours, theirs := pemtest.New(t), pemtest.New(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	ours.Issue(t, "daemon", at("s.crt"), at("s.key"))
	ours.Issue(t, "operator", at("c.crt"), at("c.key"))
	theirs.Issue(t, "stranger", at("x.crt"), at("x.key"))
	const token = "a-token-of-a-test"
	for _, c := range []struct {
		name, serverToken, clientCA string
		ca, cert, token             string
		want                        string // of the error; empty: it is answered
	}{
		{"certificate", "", ours.File, ours.File, "c", "", ""},
		{"no certificate", "", ours.File, ours.File, "", "", "certificate required"},
		{"another authority", "", ours.File, ours.File, "x", "", "unknown certificate authority"},
		{"another daemon", "", ours.File, theirs.File, "c", "", "unknown authority"},
		{"certificate and token", token, ours.File, ours.File, "c", token, ""},
		{"certificate without the token", token, ours.File, ours.File, "c", "", "the token is missing"},
		{"token without a certificate", token, ours.File, ours.File, "", token, "certificate required"},
		{"token only", token, "", ours.File, "", token, ""},
		{"a wrong token", token, "", ours.File, "", token + "x", "the token is missing or wrong"},
	} {
		t.Run(c.name, func(t *testing.T) {
			address := freeAddress(t)
			cfg := config(t, &backend{}, newJournal(10))
			cfg.Listen, cfg.Token = "tls:"+address, c.serverToken
			cfg.TLS = tlsfiles.Files{Cert: at("s.crt"), Key: at("s.key"), ClientCA: c.clientCA}
			listen(t, cfg)
			cert, key := "", ""
			if c.cert != "" {
				cert, key = at(c.cert+".crt"), at(c.cert+".key")
			}
			over, err := tlsfiles.Client(c.ca, cert, key)
			if err != nil {
				t.Fatal(err)
			}
			client, err := NewClient(cfg.Listen, c.token, over)
			if err != nil {
				t.Fatal(err)
			}
			defer client.http.CloseIdleConnections()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err = client.Do(ctx, http.MethodGet, "/v1/state", nil)
			if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if response, err := http.Get("http://" + address + "/v1/state"); err == nil {
				if response.StatusCode != http.StatusBadRequest {
					t.Errorf("without TLS: %s", response.Status)
				}
				_ = response.Body.Close()
			}
		})
	}
	cfg := config(t, &backend{}, newJournal(10))
	cfg.Listen, cfg.TLS = "tls:127.0.0.1:0", tlsfiles.Files{Cert: at("s.crt"), Key: at("s.key")}
	if _, err := Listen(cfg); err == nil {
		t.Error("it answers everybody")
	}
}
