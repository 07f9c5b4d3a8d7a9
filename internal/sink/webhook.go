package sink

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/flute-node/flute-node/internal/outbox"
)

const (
	// maxAnswer bounds what is read of an answer in bytes, maxTold what is told of it.
	maxAnswer, maxTold = 64 << 10, 200
	// maxRedirects bounds the redirects that are followed.
	maxRedirects = 3
)

// WebhookConfig configures a Webhook. URL is required.
type WebhookConfig struct {
	URL    string
	Secret []byte         // with which requests are signed; empty: they are not
	CA     *x509.CertPool // whom to trust; nil: whom the system trusts

	// Dial makes connections; nil: the network's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Webhook posts a [Message] for each file.
//
// Requests carry the key as Idempotency-Key, and, if there is a secret, Flute-Timestamp (seconds since 1970) and
// Flute-Signature: "v1=" and, in hex, the HMAC-SHA256 of the timestamp, a dot and the body. Who checks it refuses a
// timestamp of more than five minutes ago, too, since somebody may have kept the request.
type Webhook struct {
	cfg    WebhookConfig
	client http.Client
}

// NewWebhook returns a Webhook.
func NewWebhook(cfg WebhookConfig) *Webhook {
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: cfg.CA, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: maxAnswer, DialContext: cfg.Dial,
	}
	return &Webhook{cfg, http.Client{Transport: t, CheckRedirect: redirect}}
}

// errRedirect tells that a redirect was not followed.
var errRedirect = errors.New("a redirect that is not followed")

// redirect follows what keeps the method and the host: the message is for the one that the configuration names.
func redirect(r *http.Request, via []*http.Request) error {
	first := via[0].URL
	code := r.Response.StatusCode
	if code != http.StatusTemporaryRedirect && code != http.StatusPermanentRedirect || r.URL.Host != first.Host ||
		r.URL.Scheme != first.Scheme || len(via) > maxRedirects {
		return fmt.Errorf("%w: %d to %s", errRedirect, code, r.URL.Redacted())
	}
	return nil
}

// Deliver implements [outbox.Sink].
func (w *Webhook) Deliver(ctx context.Context, key string, f *outbox.File) error {
	body, err := message(key, f)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "flute-node")
	r.Header.Set("Idempotency-Key", key)
	if len(w.cfg.Secret) > 0 {
		now := strconv.FormatInt(time.Now().Unix(), 10)
		r.Header.Set("Flute-Timestamp", now)
		r.Header.Set("Flute-Signature", "v1="+sign(w.cfg.Secret, now, body))
	}
	answer, err := w.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	text, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	return judge(answer, text)
}

// Close implements [outbox.Sink].
func (w *Webhook) Close() { w.client.CloseIdleConnections() }

// sign returns the HMAC-SHA256 of a timestamp, a dot, and a body.
func sign(secret []byte, timestamp string, body []byte) string {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(timestamp + "."))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// judge returns what an answer means. 2xx: the file is taken. 4xx: it never will be, but for what passes (408 Request
// Timeout, 425 Too Early, 429 Too Many Requests). All else is tried again.
func judge(answer *http.Response, text []byte) error {
	code := answer.StatusCode
	if code >= 200 && code <= 299 {
		return nil
	}
	err := errors.New(answer.Status)
	if told := strings.TrimSpace(strings.ToValidUTF8(string(text), "?")); told != "" {
		err = fmt.Errorf("%s: %.*q", answer.Status, maxTold, told)
	}
	passes := code == http.StatusRequestTimeout || code == http.StatusTooEarly || code == http.StatusTooManyRequests
	if code >= 400 && code <= 499 && !passes {
		return &outbox.RejectedError{Err: err}
	}
	if after := retryAfter(answer.Header.Get("Retry-After")); after > 0 {
		return &outbox.LaterError{Err: err, After: after}
	}
	return err
}

// retryAfter reads a Retry-After (RFC 9110, section 10.2.3); 0: there is none.
func retryAfter(text string) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
